package import Access
import Core

/// Service tokens: made, listed without their secrets, revoked.
package struct TokenEndpoints: Sendable {
    private let access: AccessService

    package init(access: AccessService) { self.access = access }

    package var all: [Endpoint] {
        [
            Endpoint("GET", "/api/v1/tokens", "listTokens", "Tokens, without their secrets", .action(.readAccess), response: Self.listSchema) { _ in
                .json(try await list())
            },
            Endpoint(
                "POST", "/api/v1/tokens", "issueToken", "Make a token; its secret is in the answer and nowhere else", .action(.manageTokens),
                request: [
                    "type": "object", "required": ["name", "principal"],
                    "properties": [
                        "name": ["type": "string", "minLength": 1, "maxLength": 128], "principal": ["type": "string"],
                        "expires_in_days": ["type": "integer", "minimum": 1, "maximum": 366],
                    ],
                ],
                response: Schema.object(["id": Schema.identifier, "name": Schema.text, "expires_at": Schema.time, "token": Schema.text]), status: 201
            ) { call in .json(try await issue(call)) },
            Endpoint("DELETE", "/api/v1/tokens/{id}", "revokeToken", "End a token; no request is accepted with it any more", .action(.manageTokens)) {
                call in
                let id = try call.parameter("id")
                try await access.revokeToken(id, by: ChangeOrigin(try call.caller()))
                return .json(["id": JSONValue(id), "state": "revoked"])
            },
        ]
    }

    private static let listSchema = Schema.object([
        "tokens": Schema.array(
            Schema.object(
                [
                    "id": Schema.identifier, "name": Schema.text, "principal": Schema.text, "created_at": Schema.time, "expires_at": Schema.time,
                    "state": ["enum": ["active", "expired", "revoked"]],
                ], optional: ["last_used_at": Schema.time]))
    ])

    private func list() async throws -> JSONValue {
        let state = try await access.state()
        let names = Dictionary(state.users.map { ($0.id, $0.name) }, uniquingKeysWith: { a, _ in a })
        let now = SystemClock().now()
        return [
            "tokens": .array(
                state.tokens.map { token in
                    .compact([
                        "id": JSONValue(token.id), "name": JSONValue(token.name),
                        "principal": JSONValue(names[token.principalID] ?? token.principalID),
                        "state": JSONValue(token.revokedAt != nil ? "revoked" : token.expiresAt <= now ? "expired" : "active"),
                        "created_at": JSONValue(token.createdAt), "expires_at": JSONValue(token.expiresAt),
                        "last_used_at": token.lastUsedAt.map { JSONValue($0) },
                    ])
                })
        ]
    }

    private func issue(_ call: Call) async throws -> JSONValue {
        let body = try call.object()
        guard let name = body["name"]?.string, let principal = body["principal"]?.string else {
            throw Problem.invalid("name and principal are needed")
        }
        let state = try await access.state()
        guard let user = state.users.first(where: { $0.isActive && ($0.name == principal || $0.id == principal) }) else {
            throw Problem.notFound("no active principal has this name or id")
        }
        guard body["expires_in_days"] == nil || body["expires_in_days"]?.int != nil, let days = body["expires_in_days"]?.int ?? Optional(90),
            (1...366).contains(days)
        else { throw Problem.invalid("expires_in_days must be 1 to 366") }
        let issued = try await access.issueToken(
            NewToken(name: name, principalID: user.id, lifetimeDays: Int(days)), by: ChangeOrigin(try call.caller()))
        return [
            "id": JSONValue(issued.id), "name": JSONValue(issued.name), "expires_at": JSONValue(issued.expiresAt),
            "token": JSONValue(issued.token.text),
        ]
    }
}
