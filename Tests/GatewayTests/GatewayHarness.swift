import Core
import NIOCore
import NIOPosix
import Testing

@testable import Gateway

/// Tests with sockets. One at a time: their clients block a thread.
@Suite(.serialized) struct GatewayServerTests {}

/// A gateway on a free port, with everything around it in memory.
final class GatewayHarness: Sendable {
    let recorder: StagedRecorder
    let counters: CountersInMemory
    let upstream: StubUpstream
    let server: GatewayServer
    let port: Int
    private let group: MultiThreadedEventLoopGroup

    static let models = [
        "m", "dies", "dies-after-finish", "dies-plain", "closes", "garbage", "not-json", "not-chat", "encoded", "silent", "stalls", "redirects",
        "huge",
        "endless", "unfinished", "bad-events", "limited", "stale",
    ]

    private init(
        recorder: StagedRecorder, upstream: StubUpstream, server: GatewayServer, port: Int, group: MultiThreadedEventLoopGroup,
        counters: CountersInMemory
    ) {
        self.counters = counters
        self.recorder = recorder
        self.upstream = upstream
        self.server = server
        self.port = port
        self.group = group
    }

    /// Runs a test, then checks what must hold after any test: one intent and one outcome a request, the counters in agreement, and nothing left open.
    static func run(
        configure: (inout GatewayConfiguration) -> Void = { _ in }, services changeServices: (inout GatewayServices) -> Void = { _ in },
        timeouts: RouteTimeouts = RouteTimeouts(connect: 10_000, firstByte: 30_000, idle: 30_000, total: 60_000), reconciles: Bool = true,
        _ body: (GatewayHarness) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let upstream = try await StubUpstream(group: group)
        let recorder = StagedRecorder()
        let stub = Provider(
            id: "prv_stub", name: "stub",
            answerer: .openai(
                origin: try UpstreamOrigin(baseURL: "http://127.0.0.1:\(upstream.port)/base/v1"), tls: UpstreamTLS(),
                credential: try ProviderCredential("sk-upstream")), credentialID: "pkey_1", region: "local")
        let nowhere = Provider(
            id: "prv_nowhere", name: "nowhere",
            answerer: .openai(origin: try UpstreamOrigin(baseURL: "http://127.0.0.1:1"), tls: UpstreamTLS(), credential: nil), region: "local")
        let house = Provider(
            id: "prv_house", name: "house",
            answerer: .rules(RuleSet(rules: [.init(pattern: "Refund", answer: "Refunds take five days.")], defaultAnswer: "I do not know.")),
            region: "local")
        func route(
            _ model: String, _ provider: Provider, upstreamModel: String? = nil, capture: CaptureMode = .full, includeUsage: Bool = false,
            mode: EnforcementMode = .enforce, maximumBodyBytes: Int = 1 << 20
        ) -> Route {
            Route(
                id: "rte_\(model)", model: model, system: "sys_demo", provider: provider, upstreamModel: upstreamModel ?? model,
                deploymentID: "dep_\(model)", capture: capture, includeUsage: includeUsage, mode: mode, timeouts: timeouts,
                maximumBodyBytes: maximumBodyBytes)
        }
        var routes = models.map { route($0, stub) }
        routes.append(route("aliased", stub, upstreamModel: "stub/model-1", includeUsage: true))
        routes.append(route("hashed", stub, capture: .hash))
        routes.append(route("observed", stub, mode: .observe))
        routes.append(route("small", stub, maximumBodyBytes: 100))
        routes.append(route("nowhere", nowhere))
        routes.append(route("house", house, upstreamModel: "rules-1"))
        var configuration = GatewayConfiguration(hostDigestKey: Array(repeating: 1, count: 32))
        configuration.timerResolution = 10
        configuration.tailTimeout = 300
        configuration.maximumAnswerBytes = 1 << 20
        configuration.shutdownTimeout = 3000
        configure(&configuration)
        let access = StagedAccess()
        let routeSwitch = RouteSwitch(try RouteTable(routes: routes))
        let counters = CountersInMemory()
        var services = GatewayServices(recorder: recorder, authenticator: access, authorizer: access, routes: routeSwitch, counters: counters)
        changeServices(&services)
        let server = GatewayServer(configuration: configuration, services: services, group: group)
        let address = try await server.start(host: "127.0.0.1", port: 0)
        let harness = GatewayHarness(
            recorder: recorder, upstream: upstream, server: server, port: address.port ?? 0, group: group, counters: counters)
        do { try await body(harness) } catch { Issue.record(error) }
        await harness.stop(reconciles: reconciles)
    }

    private func stop(reconciles: Bool) async {
        await server.shutdown()
        #expect(server.connectionCount == 0)
        for _ in 0..<200 where upstream.openConnections > 0 { try? await Task.sleep(for: .milliseconds(10)) }
        #expect(upstream.openConnections == 0, "no upstream connection is leaked")
        if reconciles {
            // I2
            let intents = recorder.entries(.inferenceRequested)
            for intent in intents {
                let outcomes = recorder.outcomes.filter { $0.data["request_id"]?.string == intent.event.id }
                #expect(outcomes.count == 1, "\(intent.event.id) has \(outcomes.map(\.event.type.name))")
            }
            #expect(recorder.outcomes.count == intents.count)
            let counts = counters.counts
            #expect(counts.arrived - counts.strangers.values.reduce(0, +) - counts.writeRefused == intents.count)
            #expect(counts.intents == intents.count)
        }
        await upstream.close()
        try? await group.shutdownGracefully()
    }

    func client() -> RawClient { RawClient(port: port) }

    static func request(
        _ body: String, key: String? = "ann", headers: String = "", path: String = "/v1/chat/completions", method: String = "POST"
    ) -> String {
        let authorization = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return "\(method) \(path) HTTP/1.1\r\nHost: gateway\r\n\(authorization)Content-Type: application/json\r\n\(headers)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func chat(_ model: String, stream: Bool = false, more: String = "") -> String {
        "{\"model\":\"\(model)\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]\(stream ? ",\"stream\":true" : "")\(more)}"
    }

    /// Waits for something that happens on another thread.
    func eventually(_ comment: Comment? = nil, _ condition: () async -> Bool) async {
        for _ in 0..<1000 {
            if await condition() { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(comment ?? "it never came to that")
    }
}
