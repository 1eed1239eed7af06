package import Core
import Yams

/// A control test: a header of YAML in comments, the views `evidence`, `item` and `summary`, and three closing queries.
package struct ControlTest: Sendable {
    package let id: String
    package let control: String
    package let criteria: [String]
    package let minimumAssurance: String
    package let reads: [String]
    /// What an item is, in words.
    package let population: String
    /// Names of the parameters it uses, with the test's id in front.
    package let parameters: [String]
    /// What each result of this test means, in words.
    package let meanings: [String: String]
    /// The whole file.
    package let sql: String
    /// Of the file's bytes: a result is bound to it (I7).
    package let digest: SHA256Digest

    package static let results = ["pass", "fail", "not_applicable", "error", "no_occurrences", "no_evidence"]

    /// Reads a test's file.
    /// - Throws: `malformed_test` for an unknown or missing member of the header, or an id that is not the one expected.
    package init(id: String, sql: String) throws {
        func malformed(_ why: String) -> AssuranceError { AssuranceError(.malformedTest, "control test \(id): \(why)") }
        let lines = sql.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == "-- ---", let end = lines.dropFirst().firstIndex(of: "-- ---") else { throw malformed("no header") }
        var yaml = ""
        for line in lines[1..<end] {
            guard line.hasPrefix("-- ") else { throw malformed("a header line that is no comment") }
            yaml += line.dropFirst(3) + "\n"
        }
        guard let header = try? Yams.load(yaml: yaml) as? [String: Any] else { throw malformed("the header is no YAML map") }
        let known = ["id", "control", "criteria", "min_assurance", "reads", "population", "parameters", "results"]
        if let odd = header.keys.first(where: { !known.contains($0) }) { throw malformed("unknown member \(odd)") }
        func text(_ key: String) throws -> String {
            guard let value = header[key] as? String, !value.isEmpty else { throw malformed("\(key) is missing") }
            return value
        }
        func list(_ key: String) throws -> [String] {
            guard let value = header[key] as? [Any], value.allSatisfy({ $0 is String }) else { throw malformed("\(key) is no list of words") }
            return value.compactMap { $0 as? String }
        }
        guard try text("id") == id else { throw malformed("the header names another test") }
        guard let meanings = header["results"] as? [String: String], Set(meanings.keys) == Set(Self.results) else {
            throw malformed("results must say what each of \(Self.results.joined(separator: ", ")) means")
        }
        guard let rank = AssuranceRank(rawValue: try text("min_assurance")) else { throw malformed("unknown min_assurance") }
        self.id = id
        control = try text("control")
        criteria = try list("criteria")
        minimumAssurance = rank.rawValue
        reads = try list("reads")
        population = try text("population")
        parameters = try list("parameters")
        self.meanings = meanings
        self.sql = sql
        digest = SHA256Digest(hashing: Array(sql.utf8))
    }

    private enum AssuranceRank: String { case reported, observed, attested, enforced }

    /// The tests that are built in, by id.
    package static let builtIn = Result { try EvidenceResources.tests.map { try ControlTest(id: $0.id, sql: $0.sql) } }

    /// The built-in tests of some ids; of a control, where its id is given; all, where none is.
    /// - Throws: `unknown_test`.
    package static func named(_ ids: [String]) throws -> [ControlTest] {
        let all = try builtIn.get()
        guard !ids.isEmpty else { return all }
        var chosen: [ControlTest] = []
        for id in ids {
            let matching = all.filter { $0.id == id || $0.control == id }
            guard !matching.isEmpty else { throw AssuranceError(.unknownTest, "no control test \(id); `control list` names them") }
            chosen += matching.filter { test in !chosen.contains { $0.id == test.id } }
        }
        return chosen
    }
}
