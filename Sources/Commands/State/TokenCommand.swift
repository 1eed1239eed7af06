import ArgumentParser
import Core

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Service tokens.", subcommands: [TokenIssue.self, TokenList.self, TokenRevoke.self])
}

struct TokenIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "issue", abstract: "Make a token; its secret is shown once.")

    @Option(help: "Name of the principal that the token stands for.")
    var principal: String

    @Option(help: "A name for the token.")
    var name: String

    @Option(help: "Days until it expires.")
    var days = 90

    @OptionGroup var server: ServerOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let token = try await server.client().json(
            "POST", "/api/v1/tokens", ["name": JSONValue(name), "principal": JSONValue(principal), "expires_in_days": JSONValue(days)])
        Terminal.output(options.output == .json ? CanonicalJSON.string(token) : token["token"]?.string ?? "")
    }
}

struct TokenList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Tokens, without their secrets.")

    @OptionGroup var server: ServerOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let answer = try await server.client().json("GET", "/api/v1/tokens")
        if options.output == .json { return Terminal.output(CanonicalJSON.string(answer)) }
        let rows = (answer["tokens"]?.array ?? []).map { token in
            ["id", "name", "principal", "state", "expires_at", "last_used_at"].map { token[$0]?.string ?? "" }
        }
        Terminal.output(Terminal.table([["ID", "NAME", "PRINCIPAL", "STATE", "EXPIRES", "LAST USED"]] + rows))
    }
}

struct TokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "revoke", abstract: "End a token at once.")

    @Argument(help: "The token's id, tok_…")
    var id: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
        _ = try await server.client().call("DELETE", "/api/v1/tokens/\(id)")
        Terminal.output("revoked \(id)")
    }
}
