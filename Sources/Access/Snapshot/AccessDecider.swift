package import Core
import Synchronization

/// The snapshot in force: who is calling, and may they? Asked on every request, from any thread; no I/O.
///
/// Before the first snapshot it knows nobody and denies everything (I4).
package final class AccessDecider: Authenticator, Authorizer {
    private let current = Mutex(AccessSnapshot.empty)
    private let clock: any WallClock

    package init(clock: any WallClock) { self.clock = clock }

    package var snapshot: AccessSnapshot { current.withLock { $0 } }

    func swap(to next: AccessSnapshot) { current.withLock { $0 = next } }

    package func authenticate(bearer token: String) -> Authentication {
        snapshot.authenticate(bearer: token, at: clock.now())
    }

    package func decide(_ request: AccessRequest) -> AccessDecision { snapshot.decide(request) }
}
