import Access
import Core
import Database
import DatabaseContract
import SQLiteDatabase
import Testing

@Suite("Applying access")
struct AccessApplyTests {
    private let routes = RouteNames(ids: ["m": "rte_1"])
    private let document = AccessDocument(
        users: [
            .init(line: 2, name: "app", kind: .service, owner: "bob"),
            .init(line: 3, name: "bob", kind: .person, roles: ["operator"]),
        ],
        grants: [
            .init(line: 5, principal: "app", role: "application", route: "m"),
            .init(line: 6, principal: "bob", role: "application", route: "*"),
        ],
        tokens: [.init(line: 8, name: "app-key", principal: "app", lifetimeDays: 90)])

    @Test("a first apply makes everything, a second nothing")
    func idempotent() async throws {
        let (it, ann, _) = try await Installation.administered()
        let first = try await it.access.apply(document, routes: routes, by: ann)
        #expect(
            first.plan.lines == [
                "+ user bob (person)", "+ user app (service)", "+ grant bob operator", "+ grant app application route m",
                "+ grant bob application route *", "+ token app-key for app, 90 days",
            ])
        let token = try #require(first.issued.first?.token.text)
        let app = try #require(it.principal(token))
        #expect(it.allows(app, .infer, Resource(type: "route", id: "rte_1")))
        let state = try await it.access.state()
        #expect(app.human == state.users.first { $0.name == "bob" }?.humanID)
        #expect(try it.events(.grantActivated).map { try data($0)["via"]?.string } == ["direct_state", "apply", "apply", "apply"])
        let entries = it.recorder.entries.count
        let second = try await it.access.apply(document, routes: routes, by: ann)
        #expect(second.plan.isEmpty && second.issued.isEmpty)
        #expect(it.recorder.entries.count == entries)
    }

    @Test("a dry run shows the same and changes nothing")
    func dryRun() async throws {
        let (it, ann, _) = try await Installation.administered()
        let entries = it.recorder.entries.count
        let dry = try await it.access.apply(document, routes: RouteNames(ids: [:], planned: ["m"]), dryRun: true, by: ann)
        #expect(dry.plan.lines.count == 6 && dry.issued.isEmpty)
        #expect(it.recorder.entries.count == entries)
        #expect(try await it.access.state().users.count == 1)
        let real = try await it.access.apply(document, routes: routes, by: ann)
        #expect(real.plan.lines == dry.plan.lines)
    }

    @Test("what shall be absent goes, after what shall be there has come")
    func absent() async throws {
        let (it, ann, _) = try await Installation.administered()
        _ = try await it.access.apply(document, routes: routes, by: ann)
        let next = AccessDocument(
            users: [
                .init(line: 2, name: "bob", kind: .person, roles: ["auditor"]),
                .init(line: 3, name: "gone", kind: .person, isAbsent: true),
            ],
            grants: [.init(line: 5, principal: "app", role: "application", route: "m", isAbsent: true)],
            tokens: [.init(line: 6, name: "app-key", principal: "app", isAbsent: true)])
        let applied = try await it.access.apply(next, routes: routes, by: ann)
        #expect(
            applied.plan.lines == [
                "+ grant bob auditor", "- grant bob operator", "- grant app application route m", "- token app-key of app",
            ])
        #expect(try await it.access.apply(next, routes: routes, by: ann).plan.isEmpty)
        let last = AccessDocument(users: [.init(line: 1, name: "bob", kind: .person, isAbsent: true)])
        #expect(try await it.access.apply(last, routes: routes, by: ann).plan.lines == ["- user bob"])
        #expect(try await it.access.apply(last, routes: routes, by: ann).plan.isEmpty)
    }

    @Test("an expired token is made again, a living one is not")
    func expiredToken() async throws {
        let (it, ann, _) = try await Installation.administered()
        _ = try await it.access.apply(document, routes: routes, by: ann)
        it.clock.advance(days: 91)
        #expect(try await it.access.apply(document, routes: routes, by: ann).plan.lines == ["+ token app-key for app, 90 days"])
    }

    @Test("a change of owner is a change, once")
    func owner() async throws {
        let (it, ann, _) = try await Installation.administered()
        _ = try await it.access.apply(document, routes: routes, by: ann)
        let next = AccessDocument(users: [.init(line: 2, name: "app", kind: .service, owner: "ann")])
        #expect(try await it.access.apply(next, routes: routes, by: ann).plan.lines == ["~ user app owner ann"])
        #expect(try await it.access.apply(next, routes: routes, by: ann).plan.isEmpty)
        #expect(it.events(.userChanged).count == 1)
    }

    @Test("one wrong line, and nothing is changed", arguments: wrongDocuments)
    func wrong(_ wrong: Wrong) async throws {
        let (it, ann, _) = try await Installation.administered()
        let entries = it.recorder.entries.count
        do {
            _ = try await it.access.apply(wrong.document, routes: routes, by: ann)
            Issue.record("applied")
        } catch let error as AccessError {
            #expect(error.message.contains("line 7"), "\(error)")
            #expect(!error.message.contains("mallory"))
        }
        #expect(it.recorder.entries.count == entries)
    }
}

struct Wrong: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let document: AccessDocument
}

private let wrongDocuments = [
    Wrong(
        testDescription: "a role that does not exist",
        document: AccessDocument(users: [.init(line: 7, name: "mallory", kind: .person, roles: ["root"])])),
    Wrong(
        testDescription: "a route role under roles",
        document: AccessDocument(users: [.init(line: 7, name: "mallory", kind: .person, roles: ["application"])])),
    Wrong(
        testDescription: "the same user twice",
        document: AccessDocument(users: [.init(line: 1, name: "mallory", kind: .person), .init(line: 7, name: "mallory", kind: .person)])),
    Wrong(
        testDescription: "another kind",
        document: AccessDocument(users: [.init(line: 7, name: "ann", kind: .service)])),
    Wrong(
        testDescription: "an owner of a person",
        document: AccessDocument(users: [.init(line: 7, name: "mallory", kind: .person, owner: "ann")])),
    Wrong(
        testDescription: "an owner who is nobody",
        document: AccessDocument(users: [.init(line: 7, name: "app", kind: .service, owner: "mallory")])),
    Wrong(
        testDescription: "a grant for nobody",
        document: AccessDocument(grants: [.init(line: 7, principal: "mallory", role: "auditor")])),
    Wrong(
        testDescription: "a grant on a route that is not there",
        document: AccessDocument(grants: [.init(line: 7, principal: "ann", role: "application", route: "mallory")])),
    Wrong(
        testDescription: "a route for a role on the installation",
        document: AccessDocument(grants: [.init(line: 7, principal: "ann", role: "auditor", route: "m")])),
    Wrong(
        testDescription: "a token for nobody",
        document: AccessDocument(tokens: [.init(line: 7, name: "k", principal: "mallory")])),
    Wrong(
        testDescription: "a token that lasts too long",
        document: AccessDocument(tokens: [.init(line: 7, name: "k", principal: "ann", lifetimeDays: 400)])),
    Wrong(
        testDescription: "a name with a control character, after something that is right",
        document: AccessDocument(users: [.init(line: 1, name: "bob", kind: .person), .init(line: 7, name: "mallory\u{1}", kind: .person)])),
    Wrong(
        testDescription: "the last administrator's role taken",
        document: AccessDocument(users: [.init(line: 7, name: "ann", kind: .person, roles: ["auditor"])])),
]
