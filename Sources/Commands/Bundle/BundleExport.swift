import ArgumentParser
import Core

struct BundleExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the evidence of a period as a ZIP that says how to check it.")

    @OptionGroup var period: PeriodOptions

    @Option(name: [.customShort("o"), .customShort("f"), .long], help: "The file to write.")
    var file: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let bytes = try await server.client().download("POST", "/api/v1/bundles", try period.json(), to: absolute(file))
        Terminal.output("wrote \(file), \(bytes) bytes")
    }
}
