import Access
import Core

/// Our own REST API below `/api/v1`, and the endpoints that every server has.
package enum ManagementEndpoints {
    package static func all(_ operations: any ManagementOperations) -> [Endpoint] { service(operations) + state(operations) + evidence(operations) }

    private static func service(_ operations: any ManagementOperations) -> [Endpoint] {
        [
            Endpoint("GET", "/healthz", "health", "Whether the process answers", .open) { _ in .json(["status": "ok"]) },
            Endpoint("GET", "/readyz", "readiness", "Whether requests are accepted", .open) { _ in
                if let reason = operations.unreadiness() { throw Problem(503, "not_ready", reason, retryAfter: 1) }
                return .json(["status": "ready"])
            },
            Endpoint("GET", "/metrics", "metrics", "Metrics in Prometheus' text format", .action(.readStatus), responseType: "text/plain") { _ in
                .bytes(Array(try await operations.metrics().utf8), contentType: "text/plain; version=0.0.4")
            },
            Endpoint("GET", "/api/v1/status", "status", "How the server is", .action(.readStatus)) { _ in .json(try await operations.status()) },
        ]
    }

    private static func state(_ operations: any ManagementOperations) -> [Endpoint] {
        [
            Endpoint("GET", "/api/v1/configuration", "getConfiguration", "Routes and providers in force", .action(.readConfiguration)) { _ in
                .json(try await operations.configuration())
            },
            Endpoint(
                "POST", "/api/v1/apply", "apply", "Bring providers, routes, users, grants and tokens to what a document says", .known,
                request: [
                    "type": "object", "required": ["document"],
                    "properties": ["document": ["type": "string", "description": "YAML"], "dry_run": ["type": "boolean"]],
                ],
                response: Schema.object([
                    "changes": Schema.array(Schema.text), "dry_run": Schema.boolean,
                    "tokens": Schema.array(Schema.object(["id": Schema.identifier, "name": Schema.text, "token": Schema.text])),
                ])
            ) { call in
                let body = try call.object()
                guard let document = body["document"]?.string else { throw Problem.invalid("document is missing: the YAML text to apply") }
                guard let dryRun = body["dry_run"].map(\.bool) ?? false else { throw Problem.invalid("dry_run must be true or false") }
                return .json(try await operations.apply(document: document, dryRun: dryRun, by: try call.caller()))
            },
        ]
    }

    private static func evidence(_ operations: any ManagementOperations) -> [Endpoint] {
        let periodSchema: JSONValue = [
            "type": "object", "required": ["from", "to"],
            "properties": [
                "from": Schema.day, "to": Schema.day, "ids": Schema.array(Schema.text),
            ],
        ]
        return [
            Endpoint("GET", "/api/v1/control-tests", "listControlTests", "The control tests that there are", .action(.readEvidence)) { _ in
                .json(try await operations.controlTests())
            },
            Endpoint(
                "POST", "/api/v1/control-tests/run", "runControlTests", "Run control tests over a period and record the results",
                .action(.testControls), request: periodSchema
            ) { call in
                let body = try call.object()
                let (from, to) = try period(of: body)
                guard body["ids"] == nil || body["ids"]?.array != nil else { throw Problem.invalid("ids must be a list") }
                let ids = try (body["ids"]?.array ?? []).map { element -> String in
                    guard let id = element.string else { throw Problem.invalid("ids must be texts") }
                    return id
                }
                return .json(try await operations.runControlTests(ids, from: from, to: to, by: try call.caller()))
            },
            Endpoint(
                "POST", "/api/v1/bundles", "exportBundle", "Export an evidence bundle of a period", .action(.exportEvidence), request: periodSchema,
                responseType: "application/zip"
            ) { call in
                let (from, to) = try period(of: try call.object())
                let path = try await operations.exportBundle(from: from, to: to, by: try call.caller())
                return .file(path: path, contentType: "application/zip", name: "countersign-\(from.date)-\(to.date).zip")
            },
            Endpoint("POST", "/api/v1/ledger/verify", "verifyLedger", "Read the whole log again and record the finding", .action(.testControls)) {
                _ in
                .json(try await operations.verifyLog())
            },
        ]
    }

    private static func period(of body: JSONValue) throws -> (Timestamp, Timestamp) {
        func time(_ key: String) throws -> Timestamp {
            guard let text = body[key]?.string, let time = Timestamp(parsing: text) else {
                throw Problem.invalid("\(key) must be a date (2026-11-21) or a time in UTC (2026-11-21T10:00Z)")
            }
            return time
        }
        let (from, to) = (try time("from"), try time("to"))
        guard from < to else { throw Problem.invalid("from must be before to") }
        return (from, to)
    }
}
