import ArgumentParser
import Core
import Ledger
import Server

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a data directory: keys, log, an administrator and their first token.")

    @Option(help: "The data directory to make. It must not exist, or be empty.")
    var data: String

    @Option(help: "The log's name, for ever: a host name of yours and a path.")
    var origin = "countersign.local/log"

    @Option(help: "production or demonstration; the log's first entry says which.")
    var mode = "production"

    @Option(help: "Name of the first administrator.")
    var admin = "admin"

    @Flag(help: "There is no second person: every record of a change says so.")
    var solo = false

    @Option(help: "Port of the data plane (inference).")
    var dataPort = 8080

    @Option(help: "Port of the control plane.")
    var controlPort = 8081

    @Option(help: "Write the administrator's token to this new file (mode 0600) instead of printing it.")
    var tokenFile: String?

    @OptionGroup var options: OutputOptions

    func run() async throws {
        guard let mode = LedgerOptions.Mode(rawValue: mode) else { throw ValidationError("--mode must be production or demonstration") }
        guard (1...65_535).contains(dataPort), (1...65_535).contains(controlPort), dataPort != controlPort else {
            throw ValidationError("the ports must be two different numbers from 1 to 65535")
        }
        let made = try await Installation.create(
            .init(
                data: absolute(data), origin: origin, mode: mode, soloMode: solo, dataPort: dataPort, controlPort: controlPort, administrator: admin))
        if let tokenFile { try DurableFile.create(Array((made.token + "\n").utf8), at: absolute(tokenFile)) }
        if options.output == .json {
            Terminal.output(
                CanonicalJSON.string(
                    .compact([
                        "administrator": JSONValue(made.administratorID), "configuration": JSONValue(made.configurationPath),
                        "origin": JSONValue(origin), "token": tokenFile == nil ? JSONValue(made.token) : nil, "vkey": JSONValue(made.vkey),
                    ])))
            return
        }
        Terminal.output(
            """
            Made \(made.data)
              configuration    \(made.configurationPath)
              log              \(origin)
              verifier key     \(made.vkey)
                               Give it to your auditor now: it is what they check this log with.
              administrator    \(admin) (\(made.administratorID))
              token            \(tokenFile.map { "in \(absolute($0))" } ?? made.token + "   (shown once)")

            Next: countersign serve --data \(made.data)
            """)
    }
}

/// A path from the working directory, made absolute.
func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    let here = environment("PWD") ?? "."
    return here + "/" + path
}
