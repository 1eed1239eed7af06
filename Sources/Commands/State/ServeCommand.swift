import ArgumentParser
import Core
import Logging
import Server

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Run the data plane and the control plane.")

    @Option(help: "The data directory; its countersign.yaml is read.")
    var data: String?

    @Option(help: "Another configuration file.")
    var config: String?

    @Option(help: "Log level: trace, debug, info, notice, warning, error.")
    var logLevel = "info"

    func run() async throws {
        guard let path = config.map(absolute) ?? data.map({ absolute($0) + "/countersign.yaml" }) else {
            throw ValidationError("--data DIR or --config FILE is needed")
        }
        guard let level = Logger.Level(rawValue: logLevel) else { throw ValidationError("--log-level: no such level") }
        let text = String(decoding: try DurableFile.read(path, maximumBytes: 1 << 20), as: UTF8.self)
        let configuration = try ServerConfiguration(yaml: text)
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        try await ServerProcess(configuration, logger: Logger(label: "countersign")).run()
    }
}
