import Core
import MerkleLog

/// Turns durable records into the signed tree: a thread of its own, about twice a second while there is something to do.
///
/// In this order: tiles and bundles durable, the head stored (never two histories), the checkpoint published, the index brought up
/// to date. A failure leaves the last published checkpoint valid and is tried again; meanwhile records stay durable in the segments.
final class Integrator: Sendable {
    struct Options: Sendable {
        /// From a record's durability to its integration, at most about twice this.
        var interval: Int64 = 400_000
        /// Records in one round; bounds memory.
        var roundEntries = 16_384
    }

    private struct State {
        /// Where the durable records end.
        var durable: WriteAheadLog.Position
        /// Size of the last published checkpoint.
        var published: UInt64
        var wanted: UInt64 = 0
        var stopping = false
        var failure: String?
        var failingSince: Int64?
    }

    private let store: TreeStore
    private let segments: SegmentDirectory
    private let index: SearchIndex
    private let payloads: PayloadPacker
    private let snapshots: SnapshotFile
    private let signer: NoteSigner
    private let options: Options
    private let monitor: Monitor<State>
    private let thread: Mutable<WorkerThread?>
    private let head: Mutable<SignedCheckpoint?>
    /// A head whose storing failed half way: it may be the one on disk.
    private let attempted = Mutable<SignedCheckpoint?>(nil)
    /// Sizes whose files were written and whose head may not have been stored.
    private let tried = Mutable<Set<UInt64>>([])
    /// Rows of integrated records that the index does not have yet. Kept, because only they know where sealed contents lie.
    private let unindexed = Mutable<[SearchIndex.Row]>([])
    /// Called after each published checkpoint, on the integrator's thread.
    private let onPublish: @Sendable (SignedCheckpoint) -> Void
    /// Size of the checkpoint that is out; held while one is being written.
    private let publishing = Monitor<UInt64?>(nil)

    init(
        store: TreeStore, segments: SegmentDirectory, index: SearchIndex, payloads: PayloadPacker, snapshots: SnapshotFile, signer: NoteSigner,
        appender: TileAppender, tallies: Sequencer, head: SignedCheckpoint?, position: WriteAheadLog.Position, durable: WriteAheadLog.Position,
        options: Options,
        onPublish: @escaping @Sendable (SignedCheckpoint) -> Void
    ) {
        self.store = store
        self.segments = segments
        self.index = index
        self.payloads = payloads
        self.snapshots = snapshots
        self.signer = signer
        self.options = options
        self.onPublish = onPublish
        self.head = Mutable(head)
        monitor = Monitor(State(durable: durable, published: appender.size))
        thread = Mutable(nil)
        thread.value = WorkerThread("log-integrator") { [self] in run(appender, tallies, from: position) }
    }

    /// The last published checkpoint; nil only in a log that never published one.
    var checkpoint: SignedCheckpoint? { head.value }

    /// Microseconds for which integration has been failing, and why; nil while all is well.
    var failure: (microseconds: Int64, message: String)? {
        monitor.withLock { state in
            guard let since = state.failingSince, let failure = state.failure else { return nil }
            return (monotonicMicroseconds() - since, failure)
        }
    }

    /// Tells of new durable records.
    func advance(to position: WriteAheadLog.Position) {
        monitor.withLock { $0.durable = position }
        // Not a signal: whoever waits for integration waits here too, and a signal might wake only that one.
        monitor.broadcast()
    }

    /// Waits until a checkpoint of at least this size is published. Blocks.
    /// - Returns: false after the time given, or when the log is being closed.
    func wait(for size: UInt64, microseconds: Int64) -> Bool {
        monitor.withLock { $0.wanted = max($0.wanted, size) }
        monitor.broadcast()
        return monitor.wait(microseconds: microseconds) { state in state.published >= size ? true : nil } ?? false
    }

    /// Integrates all that is durable and ends the thread. Blocks.
    func close() {
        monitor.withLock { $0.stopping = true }
        monitor.broadcast()
        thread.take()?.join()
    }

    // MARK: The integrator's thread

    private func run(_ first: TileAppender, _ tallies: Sequencer, from start: WriteAheadLog.Position) {
        var appender = first
        var tallies = tallies
        defer { try? snapshots.write(tallies, root: appender.root, force: true) }
        var reader = RecordReader(segments: segments, position: start)
        var last = monotonicMicroseconds() - options.interval
        while true {
            guard let target = nextTarget(beyond: appender.size, last: last) else { return }
            last = monotonicMicroseconds()
            do {
                try round(&appender, &tallies, &reader, until: target)
                monitor.withLock { state in
                    state.published = appender.size
                    state.failure = nil
                    state.failingSince = nil
                }
                monitor.broadcast()
            } catch {
                let stopping: Bool = monitor.withLock { state in
                    state.failure = "\(error)"
                    state.failingSince = state.failingSince ?? monotonicMicroseconds()
                    return state.stopping
                }
                // A failing disk must not hold up the end of the process for ever: what is durable is integrated at the next start.
                if stopping { return }
                _ = monitor.wait(microseconds: 500_000) { $0.stopping ? true : nil }
            }
        }
    }

    /// Waits for durable records and, unless somebody waits or the log is being closed, for the interval to pass.
    private func nextTarget(beyond size: UInt64, last: Int64) -> WriteAheadLog.Position? {
        let more: Bool = monitor.wait { state in
            // A round that failed is tried again though nothing new came: its head may be stored and not published yet.
            if state.durable.nextIndex > size || state.failure != nil { return true }
            return state.stopping ? false : nil
        }
        guard more else { return nil }
        let rest = last + options.interval - monotonicMicroseconds()
        if rest > 0 { _ = monitor.wait(microseconds: rest) { state in state.stopping || state.wanted > size ? true : nil } }
        return monitor.withLock { $0.durable }
    }

    private func round(
        _ appender: inout TileAppender, _ tallies: inout Sequencer, _ reader: inout RecordReader, until target: WriteAheadLog.Position
    ) throws {
        // What an earlier round stored and could not finish.
        try publishHead()
        try addUnindexed(size: appender.size)
        try index.catchUp(to: appender.size, store: store)
        while appender.size < target.nextIndex {
            var next = appender
            var following = reader
            var counted = tallies
            var rows: [SearchIndex.Row] = []
            rows.reserveCapacity(min(options.roundEntries, Int(target.nextIndex - appender.size)))
            while next.size < target.nextIndex, rows.count < options.roundEntries {
                try following.next { record in
                    guard record.index == next.size else {
                        throw LedgerError(.inconsistent, "the write-ahead log has record \(record.index) where \(next.size) is due")
                    }
                    try next.append(record.leaf)
                    let fields = try LeafFields(record)
                    counted.replay(fields)
                    rows.append(SearchIndex.Row(record, fields))
                }
            }
            tried.value.insert(next.size)
            try store.write(next.takeWrites())
            try storeHead(next)
            let previous = appender.size
            appender = next
            reader = following
            tallies = counted
            unindexed.value += rows
            try publishHead()
            try addUnindexed(size: appender.size)
            try? store.removePartials(of: previous, keeping: appender.size)
            try removeUnfinished(keeping: appender.size)
            try snapshots.write(tallies, root: appender.root)
            try payloads.pack(before: reader.position.segment)
            monitor.withLock { $0.published = appender.size }
            monitor.broadcast()
        }
    }

    private func addUnindexed(size: UInt64) throws {
        let rows = unindexed.value
        guard !rows.isEmpty else { return }
        try index.add(rows, size: size)
        unindexed.value = []
    }

    /// Removes the partial files of attempts that failed: unlike those of a signed size they may be torn.
    private func removeUnfinished(keeping size: UInt64) throws {
        for attempt in tried.value where attempt != size { try store.removePartials(of: attempt, keeping: size) }
        tried.value = []
    }

    private func storeHead(_ appender: TileAppender) throws {
        let checkpoint = try SignedCheckpoint(
            Checkpoint(origin: signer.name, size: appender.size, root: appender.root), signedBy: signer)
        // Compare and swap: what is stored must be what this process stored last.
        let stored = try store.head()
        guard stored == head.value?.encoded || stored == attempted.value?.encoded else {
            throw LedgerError(.inconsistent, "\(store.headPath) was changed by somebody else; no further checkpoint is signed")
        }
        attempted.value = checkpoint
        try store.storeHead(checkpoint)
        head.value = checkpoint
    }

    private func publishHead() throws {
        let published: SignedCheckpoint? = try publishing.withLock { size in
            guard let checkpoint = head.value, checkpoint.checkpoint.size != size else { return nil }
            try store.publish(checkpoint)
            size = checkpoint.checkpoint.size
            return checkpoint
        }
        if let published { onPublish(published) }
    }

    /// Publishes the checkpoint with the cosignatures of witnesses, unless a later one is out already.
    func publish(cosigned: SignedCheckpoint) throws {
        try publishing.withLock { size in
            guard size == cosigned.checkpoint.size else { return }
            try store.publish(cosigned)
        }
    }
}
