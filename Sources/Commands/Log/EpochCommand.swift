import ArgumentParser
import Core
import MerkleLog
import Server

struct EpochCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "epoch", abstract: "Epochs of the log.", subcommands: [EpochBegin.self])
}

struct EpochBegin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "begin", abstract: "End the log and begin another under a new name, in a data directory whose server is stopped.",
        discussion: """
            For a data directory that was restored from a copy: nobody can know from it what was signed later, and a log must never have two \
            histories. The old log is kept as it is; the first entry of the new one commits to its last head. What is in force (roles, \
            people, grants, tokens, providers, routes) is stated to the new log. Tokens keep working. Give the new verifier key to your \
            auditor, together with the old one.
            """)

    @Option(help: "The data directory; its countersign.yaml is read, and changed in the line `origin:`.")
    var data: String?

    @Option(help: "Another configuration file.")
    var config: String?

    @Option(help: "The new log's name, for example logs.example.com/ai-2.")
    var origin: String

    @Option(help: "Your name, as an administrator of this installation: the records that state what is in force are yours.")
    var by: String

    @OptionGroup var options: OutputOptions

    func run() async throws {
        guard let path = config.map(absolute) ?? data.map({ absolute($0) + "/countersign.yaml" }) else {
            throw ValidationError("--data DIR or --config FILE is needed")
        }
        let begun = try await Installation.beginEpoch(configurationPath: path, data: config == nil ? data.map(absolute) : nil, origin: origin, by: by)
        let head = begun.previous.checkpoint
        if options.output == .json {
            return Terminal.output(
                CanonicalJSON.string([
                    "archive": JSONValue(begun.archive), "origin": JSONValue(origin), "previous_origin": JSONValue(head.origin),
                    "previous_root": JSONValue(head.root.base64), "previous_size": JSONValue(Int64(head.size)), "vkey": JSONValue(begun.vkey),
                ]))
        }
        Terminal.output(
            """
            \(begun.wasBegunBefore ? "Begun by an earlier call; nothing was left to do.\n" : "")\(head.origin) ended at \(head.size) entries, root \(head.root.base64)
              kept, unchanged, in \(begun.archive)
            \(origin) begins, and its first entry commits to that head
              verifier key: \(begun.vkey)
              give it to your auditor beside the old one
            """)
    }
}
