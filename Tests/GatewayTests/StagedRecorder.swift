import Core
import Dispatch
import Gateway
import Synchronization

/// A log in memory that can be made to wait or to fail; answers on a thread of its own, as the real one does.
final class StagedRecorder: Recorder {
    enum Mode: Sendable { case pass, hold, fail(RecordError.Code), failOnce(RecordError.Code) }

    struct Entry: Sendable {
        let event: Event
        let contents: [Content]
        var data: JSONValue { (try? JSONParser.parse(event.data.bytes)) ?? .null }
    }

    private struct State {
        var prepared: [String: Entry] = [:]
        var entries: [Entry] = []
        var held: [@Sendable () -> Void] = []
        var modes: [String: Mode] = [:]
    }

    let node = "n1"
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "log")
    private let clock: any WallClock

    init(clock: any WallClock = SystemClock()) { self.clock = clock }

    /// What happens to events of a type from now on.
    func set(_ mode: Mode, for type: EventType) { state.withLock { $0.modes[type.name] = mode } }

    /// Makes durable what is held.
    func releaseHeld() {
        let held = state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for one in held { queue.async(execute: one) }
    }

    var heldCount: Int { state.withLock { $0.held.count } }
    /// What is durable, in order.
    var entries: [Entry] { state.withLock { $0.entries } }

    func entries(_ type: EventType) -> [Entry] { entries.filter { $0.event.type == type } }
    var outcomes: [Entry] { entries.filter { EventType.inferenceOutcomes.contains($0.event.type) } }

    func prepare(_ event: Event, contents: [Content], stream: EventStream) throws(RecordError) -> PreparedRecord {
        state.withLock { $0.prepared[event.id] = Entry(event: event, contents: contents) }
        let leaf = LeafTemplate(event, source: EventSource(node: node, incarnation: 1, stream: stream.rawValue))
        return PreparedRecord(id: event.id, stream: stream, leaf: leaf, sealed: [])
    }

    func flush() {}

    func append(
        _ record: PreparedRecord, number: Int64?, holding: Bool, then: @escaping @Sendable (Result<Recorded, RecordError>) -> Void
    ) {
        let mode = state.withLock { state -> Mode in
            guard let type = state.prepared[record.id]?.event.type.name, let mode = state.modes[type] else { return .pass }
            if case .failOnce = mode { state.modes[type] = nil }
            return mode
        }
        let succeed: @Sendable () -> Void = { [self] in
            state.withLock { state in if let entry = state.prepared[record.id] { state.entries.append(entry) } }
            then(.success(Recorded(id: record.id, recordedAt: clock.now())))
        }
        switch mode {
        case .pass: queue.async(execute: succeed)
        case .hold: state.withLock { $0.held.append(succeed) }
        case .fail(let code), .failOnce(let code): queue.async { then(.failure(RecordError(code, "no room"))) }
        }
    }
}

/// Counts in memory.
final class CountersInMemory: IngressCounters {
    struct Counts: Sendable, Equatable {
        var arrived = 0
        var strangers: [StrangerRefusal: Int] = [:]
        var blocks: Set<String> = []
        var writeRefused = 0
        var intents = 0
        var moved = 0
    }
    private let state = Mutex(Counts())
    var counts: Counts { state.withLock { $0 } }

    func requestArrived(at arrived: Timestamp) { state.withLock { $0.arrived += 1 } }
    func strangerRefused(arrived: Timestamp, reason: StrangerRefusal, from block: AddressBlock) {
        state.withLock {
            $0.strangers[reason, default: 0] += 1
            $0.blocks.insert(block.description)
        }
    }
    func writeRefused(arrived: Timestamp) { state.withLock { $0.writeRefused += 1 } }
    func intentRecorded(arrived: Timestamp, recordedAt: Timestamp) {
        state.withLock {
            $0.intents += 1
            if arrived.microseconds / Timestamp.hour != recordedAt.microseconds / Timestamp.hour { $0.moved += 1 }
        }
    }
}

/// `ann` may use everything; `bob` nothing; `eve`'s token was revoked.
struct StagedAccess: Authenticator, Authorizer {
    static let policy = "sha256:" + String(repeating: "ab", count: 32)

    func authenticate(bearer token: String) -> Authentication {
        func principal(_ name: String) -> Principal {
            Principal(id: "usr_\(name)", kind: .service, human: "hum_\(name)", credentialID: "tok_\(name)")
        }
        switch token {
        case "ann", "bob": return .known(principal(token))
        case "eve": return .refused(principal(token), reasonCode: "revoked")
        default: return .stranger
        }
    }

    func decide(_ request: AccessRequest) -> AccessDecision {
        let allowed = request.principal.id == "usr_ann" && request.action == "infer" && request.resource.type == "route"
        return AccessDecision(allowed: allowed, reasonCode: allowed ? "granted" : "no_grant", policy: Self.policy, grants: allowed ? ["grt_1"] : [])
    }
}
