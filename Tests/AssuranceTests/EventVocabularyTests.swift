import Assurance
import Core
import Testing

@Suite("Event vocabulary")
struct EventVocabularyTests {
    private let good: JSONValue = [
        "actor": ["id": "countersign", "type": "system"], "assurance": "observed", "classification": "internal",
        "data": [
            "bad_hash_count": 0, "first_idx": 0, "gap_count": 0, "method": "full",
            "root": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "tree_size": 3,
        ],
        "id": "evt_1", "outcome": "success", "recorded_at": "2026-11-21T00:00:00.000000Z", "retention": "audit",
        "source": ["incarnation": 1, "node": "n1", "seq": 0, "stream": "system"], "type": "log.verified", "v": 1,
    ]

    private func faults(_ change: (inout [String: JSONValue]) -> Void) throws -> [String] {
        var event = good.object ?? [:]
        change(&event)
        return try EventVocabulary.builtIn.get().validate(CanonicalJSON.encode(.object(event))).map { "\($0.code.rawValue) \($0.member)" }
    }

    @Test("all 118 types are read, and every type that the program names is one of them")
    func types() throws {
        let vocabulary = try EventVocabulary.builtIn.get()
        #expect(vocabulary.types.count == 118)
        #expect(vocabulary.attributes.count == 21)
        #expect(EventType.inferenceOutcomes.allSatisfy { vocabulary.types[$0.name] != nil })
        #expect(vocabulary.types["inference.requested"]?.fields.count == 20)
        #expect(vocabulary.types["object.deleted"]?.mustFill == [["actor.human", "policy"]])
    }

    @Test("a good leaf has no fault")
    func goodLeaf() throws { #expect(try faults { _ in } == []) }

    @Test("what the vocabulary does not know, or knows otherwise, is a fault")
    func bad() throws {
        #expect(try faults { $0["type"] = "log.invented" } == ["unknown_type type"])
        #expect(try faults { $0["colour"] = "red" } == ["unknown_member colour"])
        #expect(try faults { $0["classification"] = nil } == ["missing classification"])
        #expect(try faults { $0["classification"] = "secret" } == ["wrong_kind classification"])
        #expect(try faults { $0["recorded_at"] = "2026-11-21T00:00:00Z" } == ["wrong_kind recorded_at"])
        #expect(try faults { $0["data"] = ["tree_size": "3"] } == ["wrong_kind data.tree_size"])
        #expect(try faults { $0["data"] = ["root": "sha256:R"] } == ["wrong_kind data.root"])
        #expect(try faults { $0["data"] = ["leaf_size": 3] } == ["unknown_member data.leaf_size"])
        #expect(try faults { $0["marks"] = ["exercise"] } == ["wrong_kind marks"])
        #expect(try faults { $0["source"] = ["incarnation": 1, "node": "n1", "seq": -1, "stream": "system"] } == ["wrong_kind source.seq"])
    }

    @Test("must-fill members, and the choice between two")
    func mustFill() throws {
        #expect(
            try faults {
                $0["type"] = "hold.placed"
                $0["data"] = [:]
            } == ["missing actor.human"])
        #expect(
            try faults {
                $0["type"] = "object.deleted"
                $0["data"] = ["method": "crypto_erase"]
            } == ["missing actor.human or policy"])
        #expect(
            try faults {
                $0["type"] = "object.deleted"
                $0["policy"] = "sha256:p"
                $0["data"] = ["method": "magic"]
            } == ["wrong_kind data.method"])
    }

    @Test("attributes of a governed object are those of its kind")
    func attributes() throws {
        func changed(_ kind: String, _ attributes: JSONValue) throws -> [String] {
            try faults {
                $0["type"] = "config.changed"
                $0["resource"] = ["id": "r", "type": .string(kind), "version": "1"]
                $0["data"] = ["attributes": attributes]
            }
        }
        #expect(try changed("route", ["system": "sys_a", "published": true]) == [])
        #expect(try changed("route", ["colour": 1]) == ["unknown_member data.attributes.colour"])
        #expect(try changed("teapot", ["system": "s"]) == ["unknown_member resource.type"])
    }

    @Test(
        "floating-point numbers, duplicate members and loose spacing are no events",
        arguments: ["{\"v\":1.5}", "{\"v\":1,\"v\":1}", "{\"v\": 1}", ""])
    func notEvents(text: String) throws {
        #expect(try EventVocabulary.builtIn.get().validate(Array(text.utf8)).map(\.code) == [.notAnEvent])
    }

    @Test("the leaves of the worked cases use known types and fields only")
    func fixtures() throws {
        let vocabulary = try EventVocabulary.builtIn.get()
        for (id, lines) in EvidenceResources.fixtures {
            let fixture = try FixtureFile(lines: lines)
            for fixtureCase in fixture.cases {
                for leaf in try fixture.expand(fixtureCase).leaves {
                    let unknown = vocabulary.validate(leaf.bytes)
                        .filter { $0.code == .unknownType || ($0.code == .unknownMember && !$0.member.hasPrefix("data.attributes")) }
                    #expect(unknown == [], "\(id) \(fixtureCase.name)")
                }
            }
        }
    }
}
