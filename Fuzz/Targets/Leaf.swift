import Core
import Ledger

extension FuzzTarget {
    /// Leaves: the scan that sorts them sees in a canonical leaf what the parser sees.
    package static let leaf = FuzzTarget(name: "leaf", summary: "leaves of the log", maximumBytes: 2048) { bytes in
        let fields = bytes.withUnsafeBytes { LeafFields(leaf: $0) }
        guard let value = try? JSONParser.parse(bytes), CanonicalJSON.encode(value) == bytes else { return nil }
        guard let fields else {
            let isLeaf =
                value["id"]?.string != nil && value["type"]?.string != nil && value["outcome"]?.string != nil
                && value["recorded_at"]?.string.flatMap { Timestamp(parsing: $0) } != nil && value["source"]?["seq"]?.int != nil
                && value["source"]?["node"]?.string != nil && value["source"]?["stream"]?.string != nil
                && value["source"]?["incarnation"]?.int != nil
            return isLeaf ? "the scan refuses a leaf that the parser reads" : nil
        }
        let agrees =
            value["id"]?.string == fields.id && value["type"]?.string == fields.type && value["outcome"]?.string == fields.outcome
            && value["system"]?.string == fields.system && value["source"]?["seq"]?.int == fields.number
            && value["source"]?["node"]?.string == fields.source.node && value["source"]?["stream"]?.string == fields.source.stream
            && value["source"]?["incarnation"]?.int == fields.source.incarnation && value["data"]?["request_id"]?.string == fields.requestID
        return agrees ? nil : "the scan and the parser see different members of a leaf"
    } seeds: {
        let actor = Actor(type: "service", id: "usr_1", human: "usr_2")
        let events = [
            Event(
                id: "inf_1", type: .inferenceRequested, actor: actor, resource: Resource(type: "route", id: "rte_1"), system: "sys_1",
                assurance: .enforced, data: CanonicalObject(["decision": "allow"])),
            Event(
                id: "evt_1", type: .inferenceCompleted, actor: actor, assurance: .enforced,
                data: CanonicalObject(["request_id": "inf_1", "latency_us": 5])),
            Event(id: "evt_2", type: .manifestClosed, actor: .system, assurance: .enforced, data: CanonicalObject(["day": "2026-11-21"])),
        ]
        return events.map { event in
            var out: [UInt8] = []
            let source = EventSource(node: "n1", incarnation: 1, stream: "gateway")
            LeafTemplate(event, source: source).stamp(at: Timestamp(microseconds: 1), number: 7, into: &out)
            return out
        }
    }
}
