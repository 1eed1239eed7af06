import ArgumentParser
import Core
import Ledger
import Logging
import Server

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Make a demonstration directory where there is none, apply a starter configuration, and serve it.",
        discussion: "The first entry of its log says that it is a demonstration. `make run` goes further: requests, a bundle, its verification.")

    @Option(help: "The directory; made if need be.")
    var data: String

    @Option(help: "Port of the data plane.")
    var dataPort = 8080

    @Option(help: "Port of the control plane.")
    var controlPort = 8081

    func run() async throws {
        let path = absolute(data)
        let tokenPath = path + "/administrator.token"
        if try DurableFile.status(path + "/countersign.yaml") == nil {
            let made = try await Installation.create(
                .init(
                    data: path, origin: "demo.countersign.local/log", mode: .demonstration, soloMode: true, dataPort: dataPort,
                    controlPort: controlPort, administrator: "demo-administrator"))
            try DurableFile.create(Array((made.token + "\n").utf8), at: tokenPath)
            Terminal.output("Made the demonstration directory \(path); verifier key \(made.vkey)")
        }
        let text = String(decoding: try DurableFile.read(path + "/countersign.yaml", maximumBytes: 1 << 20), as: UTF8.self)
        let configuration = try ServerConfiguration(yaml: text)
        let starter = Task { try await apply(configuration, tokenPath: tokenPath) }
        defer { starter.cancel() }
        try await ServerProcess(configuration, logger: Logger(label: "countersign")).run()
    }

    /// Waits for the server, applies the starter configuration, and says how to use it.
    private func apply(_ configuration: ServerConfiguration, tokenPath: String) async throws {
        let token = String(decoding: try DurableFile.read(tokenPath, maximumBytes: 4096), as: UTF8.self)
        let client = ServerClient(
            base: "http://\(configuration.controlListener)", token: token.split(whereSeparator: \.isNewline).first.map(String.init))
        for attempt in 0..<100 {
            do {
                _ = try await client.call("GET", "/readyz")
                break
            } catch  where attempt < 99 {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        let applied = try await client.json("POST", "/api/v1/apply", ["document": JSONValue(Self.starter)])
        let keyPath = configuration.data + "/application.token"
        if let key = applied["tokens"]?.array?.first?["token"]?.string { try DurableFile.write(Array((key + "\n").utf8), to: keyPath) }
        Terminal.output(
            """

            An unchanged OpenAI client uses it with two lines; the model is called help-desk:
              export OPENAI_BASE_URL=http://\(configuration.dataListener)/v1
              export OPENAI_API_KEY=$(cat \(keyPath))
            """)
    }

    private static let starter = """
        providers:
          - name: house-rules
            kind: rules
            default_answer: "I do not know. Ask a colleague."
            rules:
              - {pattern: "refund", answer: "Refunds take five days."}
              - {pattern: "opening hours", answer: "We are open from nine to five."}
        routes:
          - {model: help-desk, system: sys_helpdesk, provider: house-rules, capture: full, classification: confidential}
        users:
          - {name: demo-application, kind: service}
        grants:
          - {principal: demo-application, role: application, route: help-desk}
        tokens:
          - {name: demo-key, principal: demo-application}
        """
}
