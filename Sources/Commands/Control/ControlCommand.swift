import ArgumentParser
import Assurance
import Core

struct ControlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control", abstract: "Control tests: SQL over the evidence schema.",
        subcommands: [ControlTestRun.self, ControlList.self, ControlFixture.self])
}

struct ControlList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The control tests of this program, and what they read.",
        discussion: "With an id: the test's file, as an auditor runs it under the stock sqlite3.")

    @Argument(help: "Of a test, to print its SQL.")
    var id: String?

    @OptionGroup var options: OutputOptions

    func run() async throws {
        if let id {
            guard let test = try ControlTest.named([id]).first(where: { $0.id == id }) else {
                throw AssuranceError(.unknownTest, "no control test \(id)")
            }
            return Terminal.output(test.sql)
        }
        let catalogue = try ControlCatalogue.builtIn.get()
        let tests = try ControlTest.builtIn.get()
        if options.output == .json {
            return Terminal.output(CanonicalJSON.string(.array(tests.map { row($0, catalogue) })))
        }
        let rows = tests.map { [$0.id, catalogue.test($0.id)?.control.title ?? "", $0.minimumAssurance, $0.population] }
        Terminal.output(Terminal.table([["TEST", "CONTROL", "RESTS ON", "POPULATION"]] + rows))
    }

    private func row(_ test: ControlTest, _ catalogue: ControlCatalogue) -> JSONValue {
        .compact([
            "control": .string(test.control), "criteria": .array(test.criteria.map { .string($0) }),
            "definition_digest": JSONValue(test.digest), "id": .string(test.id), "min_assurance": .string(test.minimumAssurance),
            "parameters": .array(test.parameters.map { .string($0) }), "population": .string(test.population),
            "results": .object(test.meanings.mapValues { .string($0) }), "title": catalogue.test(test.id).map { .string($0.control.title) },
        ])
    }
}
