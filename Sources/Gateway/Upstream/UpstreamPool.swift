import Core
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The upstream connections of one event loop. Not shared: both halves of an exchange stay on one loop.
final class UpstreamPool {
    fileprivate struct Waiter {
        let exchange: Exchange
        let request: ByteBuffer
    }

    final class Origin {
        fileprivate init() {}

        /// The one used last is used first, so that the others can grow old.
        fileprivate var idle: [UpstreamConnection] = []
        fileprivate var open = 0
        fileprivate var waiting = CircularBuffer<Waiter>()
    }

    private let eventLoop: any EventLoop
    private let configuration: GatewayConfiguration
    private let contexts: UpstreamTLSContexts
    private var origins: [UpstreamKey: Origin] = [:]

    init(eventLoop: any EventLoop, configuration: GatewayConfiguration, contexts: UpstreamTLSContexts) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.contexts = contexts
    }

    var openConnections: Int { origins.values.reduce(0) { $0 + $1.open } }

    /// Sends a request on a connection that is free, on a new one, or on the next that becomes free.
    /// - Parameter isFresh: only a new connection will do.
    func send(_ request: ByteBuffer, to key: UpstreamKey, for exchange: Exchange, onFresh isFresh: Bool = false) {
        let origin = origin(of: key)
        while !isFresh, let connection = origin.idle.popLast() {
            guard !connection.isClosed else { continue }
            exchange.upstreamStarted(on: connection)
            connection.send(request, for: exchange)
            return
        }
        if origin.open < configuration.maximumUpstreamConnections {
            connect(key, origin, Waiter(exchange: exchange, request: request))
        } else if origin.waiting.count < configuration.maximumUpstreamWaiters {
            origin.waiting.append(Waiter(exchange: exchange, request: request))
        } else {
            exchange.upstreamFailed(.busy)
        }
    }

    private func origin(of key: UpstreamKey) -> Origin {
        if let origin = origins[key] { return origin }
        let origin = Origin()
        origins[key] = origin
        return origin
    }

    /// An exchange no longer waits.
    func forget(_ exchange: Exchange, _ key: UpstreamKey) {
        guard let origin = origins[key], !origin.waiting.isEmpty else { return }
        origin.waiting.removeAll { $0.exchange === exchange }
    }

    /// A connection has done its exchange and can do another.
    func release(_ connection: UpstreamConnection) {
        let origin = connection.origin
        connection.wasPooled = true
        while let next = origin.waiting.popFirst() {
            guard next.exchange.wantsUpstream else { continue }
            next.exchange.upstreamStarted(on: connection)
            connection.send(next.request, for: next.exchange)
            return
        }
        connection.idleSince = monotonicMicroseconds() / 1000
        origin.idle.append(connection)
    }

    func remove(_ connection: UpstreamConnection) {
        let origin = connection.origin
        origin.open -= 1
        origin.idle.removeAll { $0 === connection }
        serveWaiting(connection.key, origin)
    }

    /// Closes what was unused for too long.
    func tick(now: Int64) {
        for origin in origins.values {
            for connection in origin.idle where now - connection.idleSince >= configuration.upstreamIdleTimeout { connection.close() }
        }
    }

    func closeIdle() {
        for origin in origins.values { for connection in origin.idle { connection.close() } }
    }

    private func serveWaiting(_ key: UpstreamKey, _ origin: Origin) {
        while origin.open < configuration.maximumUpstreamConnections, let next = origin.waiting.popFirst() {
            if next.exchange.wantsUpstream { connect(key, origin, next) }
        }
    }

    private func connect(_ key: UpstreamKey, _ origin: Origin, _ waiter: Waiter) {
        origin.open += 1
        let connection = UpstreamConnection(key: key, origin: origin, pool: self)
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let started = NIOLoopBound(waiter, eventLoop: eventLoop)
        let pool = NIOLoopBound(self, eventLoop: eventLoop)
        let serverName = Self.serverName(of: key)
        let eventLoop = eventLoop
        let timeout = waiter.exchange.connectTimeout
        contexts.context(for: key, on: eventLoop).flatMap { tls in
            ClientBootstrap(group: eventLoop)
                .connectTimeout(.milliseconds(timeout))
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let tls { try pipeline.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: serverName)) }
                        var limits = NIOHTTPDecoderLimitConfiguration()
                        limits.maxHeaderFieldSize = 16 << 10
                        limits.maxHeaderListSize = 64 << 10
                        try pipeline.addHandler(UpstreamRequestEncoder())
                        try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(limitConfiguration: limits)))
                        try pipeline.addHandler(bound.value)
                    }
                }
                .connect(host: key.origin.host, port: key.origin.port)
        }.whenComplete { result in
            pool.value.connected(bound.value, started.value, result)
        }
    }

    private func connected(_ connection: UpstreamConnection, _ waiter: Waiter, _ result: Result<any Channel, any Error>) {
        let exchange = waiter.exchange
        switch result {
        case .failure(let error):
            connection.origin.open -= 1
            serveWaiting(connection.key, connection.origin)
            guard exchange.wantsUpstream else { return }
            if case .connectTimeout = error as? ChannelError {
                exchange.upstreamFailed(.connectTimeout)
            } else {
                exchange.upstreamFailed(.unreachable)
            }
        case .success(let channel):
            // I12: a name that resolves to nowhere a provider can be is not spoken to.
            guard UpstreamAddress.isAllowed(channel.remoteAddress) else {
                connection.close()
                exchange.upstreamFailed(.forbiddenAddress)
                return
            }
            guard exchange.wantsUpstream else {
                release(connection)
                return
            }
            exchange.upstreamStarted(on: connection)
            connection.send(waiter.request, for: exchange)
        }
    }

    /// The name for SNI and for the certificate; none where the host is an address.
    private static func serverName(of key: UpstreamKey) -> String? {
        let name = key.tls.serverName ?? key.origin.host
        return (try? SocketAddress(ipAddress: name, port: 0)) == nil ? name : nil
    }
}

/// Addresses that no provider can have: unspecified, link-local (where clouds keep their metadata), multicast and broadcast.
enum UpstreamAddress {
    static func isAllowed(_ address: SocketAddress?) -> Bool {
        guard let bytes = address?.ipBytes, bytes.contains(where: { $0 != 0 }) else { return false }
        if bytes.count == 4 { return !(bytes[0] == 169 && bytes[1] == 254) && bytes[0] < 224 }
        return bytes[0] != 0xff && !(bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80)
    }
}
