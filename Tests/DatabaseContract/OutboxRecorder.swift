package import Core
import Synchronization

/// A log in memory that numbers, refuses and drops as the real one does.
package final class OutboxRecorder: Recorder {
    package struct Entry: Sendable {
        package let number: Int64
        package let record: PreparedRecord
        package let event: Event?
    }

    private struct State {
        var entries: [Entry] = []
        var next: Int64 = 0
        var refusal: RecordError.Code?
        var refusals = 0
        /// Entries that are durable while their answer is lost.
        var silentFailures = 0
        var prepared: [String: Event] = [:]
        var appends = 0
    }
    private let state = Mutex(State())
    package let node = "node_test"

    package init() {}

    package var entries: [Entry] { state.withLock { $0.entries } }
    package var events: [Event] { entries.compactMap(\.event) }
    package var appends: Int { state.withLock { $0.appends } }

    /// Refuses the next appends.
    package func refuse(_ code: RecordError.Code, times: Int = .max) {
        state.withLock { ($0.refusal, $0.refusals) = (code, times) }
    }

    /// Keeps the next records, and answers as if it had failed.
    package func loseAnswers(_ count: Int) { state.withLock { $0.silentFailures = count } }

    package func accept() { refuse(.overloaded, times: 0) }

    /// Sets the high-water mark, as a log that is ahead has it.
    package func advance(to next: Int64) { state.withLock { $0.next = next } }

    package func prepare(_ event: Event, contents: [Content], stream: EventStream) throws(RecordError) -> PreparedRecord {
        let source = EventSource(node: node, incarnation: 1, stream: stream.rawValue)
        let commitments = contents.map { (name: $0.name, digest: SHA256Digest(hashing: $0.bytes)) }
        let leaf = LeafTemplate(event, commitments: commitments, source: source)
        guard leaf.bytes.count < LeafTemplate.maximumLeafBytes else { throw RecordError(.tooLarge, "too large") }
        state.withLock { $0.prepared[event.id] = event }
        return PreparedRecord(id: event.id, stream: stream, leaf: leaf, sealed: contents.flatMap(\.bytes))
    }

    package func flush() {}

    package func append(
        _ record: PreparedRecord, number: Int64?, holding: Bool, then: @escaping @Sendable (Result<Recorded, RecordError>) -> Void
    ) {
        let result: Result<Recorded, RecordError> = state.withLock { state in
            state.appends += 1
            if let refusal = state.refusal, state.refusals > 0 {
                state.refusals -= 1
                return .failure(RecordError(refusal, "refused for the test"))
            }
            let number = number ?? state.next
            if number < state.next { return .failure(RecordError(.duplicate, "duplicate")) }
            if number > state.next { return .failure(RecordError(.outOfOrder, "out of order")) }
            state.next += 1
            state.entries.append(Entry(number: number, record: record, event: state.prepared[record.id]))
            if state.silentFailures > 0 {
                state.silentFailures -= 1
                return .failure(RecordError(.overloaded, "the answer was lost"))
            }
            return .success(Recorded(id: record.id, recordedAt: Timestamp(microseconds: 0)))
        }
        then(result)
    }
}
