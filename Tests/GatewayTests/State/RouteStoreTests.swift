import Core
import Database
import DatabaseContract
import Gateway
import SQLiteDatabase
import Synchronization
import Testing

/// Allows one principal to apply.
private struct OnlyAnn: Authorizer {
    func decide(_ request: AccessRequest) -> AccessDecision {
        let allowed = request.principal.id == "usr_ann" && request.action == "apply"
        return AccessDecision(allowed: allowed, reasonCode: allowed ? "granted" : "no_grant", policy: "sha256:policy", grants: [])
    }
}

/// Secrets by name; what is not there is missing.
private final class Secrets: CredentialSource {
    let values = Mutex(["KEY": "very-secret", "OTHER": "other-secret"])

    func credential(_ reference: CredentialReference) throws(GatewayError) -> ProviderCredential {
        guard case .environment(let name) = reference, let value = values.withLock({ $0[name] }) else {
            throw GatewayError(.invalidConfiguration, "missing")
        }
        return try ProviderCredential(value)
    }
}

private struct Store {
    let directory: TemporaryDirectory
    let database: SQLiteDatabase
    let recorder: OutboxRecorder
    let secrets: Secrets
    let routes = RouteSwitch()
    let store: RouteStore
    let ann = Principal(id: "usr_ann", kind: .user, human: "hum_ann")

    init(_ before: Store? = nil, isSolo: Bool = false) async throws {
        directory = try before?.directory ?? TemporaryDirectory()
        recorder = before?.recorder ?? OutboxRecorder()
        secrets = before?.secrets ?? Secrets()
        var options = SQLiteDatabase.Options()
        options.rehearsesWrites = true
        database = try await SQLiteDatabase.open(path: directory.file("state.db"), options: options)
        try await database.migrate(Outbox.migrations + GatewayMigrations.all)
        var context = RouteStore.Context(recorder: recorder, authorizer: OnlyAnn())
        context.credentials = secrets
        context.isSolo = isSolo
        store = RouteStore(database: database, relay: OutboxRelay(database: database, recorder: recorder), context: context, routes: routes)
        try await store.open()
    }
}

private let stub = ProviderSpecification(
    name: "stub", kind: .openai, baseURL: "http://127.0.0.1:18091/v1", credential: .environment("KEY"), region: "eu")
private let rules = ProviderSpecification(
    name: "house", kind: .rules, rules: [.init(pattern: "refund", answer: "Five days.")], defaultAnswer: "I do not know.")
private let routeM = RouteSpecification(model: "m", system: "sys_a", provider: "stub")
private let routeR = RouteSpecification(model: "r", system: "sys_b", provider: "house", capture: .hash)

private func document(_ providers: [ProviderSpecification], _ routes: [RouteSpecification]) -> GatewayDocument {
    GatewayDocument(
        providers: providers.enumerated().map { .init(line: 10 + $0.offset, $0.element) },
        routes: routes.enumerated().map { .init(line: 20 + $0.offset, $0.element) })
}

private func data(_ event: Event?) throws -> JSONValue { try JSONParser.parse(try #require(event).data.bytes) }

@Suite("Providers and routes as governed objects")
struct RouteStoreTests {
    private let all = document([stub, rules], [routeM, routeR])

    @Test("a first apply serves the routes, a second changes nothing")
    func idempotent() async throws {
        let it = try await Store()
        let first = try await it.store.apply(all, by: it.ann)
        #expect(
            first.plan.lines == [
                "+ provider stub (openai)", "+ provider house (rules)", "+ capture sys_a full", "+ capture sys_b hash", "+ route m → stub",
                "+ route r → house",
            ])
        #expect(it.routes.current().routes.map(\.model) == ["m", "r"])
        #expect(it.routes.current().route(for: "m")?.id == first.routeIDs["m"])
        let entries = it.recorder.entries.count
        #expect(entries == 6)
        let second = try await it.store.apply(all, by: it.ann)
        #expect(second.plan.isEmpty && second.routeIDs == first.routeIDs)
        #expect(it.recorder.entries.count == entries)
    }

    @Test("each object's event has its version, digests and attributes")
    func events() async throws {
        let it = try await Store(isSolo: true)
        let applied = try await it.store.apply(all, by: it.ann, justification: "words")
        let route = try #require(it.routes.current().route(for: "m"))
        let event = it.recorder.events.first { $0.resource?.type == "route" && $0.resource?.id == route.id }
        #expect(event?.resource?.version == "1" && event?.system == "sys_a" && event?.policy == "sha256:policy")
        #expect(event?.actor.human == "hum_ann" && event?.marks == [.solo] && event?.assurance == .enforced)
        let fields = try data(event)
        #expect(fields["after_digest"]?.string == route.digest && fields["before_digest"] == nil && fields["mode"] == "enforce")
        #expect(fields["attributes"]?["system"] == "sys_a" && fields["attributes"]?["log_required"] == true)
        #expect(fields["attributes"]?["regions"] == ["eu"] && fields["attributes"]?["capture_mode"] == "full")
        let capture = try data(it.recorder.events.first { $0.resource == Resource(type: "capture", id: "sys_b", version: "1") })
        #expect(capture["value_text"] == "hash" && capture["attributes"]?["system"] == "sys_b")
        let provider = it.recorder.events.first { $0.resource?.type == "provider" }
        #expect(try data(provider)["attributes"] == ["kind": "openai", "region": "eu", "region_proof": "configuration"])
        #expect(applied.routeIDs["m"] == route.id)
        let vocabulary = try EventVocabulary()
        for entry in it.recorder.entries {
            #expect(entry.record.sealed == Array("words".utf8))
            #expect(vocabulary.faults(of: try #require(entry.event)) == [])
        }
    }

    @Test("the secret is neither in the log nor in the database, and goes upstream")
    func secrecy() async throws {
        let it = try await Store()
        _ = try await it.store.apply(all, by: it.ann)
        for entry in it.recorder.entries { #expect(!String(decoding: entry.record.leaf.bytes, as: UTF8.self).contains("secret")) }
        for row in try await it.database.read({ try $0.query("SELECT content FROM gateway_object_version") }) {
            #expect(try !row.text(0).contains("secret"))
        }
        guard case .openai(_, _, let credential) = try #require(it.routes.current().route(for: "m")).provider.answerer else {
            Issue.record("no upstream")
            return
        }
        #expect(credential != nil && "\(credential as Any)".contains("redacted"))
    }

    @Test("a change is a new version, shown by its keys, and the old one stays in the history")
    func versions() async throws {
        let it = try await Store()
        _ = try await it.store.apply(all, by: it.ann)
        let before = try #require(it.routes.current().route(for: "r"))
        var changed = routeR
        changed.includeUsage = true
        changed.classification = "restricted"
        let applied = try await it.store.apply(document([], [changed]), by: it.ann)
        #expect(applied.plan.lines == ["~ route r: classification, include_usage"])
        let after = try #require(it.routes.current().route(for: "r"))
        #expect(after.id == before.id && after.deploymentID == before.deploymentID && after.digest != before.digest)
        let event = try data(it.recorder.events.last)
        #expect(event["before_digest"]?.string == before.digest && event["after_digest"]?.string == after.digest)
        #expect(it.recorder.events.last?.resource?.version == "2")
        let versions = try await it.database.read { transaction in
            try transaction.query(
                "SELECT version, digest FROM gateway_object_version WHERE kind = 'route' AND id = ? ORDER BY version", [.text(before.id)])
        }
        #expect(try versions.map { try $0.text(1) } == [before.digest, after.digest])
    }

    @Test("a changed provider makes a new version of each route on it, under the digest that its requests carry")
    func providerChange() async throws {
        let it = try await Store()
        _ = try await it.store.apply(all, by: it.ann)
        let before = try #require(it.routes.current().route(for: "m"))
        var moved = stub
        moved.baseURL = "http://127.0.0.1:18092/v1"
        let applied = try await it.store.apply(document([moved], []), by: it.ann)
        #expect(applied.plan.lines == ["~ provider stub: base_url", "~ route m: its provider"])
        let after = try #require(it.routes.current().route(for: "m"))
        #expect(after.digest != before.digest)
        #expect(try data(it.recorder.events.last)["after_digest"]?.string == after.digest)
    }

    @Test("another upstream model is another deployment; another credential has another id")
    func deployment() async throws {
        let it = try await Store()
        _ = try await it.store.apply(all, by: it.ann)
        let before = try #require(it.routes.current().route(for: "m"))
        var (route, provider) = (routeM, stub)
        route.upstreamModel = "m-2"
        provider.credential = .environment("OTHER")
        _ = try await it.store.apply(document([provider], [route]), by: it.ann)
        let after = try #require(it.routes.current().route(for: "m"))
        #expect(after.deploymentID != before.deploymentID && after.provider.credentialID != before.provider.credentialID)
        #expect(after.provider.id == before.provider.id)
    }

    @Test("a restart serves the same table and records nothing")
    func restart() async throws {
        let first = try await Store()
        _ = try await first.store.apply(all, by: first.ann)
        let entries = first.recorder.entries.count
        try await first.database.close()
        let second = try await Store(first)
        #expect(second.routes.current().digest == first.routes.current().digest)
        #expect(second.recorder.entries.count == entries)
        #expect(try await second.store.apply(all, by: second.ann).plan.isEmpty)
    }

    @Test("a provider whose secret is gone takes out its own routes, and says so without the secret")
    func missingSecret() async throws {
        let first = try await Store()
        _ = try await first.store.apply(all, by: first.ann)
        try await first.database.close()
        first.secrets.values.withLock { $0["KEY"] = nil }
        let second = try await Store(first)
        #expect(second.routes.current().routes.map(\.model) == ["r"])
        #expect(second.store.problems == ["provider stub is not used: missing"])
    }

    @Test("a disabled route is kept and not served")
    func disabled() async throws {
        let it = try await Store()
        _ = try await it.store.apply(all, by: it.ann)
        var off = routeM
        off.mode = .disabled
        let id = it.routes.current().route(for: "m")?.id
        _ = try await it.store.apply(document([], [off]), by: it.ann)
        #expect(it.routes.current().routes.map(\.model) == ["r"])
        #expect(try data(it.recorder.events.last)["mode"] == "disabled")
        #expect(try await it.store.routeIDs()["m"] == id)
        _ = try await it.store.apply(document([], [routeM]), by: it.ann)
        #expect(it.routes.current().route(for: "m")?.id == id)
    }

    @Test("who may not apply changes nothing")
    func forbidden() async throws {
        let it = try await Store()
        let bob = Principal(id: "usr_bob", kind: .user, human: "hum_bob")
        await #expect(throws: GatewayError.self) { try await it.store.apply(all, dryRun: true, by: bob) }
        await #expect(throws: GatewayError.self) { try await it.store.apply(all, by: bob) }
        #expect(it.recorder.entries.isEmpty && it.routes.current().routes.isEmpty)
    }

    @Test("a dry run changes nothing")
    func dryRun() async throws {
        let it = try await Store()
        #expect(try await it.store.apply(all, dryRun: true, by: it.ann).plan.lines.count == 6)
        #expect(it.recorder.entries.isEmpty && it.routes.current().routes.isEmpty)
        #expect(try await it.database.read { try $0.query("SELECT 1 FROM gateway_object") }.isEmpty)
    }

    @Test("one wrong line, and nothing is changed", arguments: wrongDocuments)
    func wrong(_ wrong: Wrong) async throws {
        let it = try await Store()
        do {
            _ = try await it.store.apply(wrong.document, by: it.ann)
            Issue.record("applied")
        } catch let error as GatewayError {
            #expect(error.code == .invalidConfiguration && error.message.contains("line \(wrong.line):"), "\(error)")
        }
        #expect(it.recorder.entries.isEmpty)
    }
}

struct Wrong: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let line: Int
    let document: GatewayDocument
}

private func changed<T>(_ value: T, _ change: (inout T) -> Void) -> T {
    var value = value
    change(&value)
    return value
}

private let wrongDocuments: [Wrong] = [
    Wrong(testDescription: "no such provider", line: 20, document: document([], [routeM])),
    Wrong(testDescription: "the same route twice", line: 21, document: document([stub], [routeM, routeM])),
    Wrong(testDescription: "the same provider twice", line: 11, document: document([stub, stub], [])),
    Wrong(testDescription: "a bad address", line: 10, document: document([changed(stub) { $0.baseURL = "ftp://x" }], [])),
    Wrong(testDescription: "no address", line: 10, document: document([changed(stub) { $0.baseURL = nil }], [])),
    Wrong(testDescription: "a secret that is not there", line: 10, document: document([changed(stub) { $0.credential = .environment("NONE") }], [])),
    Wrong(testDescription: "rules for an upstream", line: 10, document: document([changed(stub) { $0.defaultAnswer = "x" }], [])),
    Wrong(testDescription: "an address for rules", line: 10, document: document([changed(rules) { $0.baseURL = "http://x" }], [])),
    Wrong(testDescription: "rules without a default", line: 10, document: document([changed(rules) { $0.defaultAnswer = nil }], [])),
    Wrong(testDescription: "an empty pattern", line: 10, document: document([changed(rules) { $0.rules[0] = .init(pattern: "", answer: "x") }], [])),
    Wrong(testDescription: "a name with spaces", line: 10, document: document([changed(stub) { $0.name = "a b" }], [])),
    Wrong(testDescription: "words as a region", line: 10, document: document([changed(stub) { $0.region = "somewhere nice" }], [])),
    Wrong(testDescription: "words as a system", line: 20, document: document([stub], [changed(routeM) { $0.system = "my system" }])),
    Wrong(testDescription: "an unknown classification", line: 20, document: document([stub], [changed(routeM) { $0.classification = "top" }])),
    Wrong(testDescription: "a capture that is not built", line: 20, document: document([stub], [changed(routeM) { $0.capture = .sampled }])),
    Wrong(testDescription: "no time at all", line: 20, document: document([stub], [changed(routeM) { $0.timeouts.idle = 0 }])),
    Wrong(testDescription: "bodies without bound", line: 20, document: document([stub], [changed(routeM) { $0.maximumBodyBytes = .max }])),
    Wrong(
        testDescription: "two captures for one system", line: 21,
        document: document([stub, rules], [routeM, changed(routeR) { $0.system = "sys_a" }])),
]
