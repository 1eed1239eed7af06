import Assurance
import Testing

@Suite("Worked control tests, from a bundle")
struct ControlFixtureBundleTests {
    @Test("LOG-01 and RUN-01 say the same from a bundle", arguments: ["LOG-01a", "LOG-01b", "LOG-01c", "RUN-01a", "RUN-01b", "RUN-01c"])
    func same(id: String) throws {
        let fixture = try FixtureFile(lines: #require(EvidenceResources.fixtures.first { $0.id == id }).lines)
        let folder = try TemporaryFolder()
        for (number, fixtureCase) in fixture.cases.enumerated() {
            let outcome = try fixture.runFromBundle(fixtureCase, path: folder.file("\(number).zip"))
            #expect(outcome.differences(from: fixtureCase) == [], "\(id) \(fixtureCase.name)")
        }
    }
}
