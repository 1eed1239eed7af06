import Access
import Core
import Database
import DatabaseContract
import SQLiteDatabase
import Testing

@Suite("Users, grants and tokens")
struct AccessServiceTests {
    private let route = Resource(type: "route", id: "rte_1")

    @Test("a token's life: issued, used, expired")
    func expiry() async throws {
        let (it, ann, _) = try await Installation.administered()
        let app = try await it.access.createUser(NewUser(name: "app", kind: .service, ownerHuman: ann.principal.human), by: ann)
        let token = try await it.access.issueToken(NewToken(name: "key", principalID: app.id, lifetimeDays: 2), by: ann)
        let principal = try #require(it.principal(token.token.text))
        #expect(principal.id == app.id && principal.kind == .service && principal.human == ann.principal.human)
        #expect(principal.credentialID == token.id)
        it.clock.advance(days: 2)
        #expect(it.refusal(token.token.text) == "expired")
    }

    @Test("behind a service stands its present owner, and nobody once the owner has left")
    func owner() async throws {
        let (it, ann, _) = try await Installation.administered()
        let bob = try await it.access.createUser(NewUser(name: "bob", kind: .person), by: ann)
        let app = try await it.access.createUser(NewUser(name: "app", kind: .service, ownerHuman: ann.principal.human), by: ann)
        let token = try await it.access.issueToken(NewToken(name: "key", principalID: app.id), by: ann)
        #expect(it.principal(token.token.text)?.human == ann.principal.human)
        try await it.access.changeOwner(of: app.id, to: try #require(bob.humanID), by: ann)
        #expect(it.principal(token.token.text)?.human == bob.humanID)
        let other = try await it.access.createUser(NewUser(name: "other", kind: .service, ownerHuman: bob.humanID), by: ann)
        let second = try await it.access.issueToken(NewToken(name: "key", principalID: other.id), by: ann)
        try await it.access.deactivateUser(bob.id, by: ann)
        let left = try #require(it.principal(second.token.text))
        #expect(left.id == other.id && left.human == nil)
    }

    @Test("a revoked token is refused as soon as its revocation is acknowledged")
    func revocation() async throws {
        let (it, ann, _) = try await Installation.administered()
        let app = try await it.access.createUser(NewUser(name: "app", kind: .service), by: ann)
        let token = try await it.access.issueToken(NewToken(name: "key", principalID: app.id), by: ann)
        #expect(it.refusal(token.token.text) == nil)
        try await it.access.revokeToken(token.id, by: ann)
        #expect(it.refusal(token.token.text) == "revoked")
        await expect(.notFound) { try await it.access.revokeToken(token.id, by: ann) }
    }

    @Test("a wrong secret under a known name is a stranger")
    func wrongSecret() async throws {
        let (it, _, token) = try await Installation.administered()
        let other = BearerToken.generate().text
        #expect(it.refusal(other) == "stranger")
        // The name of one, the secret of the other, with the right checksum of neither.
        #expect(it.refusal(String(token.prefix(12)) + other.dropFirst(12)) == "stranger")
        #expect(it.refusal("") == "stranger")
    }

    @Test("who leaves loses grants and tokens, and stays known by reason")
    func deactivation() async throws {
        let (it, ann, _) = try await Installation.administered()
        let bob = try await it.access.createUser(NewUser(name: "bob", kind: .person), by: ann)
        let grant = try await it.access.activateGrant(NewGrant(principalID: bob.id, roleID: "auditor"), by: ann)
        let token = try await it.access.issueToken(NewToken(name: "key", principalID: bob.id), by: ann)
        let principal = try #require(it.principal(token.token.text))
        #expect(it.allows(principal, .exportEvidence))
        try await it.access.deactivateUser(bob.id, by: ann)
        #expect(it.refusal(token.token.text) == "revoked")
        #expect(!it.allows(principal, .exportEvidence))
        let revoked = try #require(it.events(.grantRevoked).last)
        #expect(revoked.resource?.id == grant.id)
        #expect(try data(revoked)["reason"] == "leaver")
        #expect(it.events(.tokenRevoked).count == 1)
        #expect(it.events(.userDeactivated).last?.effectiveAt != nil)
        await expect(.notFound) { try await it.access.deactivateUser(bob.id, by: ann) }
        // The name is free again, for another principal.
        let again = try await it.access.createUser(NewUser(name: "bob", kind: .person), by: ann)
        #expect(again.id != bob.id && again.humanID != bob.humanID)
    }

    @Test("a grant on one route allows that route only")
    func oneRoute() async throws {
        let (it, ann, _) = try await Installation.administered()
        let app = try await it.access.createUser(NewUser(name: "app", kind: .service), by: ann)
        let grant = try await it.access.activateGrant(NewGrant(principalID: app.id, roleID: "application", routeID: "rte_1"), by: ann)
        let principal = Principal(id: app.id, kind: .service, human: nil)
        let decision = it.access.decider.decide(AccessRequest(principal: principal, action: .infer, resource: route))
        #expect(decision.allowed && decision.grants == [grant.id] && decision.policy == it.access.decider.snapshot.digest)
        #expect(!it.allows(principal, .infer, Resource(type: "route", id: "rte_2")))
        #expect(!it.allows(principal, .infer, Resource(type: "model", id: "rte_1")))
        #expect(!it.allows(principal, .infer))
        #expect(!it.allows(principal, .apply))
        try await it.access.revokeGrant(grant.id, by: ann)
        #expect(!it.allows(principal, .infer, route))
    }

    @Test("a grant on all routes allows each")
    func allRoutes() async throws {
        let (it, ann, _) = try await Installation.administered()
        let app = try await it.access.createUser(NewUser(name: "app", kind: .service), by: ann)
        _ = try await it.access.activateGrant(NewGrant(principalID: app.id, roleID: "application", routeID: "*"), by: ann)
        let principal = Principal(id: app.id, kind: .service, human: nil)
        #expect(it.allows(principal, .infer, route) && it.allows(principal, .infer, Resource(type: "route", id: "rte_9")))
        #expect(try data(try #require(it.events(.grantActivated).last))["wildcard"] == true)
    }

    @Test("an administrator may neither infer nor unseal nor export")
    func administratorIsNotAbove() async throws {
        let (it, ann, _) = try await Installation.administered()
        for action in [Action.infer, .unseal, .exportEvidence] {
            #expect(!it.allows(ann.principal, action) && !it.allows(ann.principal, action, route), "\(action)")
        }
        for action in [Action.manageUsers, .manageGrants, .manageTokens, .apply] { #expect(it.allows(ann.principal, action)) }
    }

    @Test("roles hold what the table says", arguments: Role.all)
    func table(role: Role) async throws {
        let (it, ann, _) = try await Installation.administered()
        let bob = try await it.access.createUser(NewUser(name: "bob", kind: .person), by: ann)
        _ = try await it.access.activateGrant(
            NewGrant(principalID: bob.id, roleID: role.id, routeID: role.scope == .route ? "rte_1" : nil), by: ann)
        let principal = Principal(id: bob.id, kind: .user, human: bob.humanID)
        for action in Action.allCases { #expect(it.allows(principal, action, route) == role.actions.contains(action), "\(role.id) \(action)") }
    }

    @Test("an unknown principal and an unknown action are denied")
    func defaultDeny() async throws {
        let (it, ann, _) = try await Installation.administered()
        let nobody = Principal(id: "usr_nobody", kind: .user, human: nil, roles: ["administrator"])
        let decision = it.access.decider.decide(AccessRequest(principal: nobody, action: .apply))
        #expect(!decision.allowed && decision.reasonCode == "unknown_principal")
        let odd = it.access.decider.decide(AccessRequest(principal: ann.principal, action: "everything", resource: .installation))
        #expect(!odd.allowed && odd.reasonCode == "no_grant")
    }

    @Test("before the first snapshot nobody is known and nothing is allowed")
    func beforeOpen() {
        let decider = AccessDecider(clock: TestClock())
        let root = Principal(id: "usr_1", kind: .user, human: nil)
        #expect(!decider.decide(AccessRequest(principal: root, action: .readStatus)).allowed)
        if case .stranger = decider.authenticate(bearer: BearerToken.generate().text) {} else { Issue.record("known") }
    }

    @Test("only who manages access may change it, and a refusal changes nothing")
    func forbidden() async throws {
        let (it, ann, _) = try await Installation.administered()
        let bob = try await it.access.createUser(NewUser(name: "bob", kind: .person), by: ann)
        _ = try await it.access.activateGrant(NewGrant(principalID: bob.id, roleID: "operator"), by: ann)
        let origin = ChangeOrigin(Principal(id: bob.id, kind: .user, human: bob.humanID))
        let count = it.recorder.entries.count
        await expect(.forbidden) { _ = try await it.access.createUser(NewUser(name: "eve", kind: .person), by: origin) }
        await expect(.forbidden) {
            _ = try await it.access.activateGrant(NewGrant(principalID: bob.id, roleID: "administrator"), by: origin)
        }
        await expect(.forbidden) { _ = try await it.access.issueToken(NewToken(name: "k", principalID: bob.id), by: origin) }
        await expect(.forbidden) {
            let document = AccessDocument(users: [.init(line: 3, name: "bob", kind: .person, roles: ["administrator"])])
            _ = try await it.access.apply(document, routes: RouteNames(ids: [:]), by: origin)
        }
        #expect(it.recorder.entries.count == count)
    }

    @Test("the last administrator stays")
    func lastAdministrator() async throws {
        let (it, ann, _) = try await Installation.administered()
        let grant = try #require(try await it.access.state().grants.first)
        await expect(.lastAdministrator) { try await it.access.revokeGrant(grant.id, by: ann) }
        await expect(.lastAdministrator) { try await it.access.deactivateUser(ann.principal.id, by: ann) }
        // A service does not count: nobody could answer for it.
        let app = try await it.access.createUser(NewUser(name: "app", kind: .service), by: ann)
        _ = try await it.access.activateGrant(NewGrant(principalID: app.id, roleID: "administrator"), by: ann)
        await expect(.lastAdministrator) { try await it.access.revokeGrant(grant.id, by: ann) }
        #expect(it.allows(ann.principal, .manageUsers))
    }

    @Test(
        "wrong values are refused",
        arguments: ["", " x", "x ", "a\nb", "a\u{7f}b", String(repeating: "x", count: 129)])
    func names(_ name: String) async throws {
        let (it, ann, _) = try await Installation.administered()
        await expect(.invalid) { _ = try await it.access.createUser(NewUser(name: name, kind: .person), by: ann) }
        await expect(.invalid) { _ = try await it.access.issueToken(NewToken(name: name, principalID: ann.principal.id), by: ann) }
    }

    @Test("contradictory requests are refused")
    func invalid() async throws {
        let (it, ann, _) = try await Installation.administered()
        let id = ann.principal.id
        await expect(.conflict) { _ = try await it.access.createUser(NewUser(name: "ann", kind: .service), by: ann) }
        await expect(.conflict) { _ = try await it.access.activateGrant(NewGrant(principalID: id, roleID: "administrator"), by: ann) }
        await expect(.conflict) { _ = try await it.access.issueToken(NewToken(name: "init", principalID: id), by: ann) }
        await expect(.conflict) { _ = try await it.access.createAdministrator(name: "eve") }
        await expect(.invalid) { _ = try await it.access.activateGrant(NewGrant(principalID: id, roleID: "root"), by: ann) }
        await expect(.invalid) { _ = try await it.access.activateGrant(NewGrant(principalID: id, roleID: "application"), by: ann) }
        await expect(.invalid) { _ = try await it.access.activateGrant(NewGrant(principalID: id, roleID: "auditor", routeID: "rte_1"), by: ann) }
        await expect(.notFound) { _ = try await it.access.activateGrant(NewGrant(principalID: "usr_x", roleID: "auditor"), by: ann) }
        for days in [0, -1, 367, Int.max] {
            await expect(.invalid) { _ = try await it.access.issueToken(NewToken(name: "k", principalID: id, lifetimeDays: days), by: ann) }
        }
        await expect(.invalid) {
            let words = String(repeating: "x", count: 4097)
            _ = try await it.access.createUser(NewUser(name: "bob", kind: .person), by: ChangeOrigin(ann.principal, justification: words))
        }
    }
}
