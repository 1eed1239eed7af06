import Access
import Core
import Hummingbird
import Ledger
import MerkleLog

extension Console {
    private static let pageSize = 50

    private static let outcomes: [(value: String, label: String, type: EventType?)] = [
        ("", "Any", nil), ("completed", "Completed", .inferenceCompleted), ("denied", "Refused", .inferenceDenied),
        ("failed", "Failed", .inferenceFailed), ("aborted", "Aborted", .inferenceAborted),
    ]

    /// The list of requests.
    func requests(_ visit: Visit) async throws -> Response {
        if let id = visit.query["id"], !id.isEmpty { return Page.redirect(to: "/requests/" + Self.escaped(id)) }
        let chosen = Self.outcomes.first { $0.value == visit.query["outcome"] } ?? Self.outcomes[0]
        let system = visit.query["system"].flatMap { $0.isEmpty ? nil : $0 }
        let before = visit.query["before"].flatMap { UInt64($0) }
        let found = try await summaries(.init(outcome: chosen.type, system: system), before: before, limit: Self.pageSize + 1)
        func link(_ before: UInt64?) -> String {
            var parts: [String] = []
            if !chosen.value.isEmpty { parts.append("outcome=\(chosen.value)") }
            if let system { parts.append("system=\(Self.escaped(system))") }
            if let before { parts.append("before=\(before)") }
            return "/requests" + (parts.isEmpty ? "" : "?" + parts.joined(separator: "&"))
        }
        var values = try await rows(
            Array(found.prefix(Self.pageSize)), for: visit,
            empty: (
                "No request is like that", "Take the filter off, or point an application at the data plane: its next request is here a second later."
            ))
        values["outcomes"] = Self.outcomes.map { ["value": $0.value, "label": $0.label, "selected": $0.value == chosen.value] as [String: Any] }
        values["system"] = system ?? ""
        if found.count > Self.pageSize { values["older"] = link(found[Self.pageSize - 1].row.cursor) }
        if before != nil { values["newest"] = link(nil) }
        values["pages"] = values["older"] != nil || values["newest"] != nil
        return try await html("requests", title: "Requests", visit, values)
    }

    func rows(_ summaries: [RequestSummary], for visit: Visit, empty: (title: String, hint: String)) async throws -> [String: Any] {
        let models = source.models()
        let people = try await names(for: visit)
        return [
            "hasRows": !summaries.isEmpty, "rows": summaries.map { $0.values(models: models, people: people) }, "emptyTitle": empty.title,
            "emptyHint": empty.hint,
        ]
    }

    func summaries(_ filter: SearchIndex.RequestFilter, before: UInt64? = nil, limit: Int) async throws -> [RequestSummary] {
        try await blocking { [ledger] in
            let found = try ledger.index.requests(filter, before: before, limit: limit)
            var leaves = LeafReader(ledger: ledger)
            return try found.map { row in try RequestSummary(row) { try leaves.leaf($0) } }
        }
    }

    // MARK: One request

    private struct Found: Sendable {
        var receipt: Receipt
        var intent: JSONValue
        var outcome: (entry: Receipt.Entry, leaf: JSONValue)?
    }

    private func find(_ visit: Visit) async throws -> Found {
        guard let id = visit.parameters["id"], id.hasPrefix("inf_"), Identifier(parsing: id) != nil else { throw HTTPError(.notFound) }
        return try await blocking { [ledger] in
            guard let receipt = try ledger.receipt(id) else { throw HTTPError(.notFound) }
            let outcome = try receipt.answers.first { $0.type.hasPrefix("inference.") }
                .map { ($0, try JSONParser.parse($0.leaf, maximumBytes: LeafTemplate.maximumLeafBytes)) }
            let intent = try JSONParser.parse(receipt.entry.leaf, maximumBytes: LeafTemplate.maximumLeafBytes)
            return Found(receipt: receipt, intent: intent, outcome: outcome)
        }
    }

    /// Leaves and proofs of a request, for the script that checks them and for whoever saves them.
    func proof(_ visit: Visit) async throws -> Response {
        let found = try await find(visit)
        let entries = [("The intent", found.receipt.entry)] + (found.outcome.map { [("The outcome", $0.entry)] } ?? [])
        let body: JSONValue = [
            "vkey": JSONValue(ledger.verifier.vkey),
            "entries": .array(
                entries.map { what, entry in
                    [
                        "what": JSONValue(what), "leaf": JSONValue(String(decoding: entry.leaf, as: UTF8.self)),
                        "proof": JSONValue(String(decoding: entry.proof, as: UTF8.self)),
                    ]
                }),
        ]
        return Page.response(CanonicalJSON.string(body), "application/json")
    }

    func request(_ visit: Visit) async throws -> Response {
        let found = try await find(visit)
        let story = RequestStory(
            intent: found.intent, outcome: found.outcome?.leaf, receipt: found.receipt, outcomeEntry: found.outcome?.entry,
            models: source.models(), people: try await names(for: visit))
        let entries = [found.receipt.entry] + (found.outcome.map { [$0.entry] } ?? [])
        return try await html(
            "request", title: story.heading, visit, script: "proof.js",
            [
                "id": found.receipt.entry.id, "heading": story.heading, "result": story.result.word, "class": story.result.badge,
                "assurance": found.intent["assurance"]?.string ?? "", "steps": story.steps, "facts": story.facts,
                "sealed": entries.contains { $0.hasPayload }, "classification": found.intent["classification"]?.string ?? "",
                "captureMode": story.captureMode, "vkey": ledger.verifier.vkey,
                "leaves": entries.map {
                    ["index": Format.count($0.index), "type": $0.type, "leaf": String(decoding: $0.leaf, as: UTF8.self)] as [String: Any]
                },
            ])
    }

    /// Names by principal and human id, for those who may see them; the log itself holds ids only (I3).
    private func names(for visit: Visit) async throws -> [String: String] {
        guard access.decider.decide(AccessRequest(principal: visit.person, action: .readAccess)).allowed else { return [:] }
        var names: [String: String] = [:]
        for user in try await access.state().users {
            names[user.id] = user.name
            if let human = user.humanID { names[human] = user.name }
        }
        return names
    }
}

/// Reads leaves of one size of the log; neighbours lie in one bundle, which is read once.
struct LeafReader {
    private let ledger: Ledger
    private let size: UInt64
    private var bundles: [UInt64: [[UInt8]]] = [:]

    init(ledger: Ledger) {
        self.ledger = ledger
        size = ledger.checkpoint?.checkpoint.size ?? 0
    }

    mutating func leaf(_ index: UInt64) throws -> [UInt8] {
        let width = UInt64(Tile.fullWidth)
        let number = index / width
        if bundles[number] == nil {
            var leaves: [[UInt8]] = []
            try ledger.store.forEachEntry(from: number * width, through: (number + 1) * width, size: size) { _, leaf in leaves.append(Array(leaf)) }
            bundles[number] = leaves
        }
        guard let leaves = bundles[number], leaves.indices.contains(Int(index % width)) else {
            throw LedgerError(.notFound, "entry \(index) is not signed yet")
        }
        return leaves[Int(index % width)]
    }
}
