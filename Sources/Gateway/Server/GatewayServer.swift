package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// The data plane's listener.
///
/// ```swift
/// let gateway = GatewayServer(configuration: configuration, services: services, group: group)
/// let address = try await gateway.start(host: "127.0.0.1", port: 8080)
/// await gateway.shutdown()
/// ```
/// The event loops are the caller's: it closes them down after ``shutdown()``.
package final class GatewayServer: Sendable {
    private enum State {
        case new
        case listening(any Channel, [NIOLoopBound<GatewayLoop>])
        case closed
    }

    private let configuration: GatewayConfiguration
    private let services: GatewayServices
    private let group: any EventLoopGroup
    private let state = Mutex(State.new)
    private let connections = Atomic<Int>(0)

    /// - Parameter group: every loop of it serves connections.
    package init(configuration: GatewayConfiguration, services: GatewayServices, group: any EventLoopGroup) {
        self.configuration = configuration
        self.services = services
        self.group = group
    }

    /// Listens.
    /// - Parameters:
    ///   - host: an address or a name of this machine.
    ///   - port: 0 lets the system choose.
    /// - Returns: where it listens.
    /// - Throws: ``GatewayError``: `not_listening`, or `wrong_state` where it was started before.
    package func start(host: String, port: Int) async throws(GatewayError) -> SocketAddress {
        guard state.withLock({ if case .new = $0 { true } else { false } }) else {
            throw GatewayError(.wrongState, "the gateway was started before")
        }
        do {
            return try await bind(host: host, port: port)
        } catch {
            throw GatewayError(.notListening, "cannot listen on \(host):\(port): \(error)", underlying: error)
        }
    }

    private func bind(host: String, port: Int) async throws -> SocketAddress {
        let eventLoops = Array(group.makeIterator())
        let contexts = UpstreamTLSContexts()
        var made: [NIOLoopBound<GatewayLoop>] = []
        for eventLoop in eventLoops {
            let configuration = configuration
            let services = services
            made.append(
                try await eventLoop.submit {
                    let loop = GatewayLoop(
                        eventLoop: eventLoop, loopCount: eventLoops.count, configuration: configuration, services: services, contexts: contexts)
                    loop.start()
                    return NIOLoopBound(loop, eventLoop: eventLoop)
                }.get())
        }
        let loops = Dictionary(uniqueKeysWithValues: zip(eventLoops.map { ObjectIdentifier($0) }, made))
        let serverTLS = try configuration.tls.map { try NIOSSLContext(configuration: $0) }
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 << 10, high: 128 << 10))
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops[ObjectIdentifier(channel.eventLoop)] else {
                        throw GatewayError(.wrongState, "an event loop of another group")
                    }
                    try self.accept(channel, loop.value, serverTLS)
                }
            }
            .bind(host: host, port: port).get()
        guard let address = channel.localAddress else { throw GatewayError(.notListening, "the listener has no address") }
        state.withLock { $0 = .listening(channel, made) }
        return address
    }

    func accept(_ channel: any Channel, _ loop: GatewayLoop, _ tls: NIOSSLContext?) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        let count = connections.add(1, ordering: .relaxed).newValue
        let connection = ClientConnection(loop: loop) { [self] in connections.subtract(1, ordering: .relaxed) }
        connection.isOneTooMany = count > configuration.maximumConnections
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = min(limits.maxHeaderFieldSize, configuration.maximumHeadBytes)
        limits.maxHeaderListSize = configuration.maximumHeadBytes
        limits.maxHeaderFieldCount = configuration.maximumHeaderCount
        try pipeline.addHandler(ArrivalObserver(connection))
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)))
        try pipeline.addHandler(connection)
    }

    /// How many clients are connected.
    package var connectionCount: Int { connections.load(ordering: .relaxed) }

    /// How many connections to upstreams are open, in use or not.
    package func upstreamConnectionCount() async -> Int {
        await sum { $0.pool.openConnections }
    }

    /// Stops accepting, lets requests finish within `shutdownTimeout`, then closes what is left and waits for its records. Never throws.
    package func shutdown() async {
        let previous = state.withLock { state in
            defer { state = .closed }
            return state
        }
        guard case .listening(let channel, let loops) = previous else { return }
        try? await channel.close().get()
        await each(loops) { $0.drain() }
        await wait(loops, milliseconds: configuration.shutdownTimeout)
        await each(loops) { $0.closeAll() }
        // What was cut off still gets its outcome (I2).
        await wait(loops, milliseconds: 5000)
        await each(loops) { $0.stop() }
    }

    private func wait(_ loops: [NIOLoopBound<GatewayLoop>], milliseconds: Int64) async {
        var waited: Int64 = 0
        while waited < milliseconds {
            if await sum(loops, { $0.connections.count + $0.openExchanges }) == 0 { return }
            try? await Task.sleep(for: .milliseconds(10))
            waited += 10
        }
    }

    private func sum(_ value: @escaping @Sendable (GatewayLoop) -> Int) async -> Int {
        guard case .listening(_, let loops) = state.withLock({ $0 }) else { return 0 }
        return await sum(loops, value)
    }

    private func sum(_ loops: [NIOLoopBound<GatewayLoop>], _ value: @escaping @Sendable (GatewayLoop) -> Int) async -> Int {
        var total = 0
        for loop in loops { total += (try? await loop.eventLoop.submit { value(loop.value) }.get()) ?? 0 }
        return total
    }

    private func each(_ loops: [NIOLoopBound<GatewayLoop>], _ body: @escaping @Sendable (GatewayLoop) -> Void) async {
        for loop in loops { try? await loop.eventLoop.submit { body(loop.value) }.get() }
    }
}
