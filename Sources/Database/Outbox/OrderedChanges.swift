import Synchronization

/// Effect after append: a change is committed with its event, the event becomes durable in the log, then the snapshot that enforces is
/// swapped, then the change is acknowledged.
///
/// One for each room that keeps such a snapshot. Changes of a room go one after the other, so that a snapshot never holds a change
/// whose event the log does not have.
package final class OrderedChanges: Sendable {
    private let database: any Database
    private let relay: OutboxRelay
    private let swap: @Sendable () async throws -> Void
    private let gate = AsyncGate()
    private let isStale = Atomic(true)

    /// - Parameter swap: reads the state and puts the snapshot made of it in force.
    package init(database: any Database, relay: OutboxRelay, swap: @escaping @Sendable () async throws -> Void) {
        self.database = database
        self.relay = relay
        self.swap = swap
        // A change that could not be recorded at its time takes effect as soon as it is.
        relay.onEachRound { [weak self] in try? await self?.settle() }
    }

    /// Commits, records, swaps, acknowledges.
    /// - Parameter body: the change and its events; may be run more than once.
    /// - Throws: what the body throws (nothing has changed then); ``DatabaseError`` `unrecorded` when the change is committed and will
    ///   take effect once the log accepts its record.
    package func change<T: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> T) async throws -> T {
        try await gate.through {
            // While an earlier change waits for its record, a later one must not take it along.
            try await self.settleInside()
            let result: T
            do {
                result = try await self.database.write(body)
                self.isStale.store(true, ordering: .sequentiallyConsistent)
            } catch let error as DatabaseError {
                // A commit that failed may have happened all the same.
                self.isStale.store(true, ordering: .sequentiallyConsistent)
                throw error
            }
            try await self.settleInside()
            return result
        }
    }

    /// Puts in force what is recorded; nothing to do in the usual case. Call it once at start, before serving.
    package func settle() async throws {
        guard isStale.load(ordering: .sequentiallyConsistent) else { return }
        try await gate.through { try await self.settleInside() }
    }

    private func settleInside() async throws {
        guard isStale.load(ordering: .sequentiallyConsistent) else { return }
        try await relay.flush()
        try await swap()
        isStale.store(false, ordering: .sequentiallyConsistent)
    }
}
