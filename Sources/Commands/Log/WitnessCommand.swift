import ArgumentParser
import Core
import Logging
import MerkleLog
import Server

struct WitnessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness", abstract: "Cosign other people's logs.", subcommands: [WitnessServe.self])
}

struct WitnessServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run a witness: a process of its own, with a key and a state of its own (C2SP tlog-witness).",
        discussion: "Run it on another host, under another administrator: that is what its cosignature is worth.")

    @Option(help: "The witness's name, which its key carries.")
    var name: String

    @Option(help: "A directory for its key and its state; made if need be.")
    var state: String

    @Option(help: "HOST:PORT to listen on.")
    var listen = "127.0.0.1:8090"

    @Option(help: "Verifier key of a log to witness; repeat for several.")
    var log: [String]

    func run() async throws {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]), (0...65_535).contains(port) else {
            throw ValidationError("--listen must be HOST:PORT")
        }
        let logs = try log.map { try NoteVerifier(vkey: $0) }
        let server = try WitnessServer(
            name: name, directory: absolute(state), logs: logs, host: String(listen[..<colon]), port: port, logger: Logger(label: "witness"))
        Terminal.output(server.vkey)
        try await server.run()
    }
}
