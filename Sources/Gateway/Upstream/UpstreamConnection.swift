import NIOCore
import NIOHTTP1
import NIOSSL

/// One connection to an upstream: at most one exchange at a time, always on the exchange's own event loop.
final class UpstreamConnection: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    let key: UpstreamKey
    let origin: UpstreamPool.Origin
    private(set) var channel: (any Channel)?
    /// Milliseconds of the monotonic clock; since when nothing uses it.
    var idleSince: Int64 = 0
    private let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    private var exchange: Exchange?
    private var request: ByteBuffer?
    /// It was free once: an upstream may close such a connection at any moment.
    var wasPooled = false
    private var hasAnswered = false
    private var isReusable = false
    private(set) var isPaused = false
    private var isReadHeld = false
    private(set) var isClosed = false

    init(key: UpstreamKey, origin: UpstreamPool.Origin, pool: UpstreamPool) {
        self.key = key
        self.origin = origin
        self.pool = pool
    }

    private static let decoderNote = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")

    // MARK: From the exchange

    /// Sends a request.
    func send(_ request: ByteBuffer, for exchange: Exchange) {
        guard let context, !isClosed else {
            exchange.upstreamFailed(.died)
            return
        }
        self.exchange = exchange
        // Kept until the first byte of the answer, in case that this connection proves stale.
        self.request = wasPooled ? request : nil
        hasAnswered = false
        isReusable = false
        // The response decoder pairs each answer with the method that was asked; the bytes themselves are ours.
        context.write(wrapOutboundOut(.head(Self.decoderNote)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(request))), promise: nil)
    }

    /// The exchange wants no more of it.
    func cancel() {
        exchange = nil
        request = nil
        close()
    }

    func pauseReading() { isPaused = true }

    func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        if isReadHeld {
            isReadHeld = false
            context?.read()
        }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        pool.remove(self)
        context?.close(promise: nil)
    }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        channel = context.channel
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func read(context: ChannelHandlerContext) {
        // Backpressure: while the client takes nothing, nothing is read for it.
        if isPaused { isReadHeld = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let exchange else {
            // Bytes that nobody asked for.
            close()
            return
        }
        request = nil
        hasAnswered = true
        switch unwrapInboundIn(data) {
        case .head(let head):
            isReusable = head.isKeepAlive
            exchange.upstreamHead(head)
        case .body(let bytes): exchange.upstreamBody(bytes)
        case .end:
            self.exchange = nil
            isPaused = false
            if isReadHeld {
                isReadHeld = false
                context.read()
            }
            if isReusable, !isClosed { pool.release(self) } else { close() }
            exchange.upstreamEnded()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        exchange?.upstreamReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        lost(.died)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What is no HTTP, or too much of it, is the upstream's fault; anything else is a connection that was lost.
        switch error {
        // The connection ended within a message.
        case HTTPParserError.invalidEOFState: lost(.died)
        case is HTTPParserError, is NIOHTTPDecoderError: lost(.garbage)
        case is NIOSSLError where !hasAnswered, is NIOSSLExtraError where !hasAnswered: lost(.untrusted)
        default: lost(.died)
        }
    }

    private func lost(_ failure: UpstreamFailure) {
        let exchange = exchange
        let request = request
        self.exchange = nil
        self.request = nil
        close()
        guard let exchange else { return }
        if failure == .died, !hasAnswered, let request {
            // The upstream closed a connection that had served before, and said nothing: it was closing while we wrote. A connection that
            // is new is not tried again, nor one that gave a single byte: the request may have been carried out.
            exchange.upstreamWasStale(request)
        } else {
            exchange.upstreamFailed(failure)
        }
    }
}

/// Writes requests that are bytes already; the rest of a message says nothing new.
final class UpstreamRequestEncoder: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = ByteBuffer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .body(.byteBuffer(let bytes)) = unwrapOutboundIn(data) {
            context.write(wrapOutboundOut(bytes), promise: promise)
        } else {
            promise?.succeed()
        }
    }
}
