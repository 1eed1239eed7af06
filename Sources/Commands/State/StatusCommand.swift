import ArgumentParser
import Core

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "How the server is.")

    @OptionGroup var server: ServerOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let status = try await server.client().json("GET", "/api/v1/status")
        if options.output == .json { return Terminal.output(CanonicalJSON.string(status)) }
        let rows = (status.object ?? [:]).sorted { $0.key < $1.key }.map { [$0.key, $0.value.string ?? CanonicalJSON.string($0.value)] }
        Terminal.output(Terminal.table(rows))
        if status["ready"] == false { throw FoundFault(message: status["reason"]?.string ?? "the server is not ready") }
    }
}
