package import Core
import Synchronization

/// Brings the outbox's events to the log, in order, each exactly once.
///
/// A record that is durable in the log is marked here afterwards; a crash in between sends it again, and the log drops it by its
/// source's high-water mark. Nothing is skipped: where the log refuses, the relay waits and tries again.
package final class OutboxRelay: Sendable {
    package struct Options: Sendable {
        /// Records in flight at once.
        package var batch = 64
        /// Pause after the first refusal; doubled up to the longest.
        package var firstPause = Duration.milliseconds(20)
        package var longestPause = Duration.seconds(5)
        /// How often ``OutboxRelay/run()`` looks by itself.
        package var interval = Duration.seconds(1)
        /// How long ``OutboxRelay/flush()`` goes on trying while the log refuses.
        package var flushLimit = Duration.seconds(10)
        package init() {}
    }

    /// For status pages and alarms.
    package struct Status: Sendable {
        /// Events committed and not yet in the log, as of the last look.
        package var waiting: Int64 = 0
        /// Why the log refused the oldest of them; nil while it accepts.
        package var refusal: RecordError?
        /// Why delivery has stopped for good, until a restart.
        package var fault: DatabaseError?
    }

    private struct State {
        var status = Status()
        /// All below are durable in the log; nil before the first look.
        var delivered: Int64?
        /// All below are deleted here.
        var cleared: Int64 = 0
        /// The counter when this relay started: lower numbers may be in the log already.
        var firstFresh: Int64 = 0
        /// All below have been sent by this relay.
        var sent: Int64 = 0
        var observers: [@Sendable () async -> Void] = []
    }

    private let database: any Database
    private let recorder: any Recorder
    private let options: Options
    /// Held while sending: the order of the numbers is the order of the appends.
    private let gate = AsyncGate()
    private let state = Mutex(State())

    package init(database: any Database, recorder: any Recorder, options: Options = Options()) {
        self.database = database
        self.recorder = recorder
        self.options = options
    }

    package var status: Status { state.withLock { $0.status } }

    /// Compares the outbox with the log before anything is served: a restored backup of one of them shows here.
    ///
    /// - Parameter highWater: the last number of the state stream that the log has; -1 for none.
    /// - Throws: ``DatabaseError`` `diverged`, and from then on every delivery: the log is ahead of the state, or lacks what the state has
    ///   delivered.
    package func check(highWater: Int64) async throws {
        let (oldest, next) = try await database.read { try Self.extent($0) }
        if highWater >= next {
            throw stop(
                "the log is ahead of the state: it has event \(highWater), the database made \(next). Was an old backup of the state restored?")
        }
        if highWater + 1 < oldest ?? next {
            throw stop("the state is ahead of the log: event \(highWater + 1) was delivered and is not in it. Was an old copy of the log restored?")
        }
    }

    /// The oldest event that waits, and the number of the next one.
    private static func extent(_ transaction: any Transaction) throws(DatabaseError) -> (oldest: Int64?, next: Int64) {
        let oldest = try transaction.first("SELECT number FROM outbox ORDER BY number LIMIT 1")
        return (try oldest?.int64(0), try Outbox.nextNumber(transaction))
    }

    /// Registers a closure that ``run()`` calls on each round, with nothing locked.
    package func onEachRound(_ observer: @escaping @Sendable () async -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    /// Returns when every event that was committed before the call is durable in the log.
    ///
    /// Whoever changes state calls it before acknowledging (effect after append).
    /// - Throws: ``DatabaseError`` `unrecorded` when the log still refuses after ``Options/flushLimit``; `diverged` when log and outbox
    ///   contradict each other.
    package func flush() async throws {
        let target = try await database.read { try Outbox.nextNumber($0) }
        let deadline = ContinuousClock.now + options.flushLimit
        var pause = options.firstPause
        while try await deliver(upTo: target) < target {
            // A log that has stopped accepts nothing before a restart: whoever waits is told now, and holds nothing up.
            guard ContinuousClock.now < deadline, status.refusal?.code != .stopped else {
                let reason = status.refusal.map { " (\($0.code.rawValue))" } ?? ""
                throw DatabaseError(.unrecorded, "the change is stored, and takes effect once the log accepts its record\(reason)")
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, options.longestPause)
        }
    }

    /// Delivers until the task is cancelled: what a crash left behind, and what the log refused the first time.
    package func run() async {
        var pause = options.firstPause
        while !Task.isCancelled {
            do {
                let target = try await database.read { try Outbox.nextNumber($0) }
                let delivered = try await deliver(upTo: target)
                try await clear()
                pause = delivered < target ? min(pause * 2, options.longestPause) : options.firstPause
            } catch {
                pause = min(pause * 2, options.longestPause)
            }
            for observer in state.withLock({ $0.observers }) { await observer() }
            try? await Task.sleep(for: status.refusal == nil ? options.interval : pause)
        }
        try? await clear()
    }

    /// Deletes what the log has. Apart from delivery, because it need not be waited for.
    package func clear() async throws {
        let (delivered, cleared) = state.withLock { ($0.delivered ?? 0, $0.cleared) }
        guard delivered > cleared else { return }
        _ = try await database.write { try $0.execute("DELETE FROM outbox WHERE number < ?", [.int64(delivered)]) }
        state.withLock { $0.cleared = max($0.cleared, delivered) }
    }

    /// One pass over what waits, without pauses.
    /// - Returns: the number below which everything is durable.
    private func deliver(upTo target: Int64) async throws -> Int64 {
        // Somebody else's pass may have carried ours.
        if let delivered = state.withLock({ $0.delivered }), delivered >= target { return delivered }
        return try await gate.through {
            var delivered = try await self.start()
            while delivered < target {
                if let fault = self.status.fault { throw fault }
                let from = delivered
                let entries = try await self.database.read { [batch = self.options.batch] in
                    try Outbox.entries(from: from, limit: batch, $0)
                }
                guard entries.first?.number == delivered else {
                    throw self.stop("the outbox has lost event \(delivered): restore the state from a backup")
                }
                let results = await self.send(entries)
                delivered = try self.judge(entries, results, from: delivered)
                let refused = delivered <= entries[entries.count - 1].number
                self.state.withLock { state in
                    state.delivered = delivered
                    state.status.waiting = max(0, target - delivered)
                }
                if refused { break }
            }
            return delivered
        }
    }

    /// Where to begin: the oldest event that is still here.
    private func start() async throws -> Int64 {
        if let delivered = state.withLock({ $0.delivered }) { return delivered }
        let (oldest, next) = try await database.read { try Self.extent($0) }
        return state.withLock { state in
            let delivered = oldest ?? next
            state.delivered = delivered
            state.cleared = delivered
            state.firstFresh = next
            state.sent = delivered
            return delivered
        }
    }

    private func send(_ entries: [Outbox.Entry]) async -> [Result<Recorded, RecordError>] {
        await withCheckedContinuation { continuation in
            let answers = Answers(count: entries.count, continuation)
            for (index, entry) in entries.enumerated() {
                recorder.append(entry.record, number: entry.number, holding: true) { answers.put($0, at: index) }
            }
            recorder.flush()
        }
    }

    /// What the answers mean.
    private func judge(_ entries: [Outbox.Entry], _ results: [Result<Recorded, RecordError>], from start: Int64) throws -> Int64 {
        var delivered = start
        var refusal: RecordError?
        let (firstFresh, sent) = state.withLock { ($0.firstFresh, $0.sent) }
        for (entry, result) in zip(entries, results) {
            switch result {
            case .failure(let error) where error.code == .duplicate && refusal == nil:
                // The log has this number. From an earlier attempt, it is this event; never sent before, it is another one.
                guard entry.number < max(firstFresh, sent) else {
                    throw stop(
                        "the log is ahead of the state: it has an event \(entry.number) that this database did not make. Was a backup restored?")
                }
                delivered = entry.number + 1
            case .failure(let error):
                refusal = refusal ?? error
            case .success:
                guard refusal == nil else {
                    throw stop("the log accepted event \(entry.number) after it had refused event \(delivered)")
                }
                delivered = entry.number + 1
            }
        }
        let last = entries[entries.count - 1].number + 1
        state.withLock { state in
            state.sent = max(state.sent, last)
            state.status.refusal = refusal
        }
        return delivered
    }

    private func stop(_ message: String) -> DatabaseError {
        let fault = DatabaseError(.diverged, message)
        state.withLock { $0.status.fault = fault }
        return fault
    }
}

/// Collects the answers to one batch, which come on the log's thread.
private final class Answers: Sendable {
    private struct State {
        var results: [Result<Recorded, RecordError>?]
        var missing: Int
    }
    private let state: Mutex<State>
    private let continuation: CheckedContinuation<[Result<Recorded, RecordError>], Never>

    init(count: Int, _ continuation: CheckedContinuation<[Result<Recorded, RecordError>], Never>) {
        state = Mutex(State(results: Array(repeating: nil, count: count), missing: count))
        self.continuation = continuation
    }

    func put(_ result: Result<Recorded, RecordError>, at index: Int) {
        let all: [Result<Recorded, RecordError>]? = state.withLock { state in
            guard state.results[index] == nil else { return nil }
            state.results[index] = result
            state.missing -= 1
            return state.missing == 0 ? state.results.compactMap { $0 } : nil
        }
        if let all { continuation.resume(returning: all) }
    }
}
