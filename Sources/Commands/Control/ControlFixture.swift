import ArgumentParser
import Assurance
import Core

/// Runs the worked cases of control tests: as the server runs them, and from a bundle.
struct ControlFixture: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fixture", abstract: "Run control tests over worked cases, as the server does and from a bundle.",
        discussion: """
            Without files, the cases that are built in. Exit status 0: every case says what must follow, both ways. 1: one does not.
            With --work, each case leaves a folder TEST-CASE with the scripts for the stock sqlite3 (run in the order of their numbers),
            what the two ways said (server.txt, bundle.txt) and the bundle.
            """)

    @Argument(help: "Fixtures (JSON lines); the test is named in the first line.", completion: .file(extensions: ["jsonl"]))
    var files: [String] = []

    @Option(help: "A folder for what each case leaves; it must exist.")
    var work: String?

    func run() async throws {
        var texts: [String] = []
        for file in files {
            guard let text = String(validating: try DurableFile.read(absolute(file), maximumBytes: 16 << 20), as: UTF8.self) else {
                throw AssuranceError(.malformedFixture, "\(file) is no text")
            }
            texts.append(text)
        }
        if files.isEmpty { texts = EvidenceResources.fixtures.map(\.lines) }
        var cases = 0
        var wrong = 0
        for text in texts {
            let fixture = try FixtureFile(lines: text)
            var faults: [String] = []
            for fixtureCase in fixture.cases {
                cases += 1
                faults += try run(fixtureCase, of: fixture).map { "  \(fixtureCase.name): \($0)" }
            }
            wrong += faults.count
            Terminal.output("\(faults.isEmpty ? "ok  " : "FAIL") \(fixture.testID): \(fixture.cases.count) cases")
            for fault in faults { Terminal.output(fault) }
        }
        Terminal.output("\(cases) cases, \(wrong) differences")
        guard wrong == 0 else { throw ExitCode(1) }
    }

    private func run(_ fixtureCase: FixtureCase, of fixture: FixtureFile) throws -> [String] {
        let temporary = try TemporaryFolder()
        var bundle = temporary.file("bundle.zip")
        var folder: String?
        if let work {
            guard fixtureCase.name.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") || isAlphanumeric($0) }) else {
                throw AssuranceError(.malformedFixture, "a case's name has letters, digits, - and _ only, not \(fixtureCase.name)")
            }
            let path = absolute(work) + "/\(fixture.testID)-\(fixtureCase.name)"
            _ = try DurableFile.makeDirectory(path)
            bundle = path + "/bundle.zip"
            folder = path
        }
        let server = try fixture.run(fixtureCase)
        let materialised = try fixture.run(fixtureCase, materialise: true)
        let fromBundle = try fixture.runFromBundle(fixtureCase, path: bundle)
        if let folder {
            var files = [("server.txt", server.text), ("bundle.txt", fromBundle.text)]
            for (number, script) in try fixture.scripts(of: fixtureCase).enumerated() { files.append(("\(number)-\(script.name)", script.sql)) }
            for (name, text) in files { try DurableFile.create(Array(text.utf8), at: "\(folder)/\(name)", permissions: 0o644) }
        }
        var out = server.differences(from: fixtureCase)
        if materialised != server { out.append("the materialised database says something else") }
        if fromBundle != server { out.append("the bundle says something else: \(fromBundle.differences(from: fixtureCase).joined(separator: ", "))") }
        return out
    }

    private func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
