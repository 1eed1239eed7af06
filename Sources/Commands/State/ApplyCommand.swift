import ArgumentParser
import Core

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Bring providers, routes, users, grants and tokens to what a file says; shows the difference.")

    @Option(name: .shortAndLong, help: "The YAML document.")
    var file: String

    @Flag(help: "Show the difference, change nothing.")
    var dryRun = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let document = String(decoding: try DurableFile.read(absolute(file), maximumBytes: 1 << 20), as: UTF8.self)
        let answer = try await server.client().json(
            "POST", "/api/v1/apply", ["document": JSONValue(document), "dry_run": JSONValue(dryRun)])
        if options.output == .json { return Terminal.output(CanonicalJSON.string(answer)) }
        let changes = (answer["changes"]?.array ?? []).compactMap(\.string)
        Terminal.output(changes.isEmpty ? "Nothing to change." : changes.joined(separator: "\n"))
        for token in answer["tokens"]?.array ?? [] {
            Terminal.output("token \(token["name"]?.string ?? ""): \(token["token"]?.string ?? "")   (shown once)")
        }
    }
}
