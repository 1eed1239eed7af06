import NIOCore
import NIOPosix
import Synchronization

/// An upstream that behaves as the model's name says.
final class StubUpstream: Sendable {
    static let answer = """
        {"id":"chatcmpl-1","object":"chat.completion","model":"stub-1","system_fingerprint":"fp_1","x_vendor":{"k":[1,2]},\
        "choices":[{"index":0,"message":{"role":"assistant","content":"h\u{e9}llo"},"finish_reason":"stop"}],\
        "usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}
        """
    static let opening = [
        ": keepalive\n\n",
        "data: {\"model\":\"stub-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hel\"},\"finish_reason\":null}]}\n\n",
        "data: {\"model\":\"stub-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":null}]}\n\n",
    ].joined()
    static let ending = [
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n",
        "data: [DONE]\n\n",
    ].joined()

    private let state = Mutex<(requests: [String], open: Int, accepted: Int)>(([], 0, 0))
    private let channel: any Channel
    let port: Int

    init(group: any EventLoopGroup) async throws {
        let box = Mutex<StubUpstream?>(nil)
        let shared = Shared(box: box)
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Handler(shared)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        shared.box.withLock { $0 = self }
    }

    private final class Shared: Sendable {
        let box: Mutex<StubUpstream?>
        init(box: consuming Mutex<StubUpstream?>) { self.box = box }
    }

    /// Whole requests as they came.
    var requests: [String] { state.withLock { $0.requests } }
    var openConnections: Int { state.withLock { $0.open } }
    var acceptedConnections: Int { state.withLock { $0.accepted } }

    func close() async { try? await channel.close().get() }

    static func plain(_ body: String, status: String = "200 OK", headers: String = "content-type: application/json\r\n") -> String {
        "HTTP/1.1 \(status)\r\n\(headers)content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static let streamHead = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_1\r\ntransfer-encoding: chunked\r\n\r\n"
    static func chunk(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n" }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let shared: Shared
        private var received = ""
        private var served = 0

        init(_ shared: Shared) { self.shared = shared }

        private func note(_ body: (inout (requests: [String], open: Int, accepted: Int)) -> Void) {
            shared.box.withLock { $0 }?.state.withLock { body(&$0) }
        }

        func channelActive(context: ChannelHandlerContext) {
            note {
                $0.open += 1
                $0.accepted += 1
            }
        }

        func channelInactive(context: ChannelHandlerContext) { note { $0.open -= 1 } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard let request = RawRequest(received) else { return }
            received = ""
            let text = request.text
            note { $0.requests.append(text) }
            served += 1
            behave(request, context)
        }

        private func send(_ text: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }

        private func later(_ context: ChannelHandlerContext, milliseconds: Int64 = 30, _ body: @escaping (ChannelHandlerContext) -> Void) {
            let bound = NIOLoopBound((context, body), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(milliseconds)) { bound.value.1(bound.value.0) }
        }

        private func behave(_ request: RawRequest, _ context: ChannelHandlerContext) {
            switch request.model {
            case "dies":
                send(StubUpstream.streamHead + StubUpstream.chunk(StubUpstream.opening), context)
                later(context) { $0.close(promise: nil) }
            case "dies-after-finish":
                let finish = String(StubUpstream.ending.prefix { $0 != "\n" }) + "\n\n"
                send(StubUpstream.streamHead + StubUpstream.chunk(StubUpstream.opening + finish), context)
                later(context) { $0.close(promise: nil) }
            case "dies-plain":
                send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{\"choices\":", context)
                later(context) { $0.close(promise: nil) }
            case "closes": context.close(promise: nil)
            case "garbage": send("What is this?\r\n\r\n", context)
            case "not-json": send(StubUpstream.plain("hello"), context)
            case "not-chat": send(StubUpstream.plain("{\"x\":1}"), context)
            case "encoded": send(StubUpstream.plain("{}", headers: "content-type: application/json\r\ncontent-encoding: gzip\r\n"), context)
            case "silent": break
            case "stalls": send(StubUpstream.streamHead + StubUpstream.chunk(StubUpstream.opening), context)
            case "redirects": send(StubUpstream.plain("", status: "302 Found", headers: "location: http://127.0.0.1:1/\r\n"), context)
            case "huge": send("HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n" + String(repeating: " ", count: 3_000_000), context)
            case "endless":
                send(StubUpstream.streamHead + StubUpstream.chunk(StubUpstream.opening + StubUpstream.ending), context)
                endless(context)
            case "unfinished":
                send(
                    StubUpstream.streamHead + StubUpstream.chunk(StubUpstream.opening + "data: {\"error\":{\"message\":\"died\"}}\n\n") + "0\r\n\r\n",
                    context)
            case "bad-events": send(StubUpstream.streamHead + StubUpstream.chunk(StubUpstream.opening + "data: nonsense\n\n") + "0\r\n\r\n", context)
            case "limited":
                send(
                    StubUpstream.plain(
                        "{\"error\":{\"message\":\"slow down\"}} ", status: "429 Too Many Requests",
                        headers:
                            "content-type: application/json\r\nretry-after: 7\r\nx-ratelimit-remaining-requests: 0\r\nset-cookie: a=b\r\nserver: s\r\n"
                    ),
                    context)
            case "stale" where served > 1: context.close(promise: nil)
            default:
                if request.isStreamed {
                    send(StubUpstream.streamHead + StubUpstream.chunk(StubUpstream.opening), context)
                    later(context) { [self] in send(StubUpstream.chunk(StubUpstream.ending) + "0\r\n\r\n", $0) }
                } else {
                    send(
                        StubUpstream.plain(
                            StubUpstream.answer,
                            headers:
                                "content-type: application/json\r\nx-request-id: req_1\r\nopenai-version: 1\r\nopenai-organization: ours\r\nset-cookie: a=b\r\n"
                        ),
                        context)
                }
            }
        }

        private func endless(_ context: ChannelHandlerContext) {
            guard context.channel.isActive else { return }
            send(StubUpstream.chunk(": more\n\n"), context)
            later(context, milliseconds: 5) { [self] in endless($0) }
        }
    }
}

/// A whole request, once it is there.
struct RawRequest {
    let text: String
    let model: String
    let isStreamed: Bool

    init?(_ text: String) {
        guard let head = text.range(ofCRLF: "\r\n\r\n") else { return nil }
        let body = text[head.upperBound...]
        guard let line = text[..<head.lowerBound].split(separator: "\r\n").first(where: { $0.hasPrefix("content-length: ") }),
            let length = Int(line.dropFirst(16)), body.utf8.count >= length
        else { return nil }
        self.text = text
        let compact = body.filter { $0 != " " }
        model = compact.split(separator: "\"model\":\"").dropFirst().first.map { String($0.prefix { $0 != "\"" }) } ?? ""
        isStreamed = compact.contains("\"stream\":true")
    }
}
