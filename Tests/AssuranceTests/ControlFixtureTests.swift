import Assurance
import Testing

@Suite("Worked control tests")
struct ControlFixtureTests {
    @Test("every worked test says of each of its cases what must follow", arguments: EvidenceResources.fixtures.map(\.id))
    func cases(id: String) throws {
        let fixture = try FixtureFile(lines: #require(EvidenceResources.fixtures.first { $0.id == id }).lines)
        #expect(fixture.testID == id)
        #expect(fixture.cases.contains { $0.expectedSummary == "pass" })
        #expect(fixture.cases.contains { $0.expectedSummary == "fail" })
        for fixtureCase in fixture.cases {
            for materialise in [false, true] {
                let outcome = try fixture.run(fixtureCase, materialise: materialise)
                #expect(outcome.differences(from: fixtureCase) == [], "\(id) \(fixtureCase.name), materialised: \(materialise)")
            }
        }
    }

    @Test("there are 28 tests, each with its cases, and the catalogue knows them")
    func completeness() throws {
        let tests = try ControlTest.builtIn.get()
        let catalogue = try ControlCatalogue.builtIn.get()
        #expect(tests.count == 28)
        #expect(tests.map(\.id) == EvidenceResources.fixtures.map(\.id))
        for test in tests {
            let (control, entry) = try #require(catalogue.test(test.id))
            #expect(control.id == test.control)
            #expect(control.criteria.sorted() == test.criteria.sorted())
            #expect(entry.minimumAssurance == test.minimumAssurance)
            #expect(entry.parameters.map(\.name) == test.parameters.sorted())
        }
    }

    @Test("a case that covers a failure mode names one of the catalogue")
    func failureModes() throws {
        let catalogue = try ControlCatalogue.builtIn.get()
        for (id, lines) in EvidenceResources.fixtures {
            let control = try #require(catalogue.test(id)).control
            let modes = Set(control.failureModes.map(\.mode))
                .union(catalogue.controls.flatMap(\.failureModes).filter { $0.caughtBy.contains(id) }.map(\.mode))
            for fixtureCase in try FixtureFile(lines: lines).cases {
                if let covers = fixtureCase.covers { #expect(modes.contains(covers), "\(id) \(fixtureCase.name)") }
            }
        }
    }
}
