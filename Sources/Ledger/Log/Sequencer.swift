import Core

/// What a record means to the counting of intents and outcomes (I2).
enum RecordRole: Hashable, Sendable {
    case intent(id: String, system: String?)
    case outcome(of: String)
    case other
}

/// Numbers the sources, tallies what a manifest states, and knows the open intents.
///
/// A value; the write-ahead log changes it under its lock at each append, recovery rebuilds it by ``replay(_:)`` from the leaves.
struct Sequencer: Sendable, Equatable {
    struct OpenIntent: Equatable, Sendable {
        var system: String?
        var index: UInt64
    }

    /// First and last number of a source since the last manifest.
    struct Range: Equatable, Sendable {
        var first: Int64
        var last: Int64
    }

    let node: String
    /// The incarnation that numbers what this process appends.
    private(set) var incarnation: Int64
    /// Index of the next record.
    private(set) var size: UInt64 = 0
    /// Last number of each source; of streams numbered at append only the present incarnation matters.
    private(set) var highWater: [EventSource: Int64] = [:]
    private(set) var openIntents: [String: OpenIntent] = [:]
    /// Records by type since the last manifest.
    private(set) var counts: [String: Int64] = [:]
    /// Numbers by source since the last manifest.
    private(set) var ranges: [EventSource: Range] = [:]
    /// Index of the first record after the last manifest.
    private(set) var manifestFirst: UInt64 = 0
    /// The day that the last manifest closed.
    private(set) var lastManifestDay: String?
    private(set) var lastTime = Timestamp(microseconds: 0)
    private(set) var firstTime: Timestamp?

    /// The state stream keeps one incarnation for the life of a data directory: its numbers come from the database.
    static let stateIncarnation: Int64 = 1

    // Sources of this process, made once: hashing strings on every append would cost more than the append.
    private var gateway: EventSource
    private var system: EventSource
    private var state: EventSource
    private var nextGateway: Int64 = 0
    private var nextSystem: Int64 = 0

    init(node: String, incarnation: Int64) {
        self.node = node
        self.incarnation = incarnation
        gateway = EventSource(node: node, incarnation: incarnation, stream: EventStream.gateway.rawValue)
        system = EventSource(node: node, incarnation: incarnation, stream: EventStream.system.rawValue)
        state = EventSource(node: node, incarnation: Self.stateIncarnation, stream: EventStream.state.rawValue)
    }

    /// What a snapshot holds.
    struct Restored {
        var size: UInt64 = 0
        var highWater: [EventSource: Int64] = [:]
        var openIntents: [String: OpenIntent] = [:]
        var counts: [String: Int64] = [:]
        var ranges: [EventSource: Range] = [:]
        var manifestFirst: UInt64 = 0
        var lastManifestDay: String?
        var lastTime = Timestamp(microseconds: 0)
        var firstTime: Timestamp?
    }

    mutating func restore(_ restored: Restored) {
        size = restored.size
        highWater = restored.highWater
        openIntents = restored.openIntents
        counts = restored.counts
        ranges = restored.ranges
        manifestFirst = restored.manifestFirst
        lastManifestDay = restored.lastManifestDay
        lastTime = restored.lastTime
        firstTime = restored.firstTime
    }

    func source(_ stream: EventStream) -> EventSource {
        switch stream {
        case .gateway: gateway
        case .system: system
        case .state: state
        }
    }

    /// Begins a new incarnation, after recovery.
    mutating func beginIncarnation() {
        let previous = highWater.keys.filter { $0.node == node && $0.stream != EventStream.state.rawValue }.map(\.incarnation).max() ?? 0
        self.incarnation = previous + 1
        gateway = EventSource(node: node, incarnation: incarnation, stream: EventStream.gateway.rawValue)
        system = EventSource(node: node, incarnation: incarnation, stream: EventStream.system.rawValue)
        nextGateway = 0
        nextSystem = 0
        // Numbers of ended incarnations cannot come again: only the newest is kept, so that this map stays small.
        highWater = highWater.filter { $0.key.stream == EventStream.state.rawValue || $0.key.node != node || $0.key.incarnation == previous }
    }

    /// Numbers one record and counts it.
    mutating func admit(
        stream: EventStream, number: Int64?, type: String, role: RecordRole, at time: Timestamp
    ) -> Result<Int64, RecordError> {
        let assigned: Int64
        switch (stream, number) {
        case (.gateway, nil):
            assigned = nextGateway
            nextGateway += 1
        case (.system, nil):
            assigned = nextSystem
            nextSystem += 1
        case (.state, .some(let number)):
            let last = highWater[state] ?? -1
            guard number > last else { return .failure(RecordError(.duplicate, "number \(number) of the state stream is in the log already")) }
            guard number == last + 1 else {
                return .failure(
                    RecordError(.outOfOrder, "number \(number) of the state stream comes after \(last): the database and the log disagree"))
            }
            assigned = number
        default:
            return .failure(RecordError(.stopped, "the stream \(stream.rawValue) is numbered elsewhere"))
        }
        note(time)
        count(source(stream), assigned, type, role)
        return .success(assigned)
    }

    private mutating func count(_ source: EventSource, _ number: Int64, _ type: String, _ role: RecordRole) {
        highWater[source] = number
        defer { size += 1 }
        // A manifest is in no manifest's range; it only numbers its source.
        if type == EventType.manifestClosed.name { return }
        ranges[source, default: Range(first: number, last: number)].last = number
        counts[type, default: 0] += 1
        switch role {
        case .intent(let id, let system): openIntents[id] = OpenIntent(system: system, index: size)
        case .outcome(let id): openIntents[id] = nil
        case .other: break
        }
    }

    private mutating func note(_ time: Timestamp) {
        if firstTime == nil { firstTime = time }
        lastTime = max(lastTime, time)
    }

    /// Starts the tallies of the next manifest, at the position of the one being made.
    mutating func closeManifest(day: String) {
        counts = [:]
        ranges = [:]
        lastManifestDay = day
        manifestFirst = size + 1
    }

    /// Counts a leaf that is in the log already.
    mutating func replay(_ leaf: LeafFields) {
        note(leaf.recordedAt)
        if let day = leaf.manifestDay { closeManifest(day: day) }
        count(leaf.source, leaf.number, leaf.type, leaf.role)
    }
}
