import API
import Access
import Console
import Core
import Database
import Gateway
import Hummingbird
import Ledger
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// `countersign serve`: both planes and everything that runs beside them, from start to an orderly end.
package struct ServerProcess: Sendable {
    private let configuration: ServerConfiguration
    private let logger: Logger

    package init(_ configuration: ServerConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Runs until SIGTERM or SIGINT, or until the log stops.
    /// - Throws: why it could not start; ``LedgerError`` where the log stopped: start it again, and it recovers.
    package func run() async throws {
        if !configuration.witnesses.isEmpty, let head = try await offTheEventLoops({ [configuration] in try Installation.storedHead(configuration) })
        {
            // Never two histories: before anything new is signed.
            try await WitnessClient.check(head, of: configuration.witnesses, logger: logger)
        }
        let installation = try await Installation.open(configuration)
        do {
            try await serve(installation)
        } catch {
            try? await installation.close()
            throw error
        }
        try await installation.close()
        logger.info("closed")
    }

    private func serve(_ installation: Installation) async throws {
        let ledger = installation.ledger
        let counters = CounterReporter(counters: try HourlyCounters(path: configuration.data + "/counters"), ledger: ledger)
        try await offTheEventLoops { _ = ledger.waitForIntegration() }
        try await offTheEventLoops { try counters.settle() }
        // Snapshots are put in force before anybody is served; what waits in the outbox is delivered first.
        let relay = Task { await installation.relay.run() }
        defer { relay.cancel() }
        try await installation.access.open()
        try await installation.routes.open()
        if ledger.recoveredIntents > 0 {
            logger.notice(
                "requests were open when the last process ended; each is recorded as aborted", metadata: ["count": "\(ledger.recoveredIntents)"])
        }

        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        let gateway = GatewayServer(
            configuration: gatewayConfiguration(installation),
            services: GatewayServices(
                recorder: ledger, authenticator: installation.access.decider, authorizer: installation.access.decider,
                routes: installation.routeSwitch, counters: counters.counters),
            group: group)
        let witnesses = WitnessClient(configuration.witnesses, ledger: ledger, logger: logger)
        let operations = Operations(installation: installation, counters: counters, witnesses: witnesses, logger: logger)
        let dataAddress = try await gateway.start(host: configuration.dataListener.host, port: configuration.dataListener.port)
        let stopped = Mutable<RecordError?>(nil)
        let services: [any Service] = [
            ControlPlane(address: configuration.controlListener, installation: installation, operations: operations, logger: logger),
            Running("access") { await installation.access.run() },
            Running("counters") { [logger] in await Self.every(.seconds(5), logger) { try await counters.reportPast() } },
            Running("witnesses") { [configuration, logger] in
                await Self.every(.milliseconds(configuration.witnessInterval), logger) { try await witnesses.askAll() }
            },
            Running("verification") { [logger] in await operations.verifyDaily(logger) },
            GatewayService(gateway: gateway, group: group),
        ]
        let serviceGroup = ServiceGroup(
            configuration: .init(services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger)))
        ledger.onFailure { [logger] error in
            stopped.value = error
            logger.critical("the log stopped; this process ends, and the next one recovers", metadata: ["error": "\(error)"])
            Task { await serviceGroup.triggerGracefulShutdown() }
        }
        logger.info(
            "serving",
            metadata: [
                "data_plane": "http://\(address(dataAddress))", "control_plane": "http://\(configuration.controlListener)", "log": "\(ledger.origin)",
            ])
        try await serviceGroup.run()
        try? await installation.access.writeTokenUses()
        if let error = stopped.value { throw LedgerError(.io, error.message) }
        try? await counters.reportNow()
    }

    private func gatewayConfiguration(_ installation: Installation) -> GatewayConfiguration {
        var gateway = GatewayConfiguration(hostDigestKey: installation.hostDigestKey)
        if let bytes = configuration.gatewayBody { gateway.maximumBodyBytes = bytes }
        return gateway
    }

    private func address(_ address: SocketAddress) -> String { "\(configuration.dataListener.host):\(address.port ?? 0)" }

    /// The service group's own news are for debugging it.
    private func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    private static func every(_ interval: Duration, _ logger: Logger, _ body: @escaping @Sendable () async throws -> Void) async {
        while !Task.isCancelled {
            do { try await body() } catch is CancellationError { return } catch {
                logger.warning("a duty failed and will be tried again", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: interval) } catch { return }
        }
    }
}

/// Work that goes on until the server is told to stop.
private struct Running: Service {
    let name: String
    let body: @Sendable () async -> Void

    init(_ name: String, _ body: @escaping @Sendable () async -> Void) {
        self.name = name
        self.body = body
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await body() }
    }
}

/// Closes the data plane down when the server stops: requests under way are finished.
private struct GatewayService: Service {
    let gateway: GatewayServer
    let group: MultiThreadedEventLoopGroup

    func run() async throws {
        try? await gracefulShutdown()
        await gateway.shutdown()
        try await group.shutdownGracefully()
    }
}

/// The control plane's listener.
private struct ControlPlane: Service {
    let address: ServerConfiguration.Address
    let installation: Installation
    let operations: Operations
    let logger: Logger

    func run() async throws {
        let decider = installation.access.decider
        let decisions = DecisionLog(authorizer: decider, context: installation.context)
        let endpoints =
            ManagementEndpoints.all(operations) + TokenEndpoints(access: installation.access).all
            + ReceiptEndpoints(ledger: installation.ledger, authorizer: decider, decisions: decisions).all + LedgerEndpoints.all(installation.ledger)
        let document = OpenAPI.document(endpoints)
        let openAPI = Endpoint("GET", "/openapi.json", "openapi", "This description", .open) { _ in .json(document) }
        let router = ControlRouter(authenticator: decider, authorizer: decider, decisions: decisions, logger: logger).router(endpoints + [openAPI])
        let configuration = installation.configuration
        let console = try Console(
            ledger: installation.ledger, access: installation.access, decisions: decisions,
            source: .init(
                unreadiness: { operations.unreadiness() }, routes: { [routes = installation.routeSwitch] in routes.current() },
                routeProblems: { [routes = installation.routes] in routes.problems }),
            installation: configuration.origin + (configuration.mode == .production ? "" : ", \(configuration.mode.rawValue)"), logger: logger)
        console.add(to: router)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            router: router, configuration: .init(address: .hostname(address.host, port: address.port), serverName: nil), logger: quiet)
        try await application.runService(gracefulShutdownSignals: [])
    }
}
