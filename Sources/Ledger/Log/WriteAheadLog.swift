import Core

/// The write-ahead log with group commit: the next batch forms while the current one is written and synced; no timer is on the path.
///
/// One thread writes. Appenders only copy into the forming batch under a lock. A waiter is told *durable* after `fdatasync` of the
/// whole batch answered success, and never otherwise (I1). After any failure the log is stopped for good: every waiter and every later
/// append fails, and a restart recovers what is whole.
final class WriteAheadLog: Sendable {
    typealias Completion = @Sendable (Result<Recorded, RecordError>) -> Void

    /// What is durable, for the reader that integrates.
    struct Position: Equatable {
        var segment: UInt64
        var offset: Int
        /// Index of the next record.
        var nextIndex: UInt64
    }

    struct Options: Sendable {
        /// A segment is closed when it is longer than this.
        var segmentBytes = 16 << 20
        /// Bytes that may wait for the disk; beyond, appends are refused as overloaded (I11).
        var queueBytes = 32 << 20
    }

    private struct Waiter {
        var recorded: Recorded
        var then: Completion
    }

    private struct Batch {
        var bytes: [UInt8] = []
        /// Offset of each frame in `bytes`.
        var frames: [Int] = []
        var waiters: [Waiter] = []

        mutating func removeAll() {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 4 << 20)
            frames.removeAll(keepingCapacity: true)
            waiters.removeAll(keepingCapacity: true)
        }
    }

    private struct State {
        var forming = Batch()
        /// The forming batch holds a record that nobody asked to hold.
        var isFlushed = false
        var nextIndex: UInt64
        var lastTime: Timestamp
        var durable: Position
        var stopping = false
        var failure: RecordError?
        var sequencer: Sequencer
    }

    private let segments: SegmentDirectory
    private let origin: SHA256Digest
    private let options: Options
    private let clock: any WallClock
    private let monitor: Monitor<State>
    private let thread: Mutable<WorkerThread?>
    /// Called on the writer's thread after each batch.
    private let afterBatch: @Sendable (Position) -> Void
    /// Called on the writer's thread once, when the log stopped.
    private let onFailure: @Sendable (RecordError) -> Void

    /// Starts the writer on a new segment.
    /// - Parameters:
    ///   - segment: number of the segment to create.
    ///   - sequencer: what recovery found: numbers, tallies, the last time.
    init(
        segments: SegmentDirectory, origin: SHA256Digest, segment: UInt64, nextIndex: UInt64, lastTime: Timestamp, sequencer: Sequencer,
        options: Options, clock: any WallClock, afterBatch: @escaping @Sendable (Position) -> Void,
        onFailure: @escaping @Sendable (RecordError) -> Void
    ) throws(FileError) {
        self.segments = segments
        self.origin = origin
        self.options = options
        self.clock = clock
        self.afterBatch = afterBatch
        self.onFailure = onFailure
        let writer = try segments.begin(SegmentHeader(number: segment, firstIndex: nextIndex, origin: origin))
        monitor = Monitor(
            State(
                nextIndex: nextIndex, lastTime: lastTime,
                durable: Position(segment: segment, offset: writer.length, nextIndex: nextIndex), sequencer: sequencer))
        thread = Mutable(nil)
        let handed = Handed(writer)
        thread.value = WorkerThread("log-writer") { [self] in run(handed.take()) }
    }

    var durable: Position { monitor.withLock { $0.durable } }

    /// Runs a body with the sequencer as of the last append. For reading tallies; the body must be short.
    func withSequencer<Result>(_ body: (inout Sequencer) -> Result) -> Result {
        monitor.withLock { body(&$0.sequencer) }
    }

    /// Stamps a record with its time and number and queues it.
    /// - Parameter holding: leaves the writing to the next ``flush()``, or to the next append that does not hold.
    func append(_ record: PreparedRecord, role: RecordRole, number: Int64?, holding: Bool, then: @escaping Completion) {
        let refusal: RecordError? = monitor.withLock { state in
            if !holding { state.isFlushed = true }
            return enqueue(record.leaf, record.sealed, record.id, record.stream, role, number, then, &state)
        }
        if let refusal { then(.failure(refusal)) } else if !holding { monitor.signal() }
    }

    /// Has what is held written.
    func flush() {
        monitor.withLock { $0.isFlushed = true }
        monitor.signal()
    }

    /// Makes a record from the tallies as they stand at its very position in the log, and queues it.
    /// - Parameter make: called with the lock held; it must be short. nil: nothing to record.
    func append(making make: (inout Sequencer, _ nextIndex: UInt64, _ now: Timestamp) -> PreparedRecord?, then: @escaping Completion) {
        let refusal: RecordError? = monitor.withLock { state in
            guard let record = make(&state.sequencer, state.nextIndex, max(clock.now(), state.lastTime)) else { return nil }
            state.isFlushed = true
            return enqueue(record.leaf, record.sealed, record.id, record.stream, .other, nil, then, &state)
        }
        if let refusal { then(.failure(refusal)) } else { monitor.signal() }
    }

    private func enqueue(
        _ leaf: LeafTemplate, _ sealed: [UInt8], _ id: String, _ stream: EventStream, _ role: RecordRole, _ number: Int64?,
        _ then: @escaping Completion, _ state: inout State
    ) -> RecordError? {
        if let failure = state.failure { return failure }
        guard !state.stopping else { return RecordError(.stopped, "the log is being closed") }
        guard state.forming.bytes.count + leaf.bytes.count + sealed.count <= options.queueBytes else {
            return RecordError(.overloaded, "too many records wait for the disk")
        }
        // I6: monotone with the index, whatever the host's clock does.
        let now = max(clock.now(), state.lastTime)
        switch state.sequencer.admit(stream: stream, number: number, type: leaf.type, role: role, at: now) {
        case .failure(let error): return error
        case .success(let number):
            state.lastTime = now
            state.forming.frames.append(state.forming.bytes.count)
            Frame.appendHeader(
                leafLength: leaf.leafLength(number: number), sealedLength: sealed.count, index: state.nextIndex, to: &state.forming.bytes)
            leaf.stamp(at: now, number: number, into: &state.forming.bytes)
            state.forming.bytes.append(contentsOf: sealed)
            state.forming.waiters.append(Waiter(recorded: Recorded(id: id, recordedAt: now), then: then))
            state.nextIndex += 1
            return nil
        }
    }

    /// Writes what is queued, then ends the thread. Blocks.
    func close() {
        monitor.withLock { $0.stopping = true }
        monitor.broadcast()
        thread.take()?.join()
    }

    // MARK: The writer's thread

    private func run(_ first: consuming SegmentWriter) {
        var writer = first
        var batch = Batch()
        var number: UInt64 = 0
        while true {
            let more: Bool = monitor.wait { state in
                if !state.forming.frames.isEmpty, state.isFlushed || state.stopping {
                    state.isFlushed = false
                    swap(&batch, &state.forming)
                    return true
                }
                return state.stopping ? false : nil
            }
            guard more else { return }
            number += 1
            do throws(FileError) {
                if writer.length >= options.segmentBytes {
                    writer = try nextSegment(after: writer)
                    number = 1
                }
                try write(&batch, number, to: &writer)
            } catch {
                fail(RecordError(.stopped, "the log stopped: \(error)"), batch)
                return
            }
            let position: Position = monitor.withLock { state in
                state.durable = Position(
                    segment: writer.header.number, offset: writer.length, nextIndex: state.durable.nextIndex + UInt64(batch.frames.count))
                return state.durable
            }
            for waiter in batch.waiters { waiter.then(.success(waiter.recorded)) }
            batch.removeAll()
            afterBatch(position)
        }
    }

    private func nextSegment(after writer: borrowing SegmentWriter) throws(FileError) -> SegmentWriter {
        let next = monitor.withLock { $0.durable.nextIndex }
        return try segments.begin(SegmentHeader(number: writer.header.number + 1, firstIndex: next, origin: origin))
    }

    private func write(_ batch: inout Batch, _ number: UInt64, to writer: inout SegmentWriter) throws(FileError) {
        let frames = batch.frames
        batch.bytes.withUnsafeMutableBytes { bytes in
            for (place, start) in frames.enumerated() {
                let end = place + 1 < frames.count ? frames[place + 1] : bytes.count
                Frame.seal(UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end]), batch: number)
            }
        }
        try batch.bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in try writer.append(UnsafeRawBufferPointer(bytes)) }
        try writer.sync()
    }

    private func fail(_ error: RecordError, _ batch: Batch) {
        let waiting: [Waiter] = monitor.withLock { state in
            state.failure = error
            defer { state.forming.removeAll() }
            return state.forming.waiters
        }
        for waiter in batch.waiters + waiting { waiter.then(.failure(error)) }
        onFailure(error)
    }
}

/// Hands a value that cannot be copied to a thread, once.
private final class Handed: @unchecked Sendable {
    private var writer: SegmentWriter?

    init(_ writer: consuming SegmentWriter) { self.writer = consume writer }

    func take() -> SegmentWriter {
        guard let writer = writer.take() else { preconditionFailure("taken twice") }
        return writer
    }
}
