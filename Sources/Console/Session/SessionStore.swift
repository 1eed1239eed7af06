import Core
import Synchronization

/// Who is signed in to the console. In memory: a restart ends every session.
///
/// A session rests on the token it began with, which is asked again at each request: a revoked token ends its sessions at once.
final class SessionStore: Sendable {
    struct Session: Sendable {
        /// `ses_…`, as records carry it.
        let id: String
        let bearer: String
        /// What a form must carry (CSRF).
        let csrf: String
        let startedAt: Int64
        var lastSeenAt: Int64
    }

    private struct State {
        var sessions: [SHA256Digest: Session] = [:]
        var failures = 0
        var failuresSince: Int64 = 0
    }

    private let state = Mutex(State())

    /// Microseconds without a request after which a session ends; and its longest life.
    static let idleLimit: Int64 = 30 * 60 * 1_000_000
    static let lifeLimit: Int64 = 8 * 60 * 60 * 1_000_000
    private static let maximumSessions = 1000
    /// Failed attempts that are heard in one minute, by all together: tokens are too long to be guessed, and guessing is noise.
    private static let maximumFailures = 30

    /// - Returns: the cookie's value: 256 random bits. Only its digest is kept.
    func begin(id: String, bearer: String) -> String {
        let secret = Self.secret()
        let now = monotonicMicroseconds()
        let session = Session(id: id, bearer: bearer, csrf: Self.secret(), startedAt: now, lastSeenAt: now)
        state.withLock { state in
            state.sessions = state.sessions.filter { Self.isAlive($0.value, now) }
            if state.sessions.count >= Self.maximumSessions, let oldest = state.sessions.min(by: { $0.value.lastSeenAt < $1.value.lastSeenAt }) {
                state.sessions[oldest.key] = nil
            }
            state.sessions[Self.key(secret)] = session
        }
        return secret
    }

    /// The session of a cookie, and notes that it is in use.
    func session(cookie: String) -> Session? {
        let now = monotonicMicroseconds()
        return state.withLock { state in
            let key = Self.key(cookie)
            guard var session = state.sessions[key], Self.isAlive(session, now) else {
                state.sessions[key] = nil
                return nil
            }
            session.lastSeenAt = now
            state.sessions[key] = session
            return session
        }
    }

    func end(cookie: String) { state.withLock { $0.sessions[Self.key(cookie)] = nil } }

    /// Whether another attempt to sign in is heard now.
    var hearsAttempts: Bool {
        let now = monotonicMicroseconds()
        return state.withLock { state in
            if now - state.failuresSince > 60_000_000 { (state.failures, state.failuresSince) = (0, now) }
            return state.failures < Self.maximumFailures
        }
    }

    func noteFailure() { state.withLock { $0.failures += 1 } }

    private static func isAlive(_ session: Session, _ now: Int64) -> Bool {
        now - session.lastSeenAt < idleLimit && now - session.startedAt < lifeLimit
    }

    /// Looked up by digest: comparing secrets byte by byte would tell how much of a guess is right.
    private static func key(_ secret: String) -> SHA256Digest { SHA256Digest(hashing: Array(secret.utf8)) }

    private static func secret() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }.hex
    }
}
