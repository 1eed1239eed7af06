import Access
import Gateway
import Server
import Testing

@Suite("Documents for apply")
struct DesiredStateTests {
    private let whole = """
        providers:
          - {name: stub, kind: openai, base_url: "http://127.0.0.1:18091/v1", credential_env: STUB_KEY, region: local}
          - name: house-rules
            kind: rules
            rules: [{pattern: "refund", answer: "Refunds take five days."}]
            default_answer: "I do not know."
        routes:
          - {model: m, system: sys_demo, provider: stub, upstream_model: m-1, capture: hash, include_usage: true, classification: restricted}
          - model: n
            system: sys_demo
            provider: stub
            timeouts_ms: {connect: 10, total: 20}
        users: [{name: ann, kind: person, roles: [operator]}, {name: app, kind: service, owner: ann}]
        grants:
          - {principal: app, role: application, route: "*"}
          - {principal: ann, role: auditor, state: absent}
        tokens: [{name: app-key, principal: app, expires_in_days: 30}]
        """

    @Test("a whole document reads as it stands")
    func readsWhole() throws {
        let state = try DesiredState(yaml: whole)
        #expect(state.gateway.providers.map(\.specification.name) == ["stub", "house-rules"])
        #expect(state.gateway.providers.map(\.line) == [2, 3])
        #expect(state.gateway.providers[0].specification.credential == .environment("STUB_KEY"))
        #expect(state.gateway.providers[1].specification.rules == [.init(pattern: "refund", answer: "Refunds take five days.")])
        let routes = state.gateway.routes.map(\.specification)
        #expect(routes[0].upstreamModel == "m-1" && routes[0].capture == .hash && routes[0].includeUsage && routes[0].classification == "restricted")
        #expect(routes[1].upstreamModel == "n" && routes[1].timeouts == RouteTimeouts(connect: 10, total: 20) && routes[1].capture == .full)
        #expect(state.access.users.map(\.name) == ["ann", "app"])
        #expect(state.access.users[0].roles == ["operator"] && state.access.users[1].owner == "ann" && state.access.users[1].roles == nil)
        #expect(state.access.grants[0].route == "*" && state.access.grants[1].isAbsent && !state.access.grants[0].isAbsent)
        #expect(state.access.tokens[0].lifetimeDays == 30)
        #expect(state.routeNames == ["m", "n"])
    }

    @Test(
        "what is wrong is named with its line",
        arguments: [
            ("providers: []\nroots: []", 2, "`roots`"), ("users:\n  - name: ann\n    kind: person\n    rolls: []", 4, "`rolls`"),
            ("users:\n  - name: ann", 2, "kind is missing"), ("users:\n  - {name: ann, kind: robot}", 2, "agent, person, service"),
            ("users:\n  - name:\n    kind: person", 2, "a text"), ("users: ann", 1, "a list"), ("- a", 1, "keys with values"),
            ("users:\n  - ann", 2, "keys with values"), ("tokens:\n  - {name: k, principal: a, expires_in_days: soon}", 2, "an integer"),
            ("tokens:\n  - {name: k, principal: a, expires_in_days: 1.5}", 2, "an integer"),
            ("tokens:\n  - {name: k, principal: a, expires_in_days: \"9\"}", 2, "an integer"),
            ("routes:\n  - {model: m, system: s, provider: p,\n     include_usage: yes}", 3, "true or false"),
            ("routes:\n  - {model: m, system: s, provider: p, capture: all}", 2, "full, hash, redacted, sampled"),
            ("providers:\n  - name: p\n    kind: openai\n    credential_env: A\n    credential_file: /b", 5, "either"),
            ("users:\n  - {name: a, name: b, kind: person}", 2, "twice"), ("users: [\n  {name: a", 3, "not YAML"),
            ("grants:\n  - {principal: a, role: r, state: gone}", 2, "absent, present"),
        ])
    func wrong(_ yaml: String, _ line: Int, _ message: String) {
        do {
            _ = try DesiredState(yaml: yaml)
            Issue.record("read")
        } catch {
            #expect(error.line == line && error.message.contains(message), "\(error)")
        }
    }

    @Test("a secret in the place of a key is not repeated")
    func secretAsKey() {
        do {
            _ = try DesiredState(yaml: "sk-VERY-SECRET: 1")
            Issue.record("read")
        } catch {
            #expect(!error.message.contains("SECRET"))
        }
    }

    @Test("what is no document at all is refused", arguments: ["", "# only words", "a: 1\n---\nb: 2", "\u{0}", "users: !!binary x", "&a [*a]"])
    func noDocument(_ yaml: String) {
        #expect(throws: DocumentError.self) { try DesiredState(yaml: yaml) }
    }

    @Test("too long and too deep are refused")
    func bounds() {
        #expect(throws: DocumentError.self) { try DesiredState(yaml: String(repeating: "#", count: (1 << 20) + 1)) }
        #expect(throws: DocumentError.self) { try DesiredState(yaml: "users: " + String(repeating: "[", count: 100_000)) }
        #expect(throws: DocumentError.self) { try DesiredState(yaml: String(repeating: "- ", count: 100_000) + "a") }
        #expect(throws: DocumentError.self) { try DesiredState(yaml: String(repeating: "{a: ", count: 100_000)) }
        #expect(throws: DocumentError.self) { try DesiredState(yaml: "users:\n" + String(repeating: "  - {}\n", count: 10_001)) }
    }

    @Test("empty sections are nothing to do")
    func empty() throws {
        let state = try DesiredState(yaml: "users: []\nroutes: []")
        #expect(state.gateway.isEmpty && state.access.isEmpty)
    }
}
