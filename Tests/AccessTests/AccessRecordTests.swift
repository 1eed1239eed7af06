import Access
import Core
import Database
import DatabaseContract
import SQLiteDatabase
import Testing

@Suite("What access records")
struct AccessRecordTests {
    @Test("names and words are not in the log, ids and digests are")
    func noPersonalData() async throws {
        let (it, ann, token) = try await Installation.administered()
        let origin = ChangeOrigin(ann.principal, justification: "because Wilhelmina asked")
        let bob = try await it.access.createUser(NewUser(name: "Wilhelmina", kind: .person), by: origin)
        for entry in it.recorder.entries {
            let leaf = String(decoding: entry.record.leaf.bytes, as: UTF8.self)
            #expect(!leaf.contains("Wilhelmina") && !leaf.contains("because") && !leaf.contains("\"ann\""))
            #expect(!leaf.contains(token.dropFirst(12).prefix(32)))
        }
        let entry = try #require(it.recorder.entries.last)
        #expect(String(decoding: entry.record.sealed, as: UTF8.self) == "because Wilhelmina asked")
        #expect(String(decoding: entry.record.leaf.bytes, as: UTF8.self).contains("\"commitments\":{\"justification\":\"sha256:"))
        #expect(try data(try #require(entry.event))["human_id"]?.string == bob.humanID)
    }

    @Test("the first events: roles, then the administrator, whose own acts they are")
    func first() async throws {
        let (it, ann, _) = try await Installation.administered()
        #expect(it.recorder.events.map(\.type) == Role.all.map { _ in .configChanged } + [.userCreated, .grantActivated, .tokenIssued])
        let role = try #require(it.events(.configChanged).first)
        #expect(role.resource == Resource(type: "role", id: "administrator", version: "1"))
        #expect(try data(role)["after_digest"]?.string == Role.administrator.digest)
        let grant = try #require(it.events(.grantActivated).first)
        #expect(grant.actor.human == ann.principal.human && grant.actor.human != nil)
        let fields = try data(grant)
        #expect(fields["beneficiary_human"]?.string == ann.principal.human && fields["role_digest"]?.string == Role.administrator.digest)
        #expect(fields["privileged"] == true && fields["wildcard"] == false && fields["via"] == "direct_state")
        #expect(it.events(.tokenIssued).first?.actor.human != nil)
    }

    @Test("every change says who, by which policy, and that it was enforced")
    func attributed() async throws {
        let (it, ann, _) = try await Installation.administered()
        let before = it.access.decider.snapshot.digest
        _ = try await it.access.createUser(NewUser(name: "app", kind: .service, ownerHuman: ann.principal.human), by: ann)
        let event = try #require(it.recorder.events.last)
        #expect(event.actor == ann.principal.actor && event.policy == before && event.assurance == .enforced && event.marks.isEmpty)
        #expect(try data(event)["owner_human"]?.string == ann.principal.human)
        #expect(try data(event)["human_id"] == nil)
    }

    @Test("every event is as the vocabulary has it")
    func vocabulary() async throws {
        let (it, ann, _) = try await Installation.administered()
        let bob = try await it.access.createUser(NewUser(name: "bob", kind: .person), by: ann)
        let app = try await it.access.createUser(NewUser(name: "app", kind: .service), by: ann)
        try await it.access.changeOwner(of: app.id, to: try #require(bob.humanID), by: ann)
        let grant = try await it.access.activateGrant(NewGrant(principalID: app.id, roleID: "application", routeID: "*"), by: ann)
        let token = try await it.access.issueToken(NewToken(name: "key", principalID: app.id), by: ann)
        try await it.access.revokeToken(token.id, by: ann)
        try await it.access.revokeGrant(grant.id, reason: .unused, by: ann)
        try await it.access.deactivateUser(bob.id, by: ann)
        let log = DecisionLog(authorizer: it.access.decider, context: AccessContext(recorder: it.recorder))
        _ = try await log.decide(AccessRequest(principal: ann.principal, action: .readAccess))
        let vocabulary = try EventVocabulary()
        for event in it.recorder.events { #expect(vocabulary.faults(of: event) == []) }
        #expect(Set(it.recorder.events.map(\.type)).count == 9)
    }

    @Test("a team of one says so in every record")
    func solo() async throws {
        let (it, _, _) = try await Installation.administered(isSolo: true)
        #expect(it.recorder.events.allSatisfy { $0.marks == [.solo] })
    }

    @Test("a change whose record is refused is not in force, and comes into force with its record")
    func effectAfterAppend() async throws {
        let (first, ann, _) = try await Installation.administered()
        let it = try await Installation(first, flushLimit: .zero)
        let token = try await it.access.issueToken(NewToken(name: "key", principalID: ann.principal.id), by: ann)
        it.recorder.refuse(.noSpace)
        do {
            try await it.access.revokeToken(token.id, by: ann)
            Issue.record("acknowledged")
        } catch let error as DatabaseError {
            #expect(error.code == .unrecorded)
        }
        #expect(it.refusal(token.token.text) == nil)
        // A later change does not smuggle the earlier one in, and changes nothing itself.
        let users = try await it.access.state().users.count
        await #expect(throws: DatabaseError.self) { _ = try await it.access.createUser(NewUser(name: "eve", kind: .person), by: ann) }
        #expect(try await it.access.state().users.count == users)
        #expect(it.refusal(token.token.text) == nil)
        it.recorder.accept()
        let running = Task { await it.relay.run() }
        while it.refusal(token.token.text) == nil { try await Task.sleep(for: .milliseconds(2)) }
        running.cancel()
        await running.value
        #expect(it.refusal(token.token.text) == "revoked")
        #expect(it.events(.tokenRevoked).count == 1)
    }

    @Test("a restart finds the same state, under the same digest, and records nothing again")
    func restart() async throws {
        let (first, ann, token) = try await Installation.administered()
        let entries = first.recorder.entries.count
        try await first.database.close()
        let second = try await Installation(first)
        #expect(second.access.decider.snapshot.digest == first.access.decider.snapshot.digest)
        #expect(second.principal(token)?.id == ann.principal.id)
        #expect(second.recorder.entries.count == entries)
    }

    @Test("the digest changes with everything that decides, and comes back with it")
    func digest() async throws {
        let (it, ann, _) = try await Installation.administered()
        var seen = [it.access.decider.snapshot.digest]
        let app = try await it.access.createUser(NewUser(name: "app", kind: .service), by: ann)
        seen.append(it.access.decider.snapshot.digest)
        let grant = try await it.access.activateGrant(NewGrant(principalID: app.id, roleID: "application", routeID: "*"), by: ann)
        seen.append(it.access.decider.snapshot.digest)
        let token = try await it.access.issueToken(NewToken(name: "key", principalID: app.id), by: ann)
        seen.append(it.access.decider.snapshot.digest)
        #expect(Set(seen).count == 4 && seen.allSatisfy { SHA256Digest(parsing: $0) != nil })
        try await it.access.revokeToken(token.id, by: ann)
        #expect(it.access.decider.snapshot.digest == seen[2])
        try await it.access.revokeGrant(grant.id, by: ann)
        #expect(it.access.decider.snapshot.digest == seen[1])
    }

    @Test("last uses are written together, and only when there are new ones")
    func lastUse() async throws {
        let (it, ann, token) = try await Installation.administered()
        it.clock.advance(seconds: 90)
        _ = it.principal(token)
        try await it.access.writeTokenUses()
        #expect(try await it.access.state().tokens.first?.lastUsedAt == it.clock.now())
        let used = it.clock.now()
        it.clock.advance(seconds: 90)
        _ = try await it.access.createUser(NewUser(name: "app", kind: .service), by: ann)
        try await it.access.writeTokenUses()
        #expect(try await it.access.state().tokens.first?.lastUsedAt == used)
    }

    @Test("a control-plane decision is recorded before it counts; unrecorded, it is none")
    func decisions() async throws {
        let (it, ann, _) = try await Installation.administered()
        let log = DecisionLog(authorizer: it.access.decider, context: AccessContext(recorder: it.recorder))
        let denied = try await log.decide(AccessRequest(principal: ann.principal, action: .unseal))
        #expect(!denied.allowed)
        let event = try #require(it.events(.accessDecided).last)
        #expect(event.outcome == .denied && event.reasonCode == "no_grant" && event.policy == denied.policy)
        it.recorder.refuse(.overloaded)
        await #expect(throws: RecordError.self) { _ = try await log.decide(AccessRequest(principal: ann.principal, action: .apply)) }
    }
}
