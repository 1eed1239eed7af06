import Core
import Crypto
import NIOCore
import NIOHTTP1

/// One client's connection: takes one request at a time, checks it, and hands it to an ``Exchange``.
final class ClientConnection: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case awaitingHead
        /// Of an inference, by somebody known.
        case receivingBody(Exchange, maximum: Int)
        /// Of a list of models: the answer waits for the request's end.
        case receivingList(Principal)
        case exchanging(Exchange)
        /// The last answer was written; what still comes is thrown away.
        case lingering
        case closed
    }

    private let loop: GatewayLoop
    private let release: @Sendable () -> Void
    private var context: ChannelHandlerContext?
    private var phase = Phase.awaitingHead
    private var body = ByteBuffer()
    /// Requests that came before the one under way was answered.
    private var queue = CircularBuffer<HTTPServerRequestPart>()
    private var isReadHeld = false
    private var mustClose = false
    /// The request was read to its end, so that the next one can start where it ended.
    private var isRequestRead = true
    private var headBytes = 0
    private var address: (block: AddressBlock, digest: String)?
    /// Milliseconds of the monotonic clock; 0 is none.
    private var deadline: Int64
    private var writeBlockedSince: Int64 = 0
    private var isDrainingQueue = false
    /// More clients are connected than are served: this one is told so, and closed.
    var isOneTooMany = false

    /// Parts of pipelined requests that are kept before reading stops.
    private static let maximumQueued = 64
    private static let lingering: Int64 = 1000

    init(loop: GatewayLoop, release: @escaping @Sendable () -> Void) {
        self.loop = loop
        self.release = release
        deadline = Self.now() + loop.configuration.idleTimeout
    }

    private static func now() -> Int64 { monotonicMicroseconds() / 1000 }

    // MARK: Reading

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.remove(self)
        release()
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        if isOneTooMany {
            refuseStranger(.tooManyConnections, .overloaded)
        } else if loop.isDraining {
            closeNow()
        }
    }

    func read(context: ChannelHandlerContext) {
        if queue.count >= Self.maximumQueued { isReadHeld = true } else { context.read() }
    }

    /// Bytes came in, before they are parsed.
    /// - Returns: false where they must not be parsed.
    func bytesArrived(_ count: Int) -> Bool {
        switch phase {
        case .awaitingHead:
            if headBytes == 0 { deadline = Self.now() + loop.configuration.headTimeout }
            guard headBytes <= loop.configuration.maximumHeadBytes else {
                refuseStranger(.headTooLarge, .malformed)
                return false
            }
            headBytes += count
            return true
        case .lingering, .closed: return false
        default: return true
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .exchanging = phase, isRequestRead {
            queue.append(part)
        } else if !queue.isEmpty {
            queue.append(part)
        } else {
            take(part)
        }
    }

    private func take(_ part: HTTPServerRequestPart) {
        switch (phase, part) {
        case (.awaitingHead, .head(let head)): begin(head)
        case (.receivingBody(let exchange, let maximum), .body(let bytes)):
            guard body.readableBytes + bytes.readableBytes <= maximum else {
                refuse(exchange, .bodyTooLarge)
                return
            }
            guard loop.bufferedBytes + bytes.readableBytes <= loop.maximumBufferedBytes else {
                refuse(exchange, .overloaded)
                return
            }
            exchange.hold(bytes.readableBytes)
            if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
        case (.receivingBody(let exchange, _), .end):
            isRequestRead = true
            deadline = 0
            phase = .exchanging(exchange)
            let whole = body
            body = ByteBuffer()
            exchange.requestComplete(whole)
        case (.receivingList, .body): refuseStranger(.malformedHTTP, nil)
        case (.receivingList(let principal), .end):
            isRequestRead = true
            answerList(to: principal)
        case (.exchanging, .end): isRequestRead = true
        default: break
        }
    }

    // MARK: A request's head

    private func begin(_ raw: HTTPRequestHead) {
        headBytes = 0
        isRequestRead = false
        let head = RequestHead(raw, maximumTargetBytes: loop.configuration.maximumTargetBytes)
        if !head.keepsAlive || loop.isDraining { mustClose = true }
        switch head.endpoint {
        case .chatCompletions: beginInference(head)
        case .models:
            if let fault = head.fault ?? (head.hasBody ? .malformedHTTP : nil) { return refuseStranger(fault, nil) }
            switch authenticate(head) {
            case .known(let principal): phase = .receivingList(principal)
            case .stranger: refuseStranger(head.bearer == nil ? .noCredential : .unknownCredential, nil)
            case .refused(_, let reason): refuseStranger(.refusedCredential(reason), nil)
            }
        case .unknown: refuseStranger(head.fault ?? .unknownAddress, nil)
        }
    }

    private func authenticate(_ head: RequestHead) -> Authentication {
        guard let bearer = head.bearer else { return .stranger }
        return loop.services.authenticator.authenticate(bearer: bearer)
    }

    private func beginInference(_ head: RequestHead) {
        let arrived = loop.services.clock.now()
        loop.services.counters.requestArrived(at: arrived)
        let principal: Principal
        var refusal = head.fault
        switch authenticate(head) {
        case .stranger:
            // No body is read for strangers.
            let reason: StrangerRefusal = refusal != nil ? .malformed : head.bearer == nil ? .noCredential : .unknownCredential
            loop.services.counters.strangerRefused(arrived: arrived, reason: reason, from: clientAddress().block)
            answer(refusal ?? (head.bearer == nil ? .noCredential : .unknownCredential), receipt: nil)
            return
        case .known(let known): principal = known
        case .refused(let known, let reason):
            principal = known
            refusal = refusal ?? .refusedCredential(reason)
        }
        let exchange = Exchange(loop: loop, connection: self, principal: principal, arrived: arrived, hostDigest: clientAddress().digest, head: head)
        let maximum = loop.configuration.maximumBodyBytes
        if let length = head.contentLength, length > maximum { refusal = refusal ?? .bodyTooLarge }
        if let refusal { return refuse(exchange, refusal) }
        phase = .receivingBody(exchange, maximum: maximum)
        deadline = Self.now() + loop.configuration.bodyTimeout
        if head.expectsContinue, head.hasBody { write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"), flush: true) }
    }

    /// Refuses a request of somebody known whose rest is not read.
    private func refuse(_ exchange: Exchange, _ refusal: Refusal) {
        body = ByteBuffer()
        deadline = 0
        mustClose = true
        phase = .exchanging(exchange)
        exchange.refuse(refusal.closing())
    }

    /// Answers somebody unknown, or an address that is not an inference.
    /// - Parameter reason: how to count it; nil where it is not counted.
    private func refuseStranger(_ refusal: Refusal, _ reason: StrangerRefusal?) {
        if let reason {
            let now = loop.services.clock.now()
            loop.services.counters.requestArrived(at: now)
            loop.services.counters.strangerRefused(arrived: now, reason: reason, from: clientAddress().block)
        }
        answer(refusal, receipt: nil)
    }

    private func answerList(to principal: Principal) {
        write(ModelList.answer(to: principal, loop: loop, closes: mustClose), flush: true)
        nextRequest()
    }

    /// Where the client calls from: counted by block, recorded by keyed digest (I3).
    private func clientAddress() -> (block: AddressBlock, digest: String) {
        if let address { return address }
        let made = ClientAddress.describe(context?.channel.remoteAddress, key: loop.hostKey)
        address = made
        return made
    }

    // MARK: Answering

    var isWritable: Bool { context?.channel.isWritable ?? false }
    var closesAfterAnswer: Bool { mustClose || loop.isDraining }

    func answer(_ refusal: Refusal, receipt: String?) {
        if refusal.closes { mustClose = true }
        write(
            ResponseHead.refusal(
                refusal, receipt: receipt, date: loop.dateHeader, retryAfter: loop.configuration.retryAfter, closes: closesAfterAnswer),
            flush: true)
        nextRequest()
    }

    func write(_ bytes: ByteBuffer, flush: Bool) {
        guard let context else { return }
        if flush {
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        } else {
            context.write(wrapOutboundOut(bytes), promise: nil)
        }
    }

    func flush() { context?.flush() }

    /// The exchange is over, and so is the connection: the client sees a stream without its end.
    func truncate() {
        closeNow()
    }

    func closeNow() {
        mustClose = true
        context?.close(promise: nil)
    }

    /// The answer is written: take the next request, or close.
    func nextRequest() {
        writeBlockedSince = 0
        if closesAfterAnswer || !isRequestRead {
            linger()
            return
        }
        switch phase {
        case .lingering, .closed: return
        default: phase = .awaitingHead
        }
        headBytes = 0
        deadline = Self.now() + loop.configuration.idleTimeout
        takeQueued()
    }

    private func takeQueued() {
        guard !isDrainingQueue, !queue.isEmpty else { return }
        isDrainingQueue = true
        defer { isDrainingQueue = false }
        while !queue.isEmpty {
            if case .exchanging = phase, isRequestRead { break }
            if case .lingering = phase { queue.removeAll() } else { take(queue.removeFirst()) }
        }
        if isReadHeld, queue.count < Self.maximumQueued {
            isReadHeld = false
            context?.read()
        }
    }

    /// Closes so that the answer arrives: to close with bytes unread would reset the connection and lose it.
    private func linger() {
        guard let context else { return }
        if isRequestRead && queue.isEmpty {
            phase = .closed
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in bound.value.close(promise: nil) }
            return
        }
        phase = .lingering
        deadline = Self.now() + Self.lingering
        if loop.configuration.tls == nil { context.close(mode: .output, promise: nil) }
    }

    // MARK: The connection's end, and time

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that leaves within a message left; what it sent of it is not a request.
        let isFault = (error is HTTPParserError && error as? HTTPParserError != .invalidEOFState) || error is NIOHTTPDecoderError
        guard isFault else {
            leave()
            context.close(promise: nil)
            return
        }
        mustClose = true
        switch phase {
        case .awaitingHead: refuseStranger(Self.refusal(of: error), .malformed)
        case .receivingBody(let exchange, _): refuse(exchange, .malformedHTTP)
        case .receivingList: refuseStranger(.malformedHTTP, nil)
        // What follows a request that is being answered is not a request: the connection ends with this answer.
        case .exchanging, .lingering, .closed: break
        }
    }

    private static func refusal(of error: any Error) -> Refusal {
        switch error as? HTTPParserError {
        case .headerOverflow: .headTooLarge
        case .unexpectedContentLength, .invalidContentLength: .ambiguousLength
        case .invalidVersion: .unsupportedVersion
        default: .malformedHTTP
        }
    }

    private func leave() {
        let left = phase
        phase = .closed
        deadline = 0
        body = ByteBuffer()
        queue.removeAll()
        switch left {
        case .receivingBody(let exchange, _), .exchanging(let exchange): exchange.clientLeft()
        default: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeBlockedSince = context.channel.isWritable ? 0 : Self.now()
        if case .exchanging(let exchange) = phase { exchange.writabilityChanged(context.channel.isWritable) }
        context.fireChannelWritabilityChanged()
    }

    func tick(now: Int64) {
        if case .exchanging(let exchange) = phase { exchange.tick(now: now) }
        if writeBlockedSince > 0, now - writeBlockedSince >= loop.configuration.writeTimeout {
            closeNow()
            return
        }
        guard deadline > 0, now >= deadline else { return }
        deadline = 0
        switch phase {
        case .awaitingHead where headBytes > 0: refuseStranger(.headTimeout, .timeout)
        case .receivingBody(let exchange, _): refuse(exchange, .bodyTimeout)
        case .awaitingHead, .receivingList, .lingering, .closed: closeNow()
        case .exchanging: break
        }
    }

    /// The server closes down: a request under way is finished, an unused connection closes.
    func drain() {
        if case .awaitingHead = phase, headBytes == 0, queue.isEmpty { closeNow() }
    }
}

/// Sits before the parser: a head that comes slowly, or never ends, is seen only here.
final class ArrivalObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ClientConnection

    init(_ connection: ClientConnection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if connection.bytesArrived(unwrapInboundIn(data).readableBytes) { context.fireChannelRead(data) }
    }
}
