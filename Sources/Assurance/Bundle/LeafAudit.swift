import Core

/// Reads the leaves of a range in order and keeps what must hold between them: numbered sources without gaps, time that never runs
/// backwards, one outcome for each intent, manifests that count what is there.
///
/// Memory: the open intents, and sixteen bytes for each closed one.
struct LeafAudit {
    private struct Source: Hashable {
        let node: String
        let incarnation: Int64
        let stream: String
    }

    private let first: UInt64
    private(set) var findings: [String] = []
    private var findingsLeftOut = 0
    private(set) var counts: [String: Int64] = [:]
    private(set) var dayManifests: [JSONValue] = []
    private(set) var firstTime: String?
    private(set) var lastTime: String?
    private(set) var anchors: [Anchor] = []
    private var sources: [Source: Int64] = [:]
    private var openIntents: [String: UInt64] = [:]
    private var closedIntents: Set<Int> = []
    private(set) var intents = 0
    private(set) var answeredBefore = 0
    /// Since the last manifest, by type and by source.
    private var sinceManifest: [String: Int64] = [:]
    private var sinceSources: [Source: (first: Int64, last: Int64)] = [:]
    private var sinceStart: UInt64

    /// A `checkpoint.anchored` that the log itself recorded.
    struct Anchor: Hashable {
        let size: UInt64
        let root: String
        let kind: String
        let administrator: String
        let isApart: Bool
    }

    init(first: UInt64) {
        self.first = first
        sinceStart = first
    }

    var open: [String] { openIntents.sorted { $0.value < $1.value }.map(\.key) }
    var sourceCount: Int { sources.count }
    var allFindings: [String] { findings + (findingsLeftOut > 0 ? ["and \(findingsLeftOut) more"] : []) }

    private mutating func find(_ what: String) {
        if findings.count < 100 { findings.append(what) } else { findingsLeftOut += 1 }
    }

    /// - Throws: `malformed_leaf` where a leaf is no canonical event.
    mutating func add(_ bytes: [UInt8], index: UInt64) throws {
        func malformed(_ why: String) -> AssuranceError { AssuranceError(.malformedLeaf, "entry \(index): \(why)") }
        let event: JSONValue
        do {
            event = try JSONParser.parse(bytes)
        } catch {
            throw malformed("\(error)")
        }
        guard CanonicalJSON.encode(event) == bytes else { throw malformed("not canonical JSON") }
        guard let id = event["id"]?.string, let type = event["type"]?.string, let time = event["recorded_at"]?.string,
            time.utf8.count == Timestamp.wireLength, Timestamp(parsing: time) != nil, event["v"]?.int == 1,
            let node = event["source"]?["node"]?.string, let incarnation = event["source"]?["incarnation"]?.int,
            let stream = event["source"]?["stream"]?.string, let number = event["source"]?["seq"]?.int, number >= 0
        else { throw malformed("no event of this format") }
        counts[type, default: 0] += 1
        if let lastTime, time < lastTime { find("entry \(index): recorded_at runs backwards") }
        if firstTime == nil { firstTime = time }
        lastTime = time
        let source = Source(node: node, incarnation: incarnation, stream: stream)
        if let last = sources[source] {
            if number != last + 1 { find("entry \(index): source \(node)/\(incarnation)/\(stream) goes from \(last) to \(number)") }
        } else if number != 0, first == 0 {
            find("entry \(index): source \(node)/\(incarnation)/\(stream) begins with \(number)")
        }
        sources[source] = number
        follow(event, type: type, id: id, index: index)
        if type == "manifest.closed" {
            check(manifest: event, index: index)
        } else {
            sinceManifest[type, default: 0] += 1
            let range = sinceSources[source] ?? (number, number)
            sinceSources[source] = (min(range.first, number), max(range.last, number))
        }
    }

    private mutating func follow(_ event: JSONValue, type: String, id: String, index: UInt64) {
        if type == EventType.inferenceRequested.name {
            intents += 1
            if openIntents.updateValue(index, forKey: id) != nil || closedIntents.contains(id.hashValue) {
                find("entry \(index): an intent with the id of another")
            }
        } else if EventType.inferenceOutcomes.contains(where: { $0.name == type }) {
            let request = event["data"]?["request_id"]?.string ?? ""
            if openIntents.removeValue(forKey: request) != nil {
                closedIntents.insert(request.hashValue)
            } else if closedIntents.contains(request.hashValue) {
                find("entry \(index): a second outcome of one intent")  // I2
            } else if first > 0 {
                answeredBefore += 1
            } else {
                find("entry \(index): an outcome without intent")  // I2
            }
        } else if type == EventType.checkpointAnchored.name, event["outcome"]?.string == "success", let data = event["data"],
            let size = data["tree_size"]?.int, size >= 0, let root = data["root"]?.string, anchors.count < 100_000
        {
            let administrator = data["administrator_id"]?.string ?? ""
            anchors.append(
                Anchor(
                    size: UInt64(size), root: root, kind: data["anchor_kind"]?.string ?? "", administrator: administrator,
                    isApart: data["same_host"]?.bool == false && !["", "self"].contains(administrator)))
        }
    }

    /// A manifest speaks of the entries since the one before it.
    private mutating func check(manifest event: JSONValue, index: UInt64) {
        defer {
            sinceManifest = [:]
            sinceSources = [:]
            sinceStart = index + 1
        }
        if dayManifests.count < 10_000 { dayManifests.append(["event": event, "idx": .int(Int64(clamping: index))]) }
        guard let data = event["data"], let from = data["first_idx"]?.int, let to = data["last_idx"]?.int else {
            find("entry \(index): a manifest without its range")
            return
        }
        // One that reaches back before the range cannot be counted here.
        if from < Int64(clamping: first) { return }
        guard from == Int64(clamping: sinceStart), to == Int64(clamping: index) - 1 else {
            find("entry \(index): the manifest says \(from) to \(to), the entries since the last one are \(sinceStart) to \(Int64(index) - 1)")
            return
        }
        if data["counts"]?.object != sinceManifest.mapValues({ JSONValue($0) }) {
            find("entry \(index): the manifest's counts by type are not those of its entries")
        }
        let said = Set(data["sources"]?.array ?? [])
        let seen = Set(
            sinceSources.map { source, range -> JSONValue in
                [
                    "first": .int(range.first), "incarnation": .int(source.incarnation), "last": .int(range.last), "node": .string(source.node),
                    "stream": .string(source.stream),
                ]
            })
        if said != seen { find("entry \(index): the manifest's sources are not those of its entries") }
        if data["open_intents"]?.array.map(Set.init) != Set(openIntents.keys.map { JSONValue($0) }), first == 0 {
            find("entry \(index): the manifest's open intents are not those of the log")
        }
    }
}
