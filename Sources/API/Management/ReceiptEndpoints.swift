package import Access
package import Core
package import Ledger

/// Receipts: what the log can prove of one event, and its sealed contents for those who may.
package struct ReceiptEndpoints: Sendable {
    private let ledger: Ledger
    private let authorizer: any Authorizer
    private let decisions: DecisionLog
    private let identifiers = IdentifierMaker()

    package init(ledger: Ledger, authorizer: any Authorizer, decisions: DecisionLog) {
        self.ledger = ledger
        self.authorizer = authorizer
        self.decisions = decisions
    }

    package var all: [Endpoint] {
        [
            Endpoint(
                "GET", "/api/v1/receipts/{id}", "getReceipt", "State, outcome and inclusion proofs of an event", .known,
                response: Self.schema
            ) { call in
                .json(try await receipt(try call.parameter("id"), for: try call.caller()))
            },
            Endpoint(
                "GET", "/api/v1/receipts/{id}/proof", "getProof", "The event's inclusion proof as a tlog-proof file", .known,
                responseType: "text/plain"
            ) { call in
                guard let found = try await find(try call.parameter("id")) else { throw Problem.notFound("no such event is integrated") }
                try await authorise(found, try call.caller())
                return .bytes(found.entry.proof, contentType: "text/plain; charset=utf-8")
            },
            Endpoint(
                "POST", "/api/v1/receipts/{id}/unseal", "unseal", "Open the sealed contents of an event; recorded before they are shown",
                .action(.unseal),
                request: [
                    "type": "object", "required": ["purpose"], "properties": ["purpose": ["enum": .array(Self.purposes.map { JSONValue($0) })]],
                ],
                response: Schema.object([
                    "id": Schema.identifier, "contents": ["type": "object", "additionalProperties": ["type": "string"]],
                ])
            ) { call in
                .json(try await unseal(try call.parameter("id"), call))
            },
        ]
    }

    private static let entrySchema = Schema.object([
        "id": Schema.identifier, "index": Schema.integer, "type": Schema.text, "recorded_at": Schema.time, "leaf": Schema.text,
        "proof": Schema.text, "has_payload": Schema.boolean,
    ])

    /// Of an event that is not integrated there is its id and `pending`.
    private static let schema = Schema.object(
        [
            "id": Schema.identifier,
            "state": ["enum": ["pending", "integrated", "open", "completed", "denied", "failed", "aborted"]],
        ],
        optional: ["origin": Schema.text, "entry": entrySchema, "outcome": entrySchema, "answers": Schema.array(Schema.identifier)])

    private func find(_ id: String) async throws -> Receipt? {
        guard Identifier(parsing: id) != nil else { throw Problem.invalid("this is not the id of an event") }
        return try await blocking { [ledger] in try ledger.receipt(id) }
    }

    private func receipt(_ id: String, for principal: Principal) async throws -> JSONValue {
        guard let found = try await find(id) else {
            // Not integrated yet, or unknown: which of the two is told by asking again after a second.
            return ["id": JSONValue(id), "state": "pending"]
        }
        try await authorise(found, principal)
        let outcome = found.answers.first { $0.type.hasPrefix("inference.") }
        return .compact([
            "id": JSONValue(id), "state": JSONValue(Self.state(found.entry, outcome)), "origin": JSONValue(ledger.origin),
            "entry": Self.render(found.entry), "outcome": outcome.map(Self.render),
            "answers": .array(found.answers.map { JSONValue($0.id) }),
        ])
    }

    private static func state(_ entry: Receipt.Entry, _ outcome: Receipt.Entry?) -> String {
        guard entry.type == EventType.inferenceRequested.name else { return "integrated" }
        return outcome.map { String($0.type.dropFirst("inference.".count)) } ?? "open"
    }

    private static func render(_ entry: Receipt.Entry) -> JSONValue {
        [
            "id": JSONValue(entry.id), "index": JSONValue(Int64(entry.index)), "type": JSONValue(entry.type),
            "recorded_at": JSONValue(entry.recordedAt),
            "leaf": JSONValue(String(decoding: entry.leaf, as: UTF8.self)), "proof": JSONValue(String(decoding: entry.proof, as: UTF8.self)),
            "has_payload": JSONValue(entry.hasPayload),
        ]
    }

    /// Whoever may call a route may see the receipts of that route; the rest needs the right on the installation.
    private func authorise(_ receipt: Receipt, _ principal: Principal) async throws {
        if authorizer.decide(AccessRequest(principal: principal, action: .readReceipts)).allowed { return }
        let leaf = try JSONParser.parse(receipt.entry.leaf, maximumBytes: LeafTemplate.maximumLeafBytes)
        if let route = leaf["data"]?["route_id"]?.string, leaf["actor"]?["id"]?.string == principal.id {
            let asked = AccessRequest(principal: principal, action: .readReceipts, resource: Resource(type: "route", id: route))
            if authorizer.decide(asked).allowed { return }
        }
        _ = try await decisions.decide(AccessRequest(principal: principal, action: .readReceipts))
        throw Problem(403, "forbidden", "this receipt is of somebody else's request")
    }

    private static let purposes = ["incident", "audit", "subject_request", "support", "quality"]

    private func unseal(_ id: String, _ call: Call) async throws -> JSONValue {
        guard let purpose = try call.object()["purpose"]?.string, Self.purposes.contains(purpose) else {
            throw Problem.invalid("purpose must be one of: \(Self.purposes.joined(separator: ", "))")
        }
        let principal = try call.caller()
        guard let found = try await find(id), found.entry.hasPayload else { throw Problem.notFound("no sealed contents are stored for this event") }
        let decision = authorizer.decide(AccessRequest(principal: principal, action: .unseal))
        let leaf = try JSONParser.parse(found.entry.leaf, maximumBytes: LeafTemplate.maximumLeafBytes)
        let contents = try await blocking { [ledger] in try ledger.unseal(id) }
        // I1: the record first, then the contents.
        try await ledger.record(
            Event(
                id: identifiers.make("evt").text, type: .payloadUnsealed, actor: principal.actor, action: Action.unseal.rawValue,
                resource: Resource(type: "event", id: id), system: leaf["system"]?.string, policy: decision.policy, assurance: .enforced,
                classification: leaf["classification"]?.string ?? Classification.confidential,
                data: CanonicalObject([
                    "content": "prompt", "fields": .array(contents.map { JSONValue($0.name) }), "purpose": JSONValue(purpose),
                    "request_id": JSONValue(id),
                ])))
        return [
            "id": JSONValue(id),
            "contents": .object(
                Dictionary(contents.map { ($0.name, JSONValue(String(decoding: $0.bytes, as: UTF8.self))) }, uniquingKeysWith: { a, _ in a })),
        ]
    }
}
