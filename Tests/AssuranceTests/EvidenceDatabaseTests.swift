import Assurance
import Core
import Foundation
import MerkleLog
import Testing

@Suite("Evidence database")
struct EvidenceDatabaseTests {
    private func database(_ leaves: [[UInt8]], first: UInt64 = 0) throws -> EvidenceDatabase {
        let database = try EvidenceDatabase(path: ":memory:", origin: "o", first: first, period: SyntheticLog.period.get())
        for (offset, leaf) in leaves.enumerated() { try database.add(leaf: leaf, index: first + UInt64(offset)) }
        try database.load()
        return database
    }

    private func test(_ item: String) throws -> ControlTest {
        let built = try #require(try ControlTest.named(["LOG-01b"]).first)
        let start = try #require(built.sql.range(of: "CREATE TEMP VIEW item AS"))
        let end = try #require(built.sql.range(of: "CREATE TEMP VIEW summary"))
        return try ControlTest(id: "LOG-01b", sql: built.sql.replacingCharacters(in: start.lowerBound..<end.lowerBound, with: item + "\n"))
    }

    @Test("a leaf that is no JSON is refused with its index", arguments: ["", "{", "{\"v\":1}}", "nul", "\u{0}"])
    func malformed(text: String) throws {
        let database = try EvidenceDatabase(path: ":memory:", origin: "o", period: SyntheticLog.period.get())
        let error = #expect(throws: AssuranceError.self) { try database.add(leaf: Array(text.utf8), index: 17) }
        #expect(error?.code == .malformedLeaf)
        #expect(error?.message.contains("17") == true)
    }

    @Test("a test that cannot be run is an error, never a pass, and leaves nothing for the next one")
    func failures() throws {
        let database = try database(SyntheticLog(requests: 3).leaves)
        let broken = [
            "CREATE TEMP VIEW item AS SELECT * FROM nowhere;", "nonsense;",
            "CREATE TEMP VIEW item AS SELECT 'a' AS item_id, 'fine' AS result, 'x' AS reason_code, 1 AS evidence_idx;",
            "CREATE TEMP VIEW item AS SELECT 'a' AS item_id, 'pass' AS result, 'x' AS reason_code, 1 AS evidence_idx UNION ALL SELECT 'a','fail','y',2;",
            "CREATE TEMP VIEW item AS SELECT NULL AS item_id, 'pass' AS result, 'x' AS reason_code, 1 AS evidence_idx;", "",
        ]
        for sql in broken {
            let result = database.run(try test(sql))
            #expect(result.result == "error")
            #expect(result.failure != nil)
        }
        let good = try #require(try ControlTest.named(["RUN-01c"]).first)
        #expect(database.run(good).result == "pass")
    }

    @Test(
        "a script of a bundle reaches nothing but its own file",
        arguments: [
            "ATTACH '/tmp/x.db' AS x;", "PRAGMA journal_mode=WAL;", "VACUUM INTO '/tmp/x.db';", "SELECT load_extension('x');",
            "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END;", "CREATE VIRTUAL TABLE t USING fts5(a);",
            "PRAGMA writable_schema=ON;",
        ])
    func sandbox(sql: String) throws {
        let database = try database([])
        #expect(throws: AssuranceError.self) { try database.materialise(script: sql) }
    }

    @Test("the root is computed again at each size that the log speaks of; where the log lied, the fact disagrees with it")
    func chain() throws {
        var synthetic = try SyntheticLog(requests: 2)
        let size = synthetic.leaves.count
        var frontier = Frontier()
        for leaf in synthetic.leaves { frontier.append(TreeHashing.leafHash(of: leaf)) }
        let root = "sha256:" + frontier.root.hex
        synthetic.append("log.verified", id: "evt_v", data: ["root": .string(root), "tree_size": JSONValue(size)])
        let database = try database(synthetic.leaves)
        let last = try database.recomputeChain()
        #expect(last.size == UInt64(synthetic.leaves.count))
        #expect(try database.recomputedFacts().map { [$0.name, $0.itemID, $0.value] } == [["chain", "\(size)", root]])
    }

    @Test("a source may begin within the log where the leaves do, and nowhere else")
    func rangeStart() throws {
        let leaves = try SyntheticLog(requests: 20).leaves
        let run = try #require(try ControlTest.named(["RUN-01a"]).first)
        let narrow = try database(Array(leaves.dropFirst(11)), first: 11).run(run)
        #expect(!narrow.exceptions.contains { $0.id.hasPrefix("gap:") || $0.id.hasPrefix("orphan:") })
        let cut = try database(Array(leaves.dropFirst(11))).run(run)
        #expect(cut.exceptions.contains { $0.id.hasPrefix("gap:") })
        #expect(cut.exceptions.contains { $0.id.hasPrefix("orphan:") })
    }

    @Test("results over simulated or solo events say so")
    func marks() throws {
        let leaves = try SyntheticLog(requests: 2).leaves.map { leaf -> [UInt8] in
            var event = try JSONParser.parse(leaf).object ?? [:]
            event["marks"] = ["simulated"]
            return CanonicalJSON.encode(.object(event))
        }
        let run = try #require(try ControlTest.named(["RUN-01c"]).first)
        #expect(try database(leaves).run(run).marks == ["simulated"])
    }

    @Test("the views of single nouns are what the vocabulary generates")
    func generated() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", root.appending(path: "Scripts/evidence-nouns").path(), "--check"]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test("no view fails to run on an empty log")
    func emptyLog() throws {
        let database = try database([])
        for test in try ControlTest.builtIn.get() {
            let result = database.run(test)
            #expect(result.failure == nil, "\(test.id)")
            #expect(result.result != "pass", "\(test.id)")
        }
    }
}
