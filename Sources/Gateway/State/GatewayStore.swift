import Core
package import Database

package enum GatewayMigrations {
    package static let all = [
        Migration(
            room: "gateway", number: 1, name: "providers, routes and captures, with their versions",
            statements: [
                """
                CREATE TABLE gateway_object (
                    kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, content TEXT NOT NULL,
                    PRIMARY KEY (kind, id), UNIQUE (kind, name))
                """,
                """
                CREATE TABLE gateway_object_version (
                    kind TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, content TEXT NOT NULL, digest TEXT NOT NULL,
                    changed_at BIGINT NOT NULL, PRIMARY KEY (kind, id, version))
                """,
            ])
    ]
}

/// The gateway's objects in the database: portable SQL, no rules.
struct GatewayStore {
    let transaction: any Transaction

    func state() throws -> GatewayState {
        var state = GatewayState()
        for row in try transaction.query("SELECT kind, id, version, content FROM gateway_object ORDER BY kind, id") {
            let (kind, id, version) = (try row.text(0), try row.text(1), try row.int64(2))
            let damaged = GatewayError(.invalidConfiguration, "the stored \(kind) \(id) cannot be read: restore the state from a backup")
            guard let json = try? JSONParser.parse(Array(try row.text(3).utf8), maximumBytes: 64 << 20) else { throw damaged }
            switch kind {
            case "provider":
                guard let provider = StoredProvider(id: id, version: version, json: json) else { throw damaged }
                state.providers.append(provider)
            case "route":
                guard let route = StoredRoute(id: id, version: version, json: json) else { throw damaged }
                state.routes.append(route)
            case "capture":
                guard let capture = StoredCapture(system: id, version: version, json: json) else { throw damaged }
                state.captures.append(capture)
            default: throw damaged
            }
        }
        return state
    }

    func put(kind: String, id: String, name: String, version: Int64, content: JSONValue, digest: String, at time: Timestamp) throws {
        let text = CanonicalJSON.string(content)
        try transaction.execute(
            """
            INSERT INTO gateway_object (kind, id, name, version, content) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, version = excluded.version, content = excluded.content
            """, [.text(kind), .text(id), .text(name), .int64(version), .text(text)])
        try transaction.execute(
            "INSERT INTO gateway_object_version (kind, id, version, content, digest, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
            [.text(kind), .text(id), .int64(version), .text(text), .text(digest), .int64(time.microseconds)])
    }
}
