import ArgumentParser
import Core

struct ReceiptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "receipt", abstract: "What the log can prove of one request.")

    @Argument(help: "The id that came in Countersign-Receipt, inf_…")
    var id: String

    @OptionGroup var server: ServerOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let receipt = try await server.client().json("GET", "/api/v1/receipts/\(id)")
        if options.output == .json { return Terminal.output(CanonicalJSON.string(receipt)) }
        Terminal.output(
            Terminal.table([
                ["receipt", id], ["state", receipt["state"]?.string ?? ""], ["log", receipt["origin"]?.string ?? "-"],
                ["intent at index", receipt["entry"]?["index"]?.int.map(String.init) ?? "-"],
                ["outcome at index", receipt["outcome"]?["index"]?.int.map(String.init) ?? "-"],
            ]))
    }
}
