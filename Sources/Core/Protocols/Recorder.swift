/// The streams of one node.
package enum EventStream: String, Sendable {
    /// Inference: numbered at append.
    case gateway
    /// The log's own events: numbered at append.
    case system
    /// State changes: numbered inside their transaction, delivered by the outbox.
    case state
}

/// An event made ready to be appended: encoded, its contents sealed.
package struct PreparedRecord: Sendable {
    package let id: String
    package let stream: EventStream
    package let leaf: LeafTemplate
    /// The sealed contents; empty where there are none.
    package let sealed: [UInt8]
    /// The AI system concerned; needed for intents only.
    package let system: String?
    /// The intent that an outcome closes.
    package let answers: String?

    package init(id: String, stream: EventStream, leaf: LeafTemplate, sealed: [UInt8], system: String? = nil, answers: String? = nil) {
        self.id = id
        self.stream = stream
        self.leaf = leaf
        self.sealed = sealed
        self.system = system
        self.answers = answers
    }
}

/// The answer to an append: the record is durable. Its index in the log may come later.
package struct Recorded: Sendable {
    package let id: String
    package let recordedAt: Timestamp

    package init(id: String, recordedAt: Timestamp) {
        self.id = id
        self.recordedAt = recordedAt
    }
}

/// Why something could not be recorded. Whoever meets it fails closed (I1).
package struct RecordError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The queue is full; try again.
        case overloaded
        /// No room on the disk for the record and its outcome.
        case noSpace = "no_space"
        /// The log stopped after a fault of the disk; a restart recovers.
        case stopped
        /// The leaf would be longer than 65,535 bytes.
        case tooLarge = "too_large"
        /// The number is at or below the source's high-water mark.
        case duplicate
        /// The number is higher than the next one of its source: accepting it would leave a gap, and drop the one before as a duplicate.
        case outOfOrder = "out_of_order"
        /// Sealing failed.
        case sealing
    }
    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}

/// Where events are recorded.
package protocol Recorder: Sendable {
    /// Encodes an event and seals its contents, on the caller's thread. No I/O.
    func prepare(_ event: Event, contents: [Content], stream: EventStream) throws(RecordError) -> PreparedRecord

    /// Queues a prepared record and returns at once.
    /// - Parameters:
    ///   - number: nil where the stream is numbered at append; the outbox's number for ``EventStream/state``, which must be the next
    ///     one of its source: lower fails with `duplicate`, higher with `outOfOrder`. Records of one source may be appended one after the
    ///     other without waiting; when one is refused, those behind it are too.
    ///   - holding: the caller has more to append and calls ``flush()`` right after: the disk need not begin before. What others
    ///     append meanwhile takes the held records with it.
    ///   - then: called once, when the record is durable or could not be made, on the log's own thread: it must not block.
    func append(_ record: PreparedRecord, number: Int64?, holding: Bool, then: @escaping @Sendable (Result<Recorded, RecordError>) -> Void)

    /// Has the records written that were appended `holding`. Returns at once.
    func flush()

    /// The node, as sources name it.
    var node: String { get }
}

extension Recorder {
    /// Queues a prepared record, to be written at once.
    package func append(_ record: PreparedRecord, number: Int64?, then: @escaping @Sendable (Result<Recorded, RecordError>) -> Void) {
        append(record, number: number, holding: false, then: then)
    }

    /// Records an event; returns when it is durable.
    @discardableResult
    package func record(_ event: Event, contents: [Content] = [], stream: EventStream = .system) async throws(RecordError) -> Recorded {
        let prepared = try prepare(event, contents: contents, stream: stream)
        return try await withCheckedContinuation { continuation in
            append(prepared, number: nil) { continuation.resume(returning: $0) }
        }.get()
    }
}
