import Core

/// What a test said about one case, in the form in which the three ways of running it are compared.
package struct FixtureOutcome: Hashable, Sendable {
    package let summary: String
    /// Item to `pass` or `result:reason`.
    package let items: [String: String]

    package init(summary: String, items: [String: String]) {
        self.summary = summary
        self.items = items
    }

    /// One line an item, sorted by id, then the summary.
    package var text: String {
        items.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { "\($0.key)|\($0.value)\n" }.joined() + "summary|\(summary)\n"
    }

    /// What differs from what the case says must follow; empty where nothing does.
    package func differences(from expected: FixtureCase) -> [String] {
        var out: [String] = []
        if summary != expected.expectedSummary { out.append("summary \(summary), expected \(expected.expectedSummary)") }
        for (item, value) in expected.expectedItems.sorted(by: { $0.key < $1.key }) where items[item] != value {
            out.append("item \(item): \(items[item] ?? "absent"), expected \(value)")
        }
        for (item, value) in items.sorted(by: { $0.key < $1.key }) where expected.expectedItems[item] == nil && value != "pass" {
            out.append("unexpected item \(item): \(value)")
        }
        return out
    }
}

extension FixtureFile {
    /// The control test that the fixture is of.
    /// - Throws: `unknown_test`.
    package var test: ControlTest {
        get throws {
            guard let test = try ControlTest.builtIn.get().first(where: { $0.id == testID }) else {
                throw AssuranceError(.unknownTest, "the fixture is of \(testID), which is no control test of this program")
            }
            return test
        }
    }

    /// Runs a case as the server runs a test.
    package func run(_ fixtureCase: FixtureCase, materialise: Bool = false) throws -> FixtureOutcome {
        let expanded = try expand(fixtureCase)
        let database = try EvidenceDatabase(path: ":memory:", origin: "fixture", period: expanded.period)
        for leaf in expanded.leaves { try database.add(leaf: leaf.bytes, index: leaf.index) }
        try database.load()
        try database.add(facts: fixtureCase.recomputed)
        if materialise { try database.materialise() }
        return try FixtureOutcome(running: try test, on: database)
    }
}

extension FixtureOutcome {
    package init(running test: ControlTest, on database: EvidenceDatabase) throws {
        var items: [String: String] = [:]
        let result = database.run(test) { items[$0.id] = $0.result == "pass" ? "pass" : "\($0.result):\($0.reasonCode)" }
        if let failure = result.failure { throw AssuranceError(.malformedTest, failure) }
        self.init(summary: result.result, items: items)
    }
}
