import Core
import Database
import Synchronization

/// When tokens were last used. Noted in memory on each request, written to the database together once a minute.
final class TokenUses: Sendable {
    /// The last use of one token.
    final class Moment: Sendable {
        /// Microseconds since 1970; 0 for never.
        private let at = Atomic<Int64>(0)

        func note(_ time: Timestamp) { at.store(time.microseconds, ordering: .relaxed) }
        var microseconds: Int64 { at.load(ordering: .relaxed) }
    }

    private struct State {
        var moments: [String: Moment] = [:]
        var written: [String: Int64] = [:]
    }
    private let state = Mutex(State())

    /// The moment of one token, the same one for every snapshot.
    func moment(of tokenID: String) -> Moment {
        state.withLock { state in
            if let moment = state.moments[tokenID] { return moment }
            let moment = Moment()
            state.moments[tokenID] = moment
            return moment
        }
    }

    /// Forgets tokens that are gone.
    func keep(only tokenIDs: Set<String>) {
        state.withLock { state in
            state.moments = state.moments.filter { tokenIDs.contains($0.key) }
            state.written = state.written.filter { tokenIDs.contains($0.key) }
        }
    }

    /// Writes what is new, in one transaction. A crash loses at most the last minute of it: it is no evidence, the log is.
    func write(to database: any Database) async throws {
        let fresh = state.withLock { state in
            state.moments.compactMap { id, moment in
                let at = moment.microseconds
                return at > state.written[id, default: 0] ? (id: id, at: at) : nil
            }
        }
        guard !fresh.isEmpty else { return }
        try await database.write { transaction in
            for use in fresh {
                try transaction.execute("UPDATE access_token SET last_used_at = ? WHERE id = ?", [.int64(use.at), .text(use.id)])
            }
        }
        state.withLock { state in
            for use in fresh { state.written[use.id] = use.at }
        }
    }
}
