import Core
import Ledger

/// What happened to one request, as sentences with times, from its two leaves.
struct RequestStory {
    let intent: JSONValue
    let outcome: JSONValue?
    let receipt: Receipt
    let outcomeEntry: Receipt.Entry?
    let models: [String: String]
    /// Names by principal and human id.
    let people: [String: String]

    private var data: JSONValue { intent["data"] ?? [:] }
    private var answer: JSONValue { outcome?["data"] ?? [:] }
    private var reason: String? { outcome?["reason_code"]?.string ?? intent["reason_code"]?.string }

    var result: (word: String, badge: String) {
        switch outcomeEntry?.type {
        case EventType.inferenceCompleted.name: ("Completed", "good")
        case EventType.inferenceDenied.name: ("Refused", "bad")
        case EventType.inferenceFailed.name: ("Failed", "warn")
        case EventType.inferenceAborted.name: ("Aborted", "warn")
        default: ("Open", "")
        }
    }

    var heading: String {
        switch outcomeEntry?.type {
        case EventType.inferenceCompleted.name:
            answer["latency_us"]?.int.map { "Answered in \(Format.duration(microseconds: $0))" } ?? "Answered"
        case EventType.inferenceDenied.name: "Refused: \(words(reason))"
        case EventType.inferenceFailed.name: "Failed: \(words(reason))"
        case EventType.inferenceAborted.name: "Aborted: \(words(reason))"
        default: "Not finished yet"
        }
    }

    var captureMode: String {
        switch data["capture_mode"]?.string {
        case "full": "nothing of it was left to keep"
        case "hash": "this system keeps digests only"
        case let mode: words(mode)
        }
    }

    private func words(_ code: String?) -> String { (code ?? "unknown").split(separator: "_").joined(separator: " ") }

    private func person(_ id: String?) -> String {
        guard let id else { return "nobody" }
        return people[id].map { "\($0) (\(id))" } ?? id
    }

    private func model(_ id: String?) -> String { id.map { models[$0] ?? $0 } ?? "a model that there is no route for" }

    var steps: [[String: Any]] {
        var out: [[String: Any]] = []
        func step(_ when: String, _ what: String, _ detail: String, durable: Bool = false) {
            out.append(["when": when, "what": what, "detail": detail, "durable": durable])
        }
        let start = receipt.entry.recordedAt
        step(
            Format.moment(start), "Called by \(person(intent["actor"]?["id"]?.string))",
            "behind it: \(person(intent["actor"]?["human"]?.string)); token \(data["credential_id"]?.string ?? "–")")
        let isAllowed = data["decision"]?.string == "allow"
        step(
            "", "\(isAllowed ? "Allowed" : "Not allowed") to query \(model(data["route_id"]?.string))",
            isAllowed
                ? "by grant \((data["grants"]?.array ?? []).compactMap(\.string).joined(separator: ", ")); policy \(intent["policy"]?.string ?? "–")"
                : words(intent["reason_code"]?.string) + "; policy \(intent["policy"]?.string ?? "–")")
        step(
            "", "Intent durable",
            "entry \(Format.count(receipt.entry.index)), \(isAllowed ? "before the provider was contacted" : "before the refusal was told")",
            durable: true)
        if let first = answer["first_byte_us"]?.int {
            step(
                Format.duration(microseconds: first), "First byte from \(answer["provider_model"]?.string ?? "the provider")",
                "provider \(answer["provider_id"]?.string ?? "–"), region \(answer["region"]?.string ?? "–")")
        }
        if let outcomeEntry {
            let took = outcomeEntry.recordedAt.microseconds - start.microseconds
            step(
                Format.duration(microseconds: took),
                outcomeEntry.type == EventType.inferenceCompleted.name ? "Outcome durable, then released" : "Outcome durable: \(words(reason))",
                "entry \(Format.count(outcomeEntry.index))", durable: true)
        }
        return out
    }

    var facts: [[String: Any]] {
        var out: [[String: Any]] = []
        func fact(_ name: String, _ value: String?) {
            if let value { out.append(["name": name, "value": value]) }
        }
        fact("System", intent["system"]?.string)
        fact("Asked, served", "\(model(data["route_id"]?.string)) → \(answer["model_version_id"]?.string ?? "–")")
        fact("Binding", answer["binding"]?.string.map { $0 == "vendor" ? "vendor: the provider's word for its model" : $0 })
        if let input = answer["input_tokens"]?.int, let output = answer["output_tokens"]?.int {
            fact("Usage", "\(Format.count(input)) \(input == 1 ? "token" : "tokens") in, \(Format.count(output)) out")
        }
        fact("Finish", answer["finish"]?.string)
        fact("Streamed", data["streamed"]?.bool.map { $0 ? "yes" : "no" })
        fact("Upstream id", answer["upstream_request_id"]?.string)
        fact("Released", answer["released_digest"]?.string)
        fact("Route in force", data["route_digest"]?.string)
        fact("Known by us as", intent["assurance"]?.string)
        fact("Controls", "RUN-01, ACC-01")
        return out
    }
}
