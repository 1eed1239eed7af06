import ArgumentParser
import Assurance
import Core
import MerkleLog

struct BundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle", abstract: "Evidence bundles: what an auditor takes home.",
        subcommands: [BundleExport.self, BundleVerify.self, BundleReperform.self])
}

struct BundleVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check every byte of a bundle, without a server.",
        discussion: """
            Exit status 0: the bundle is genuine and its records keep their rules. 1: it is not, or they do not; the output says what.
            The keys come from you: never take them from the bundle.
            """)

    @Argument(help: "The bundle.", completion: .file(extensions: ["zip"]))
    var file: String

    @Option(help: "The log's verifier key.")
    var key: String

    @Option(name: .customLong("witness"), help: "A witness's verifier key; may be given more than once.")
    var witnesses: [String] = []

    @OptionGroup var options: OutputOptions

    func run() async throws {
        let verifier = BundleVerifier(key: try NoteVerifier(vkey: key), witnesses: try witnesses.map { try CosignatureVerifier(vkey: $0) })
        let report = try verifier.verify(path: absolute(file))
        Terminal.output(options.output == .json ? CanonicalJSON.string(report.json) : report.lines.joined(separator: "\n"))
        guard report.isSound else { throw ExitCode(1) }
    }
}

struct BundleReperform: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reperform", abstract: "Make a bundle's evidence database again from its leaves, and run its control tests again.",
        discussion: "Exit status 0: both agree with what is enclosed. 1: they differ. Verify the bundle first: this looks at no signature.")

    @Argument(help: "The bundle.", completion: .file(extensions: ["zip"]))
    var file: String

    @OptionGroup var options: OutputOptions

    func run() async throws {
        let found: Reperformance
        do {
            found = try BundleReperformer().reperform(path: absolute(file))
        } catch let error as AssuranceError where error.code != .file {
            throw FoundFault(message: "NOT VALID: \(error.message)")
        }
        Terminal.output(options.output == .json ? CanonicalJSON.string(found.json) : found.lines.joined(separator: "\n"))
        guard found.agrees else { throw ExitCode(1) }
    }
}
