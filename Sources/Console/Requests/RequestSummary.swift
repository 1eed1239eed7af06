import Core
import Ledger

/// One request as a list shows it, read from its leaves.
struct RequestSummary {
    let intent: JSONValue
    let outcome: JSONValue?
    let row: SearchIndex.Request

    init(_ row: SearchIndex.Request, leaf: (UInt64) throws -> [UInt8]) throws {
        func value(_ index: UInt64) throws -> JSONValue { try JSONParser.parse(try leaf(index), maximumBytes: LeafTemplate.maximumLeafBytes) }
        self.row = row
        intent = try value(row.intent.index)
        outcome = try row.outcome.map { try value($0.index) }
    }

    /// Word and class of the badge.
    var result: (word: String, badge: String) {
        switch row.outcome?.type {
        case EventType.inferenceCompleted.name: ("Completed", "good")
        case EventType.inferenceDenied.name: ("Refused", "bad")
        case EventType.inferenceFailed.name: ("Failed", "warn")
        case EventType.inferenceAborted.name: ("Aborted", "warn")
        default: ("Open", "")
        }
    }

    /// A refusal's or a failure's reason; nil where all went well.
    var reason: String? { outcome?["reason_code"]?.string ?? intent["reason_code"]?.string }

    /// - Parameters:
    ///   - models: public model names by route id.
    ///   - people: names by principal id.
    func values(models: [String: String], people: [String: String]) -> [String: Any] {
        let data = outcome?["data"]
        let tokens = [data?["input_tokens"]?.int, data?["output_tokens"]?.int].map { $0.map { Format.count($0) } ?? "–" }
        var out: [String: Any] = [
            "when": Format.moment(Timestamp(microseconds: row.intent.recordedAt)), "result": result.word, "class": result.badge,
            "model": intent["data"]?["route_id"]?.string.map { models[$0] ?? $0 } ?? "no such route",
            "system": row.intent.system ?? "–", "caller": intent["data"]?["principal_id"]?.string.map { people[$0] ?? $0 } ?? "–",
            "tokens": outcome?["type"]?.string == EventType.inferenceCompleted.name ? tokens.joined(separator: ", ") : "–",
            "took": data?["latency_us"]?.int.map { Format.duration(microseconds: $0) } ?? "–", "id": row.intent.id,
        ]
        if let reason { out["reason"] = reason.split(separator: "_").joined(separator: " ") }
        return out
    }
}
