import Core
import Gateway
import NIOCore
import NIOEmbedded
import Synchronization

extension FuzzTarget {
    /// A whole connection to the data plane, byte for byte from the client: framing, heads, bodies, pipelining.
    ///
    /// Every intent gets one outcome (I2), no answer ends before its outcome is durable (I1), and every answer is HTTP. The first byte of
    /// the input is the size of the pieces that it arrives in.
    package static let http = FuzzTarget(name: "http", summary: "connections of clients to the data plane", maximumBytes: 4096) { bytes in
        guard let step = bytes.first.map({ Int($0) + 1 }) else { return nil }
        let visit = ClientVisit()
        do {
            try visit.open()
            for start in stride(from: 1, to: bytes.count, by: step) {
                if let broken = visit.send(Array(bytes[start..<min(start + step, bytes.count)])) { return broken }
            }
            return visit.leave()
        } catch {
            return "the connection cannot be served: \(error)"
        }
    } seeds: {
        func request(_ body: String, key: String = "good", head: String = "") -> [UInt8] {
            let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(key)\r\nContent-Type: application/json\r\n\(head)"
            return Array("\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
        }
        let plain = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
        let streamed = "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"refund\"}]}]}"
        let chunked = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\nTransfer-Encoding: chunked\r\n\r\n"
        let chunks = "\(String(plain.utf8.count, radix: 16))\r\n\(plain)\r\n0\r\n\r\n"
        let all: [[UInt8]] = [
            request(plain), request(streamed), request(plain) + request(streamed), request("{\"model\":\"locked\"}"),
            request("{\"model\":\"absent\"}"), request("{]"), request(plain, key: "old"), request(plain, key: "nobody"),
            request(plain, head: "Expect: 100-continue\r\n"), request(plain, head: "Content-Length: 5\r\n"),
            request(plain, head: "Transfer-Encoding: chunked\r\n"), Array((chunked + chunks).utf8),
            Array("GET /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer good\r\n\r\n".utf8), Array("GET / HTTP/1.0\r\n\r\n".utf8),
        ]
        return all.map { [255] + $0 } + all.map { [6] + $0 }
    }
}

/// One client, from connecting to leaving, on an event loop that moves only when told to.
private final class ClientVisit {
    private let channel = EmbeddedChannel()
    private let log = TapeRecorder()
    private var received: [UInt8] = []

    private static let routes: RouteSwitch = {
        let rules = RuleSet(rules: [.init(pattern: "refund", answer: "Refunds take five days.")], defaultAnswer: "I do not know.")
        let provider = Provider(id: "prv_1", name: "house", answerer: .rules(rules), region: "local")
        let routes = ["m", "locked"].map {
            Route(
                id: "rte_\($0)", model: $0, system: "sys_fuzz", provider: provider, upstreamModel: $0, deploymentID: "dep_\($0)",
                maximumBodyBytes: 2048)
        }
        return RouteSwitch((try? RouteTable(routes: routes)) ?? .empty)
    }()

    func open() throws {
        var configuration = GatewayConfiguration(hostDigestKey: [UInt8](repeating: 1, count: 32))
        configuration.maximumHeadBytes = 2048
        configuration.maximumHeaderCount = 20
        let services = GatewayServices(
            recorder: log, authenticator: Doorkeeper(), authorizer: Doorkeeper(), routes: Self.routes, counters: NoCounters())
        try GatewayServer.serve(channel, configuration: configuration, services: services)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 9), promise: nil)
        channel.embeddedEventLoop.run()
    }

    /// - Returns: what broke.
    func send(_ bytes: [UInt8]) -> String? {
        guard channel.isActive else { return nil }
        // A fault of the framing arrives here too; the connection has answered it, or closed.
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        return settle()
    }

    func leave() -> String? {
        channel.close(promise: nil)
        let broken = settle()
        _ = try? channel.finish(acceptAlreadyClosed: true)
        guard broken == nil else { return broken }
        let counts = log.counts
        guard counts.intents == counts.outcomes else { return "\(counts.intents) intents have \(counts.outcomes) outcomes" }
        return received.isEmpty || received.starts(with: "HTTP/1.1 ".utf8) ? nil : "an answer is not HTTP/1.1"
    }

    /// Makes one record durable after another, and looks each time at what has left before it was.
    private func settle() -> String? {
        repeat {
            channel.embeddedEventLoop.run()
            while let part = try? channel.readOutbound(as: ByteBuffer.self) { received.append(contentsOf: part.readableBytesView) }
            let ended = occurrences(of: "\"finish_reason\":\"stop\"")
            if ended > log.counts.durableOutcomes { return "an answer ends before its outcome is durable" }
        } while log.makeOneDurable()
        return nil
    }

    private func occurrences(of text: StaticString) -> Int {
        text.withUTF8Buffer { wanted in
            guard received.count >= wanted.count else { return 0 }
            return (0...received.count - wanted.count).count { received[$0..<$0 + wanted.count].elementsEqual(wanted) }
        }
    }
}

/// Keeps what is appended until it is told to call it durable.
private final class TapeRecorder: Recorder {
    private struct State {
        var waiting: [(isOutcome: Bool, then: @Sendable (Result<Recorded, RecordError>) -> Void)] = []
        var kinds: [String: Bool] = [:]
        var intents = 0
        var outcomes = 0
        var durableOutcomes = 0
    }

    private let state = Mutex(State())
    let node = "fuzz"

    var counts: (intents: Int, outcomes: Int, durableOutcomes: Int) { state.withLock { ($0.intents, $0.outcomes, $0.durableOutcomes) } }

    func prepare(_ event: Event, contents: [Content], stream: EventStream) throws(RecordError) -> PreparedRecord {
        let leaf = LeafTemplate(event, source: EventSource(node: node, incarnation: 1, stream: stream.rawValue))
        state.withLock { $0.kinds[event.id] = event.type != .inferenceRequested }
        return PreparedRecord(id: event.id, stream: stream, leaf: leaf, sealed: [])
    }

    func flush() {}

    func append(
        _ record: PreparedRecord, number: Int64?, holding: Bool, then: @escaping @Sendable (Result<Recorded, RecordError>) -> Void
    ) {
        state.withLock { state in
            let isOutcome = state.kinds[record.id] ?? true
            if isOutcome { state.outcomes += 1 } else { state.intents += 1 }
            state.waiting.append((isOutcome, then))
        }
    }

    func makeOneDurable() -> Bool {
        let next = state.withLock { state -> (isOutcome: Bool, then: @Sendable (Result<Recorded, RecordError>) -> Void)? in
            guard !state.waiting.isEmpty else { return nil }
            let next = state.waiting.removeFirst()
            if next.isOutcome { state.durableOutcomes += 1 }
            return next
        }
        next?.then(.success(Recorded(id: "evt", recordedAt: Timestamp(microseconds: 0))))
        return next != nil
    }
}

private struct Doorkeeper: Authenticator, Authorizer {
    func authenticate(bearer token: String) -> Authentication {
        let principal = Principal(id: "usr_fuzz", kind: .service, human: nil, credentialID: "tok_fuzz", roles: ["application"])
        return switch token {
        case "good": .known(principal)
        case "old": .refused(principal, reasonCode: "expired")
        default: .stranger
        }
    }

    func decide(_ request: AccessRequest) -> AccessDecision {
        let isAllowed = !request.resource.id.hasSuffix("locked")
        return AccessDecision(allowed: isAllowed, reasonCode: isAllowed ? "granted" : "no_grant", policy: "sha256:0", grants: [])
    }
}

private struct NoCounters: IngressCounters {
    func requestArrived(at arrived: Timestamp) {}
    func strangerRefused(arrived: Timestamp, reason: StrangerRefusal, from block: AddressBlock) {}
    func writeRefused(arrived: Timestamp) {}
    func intentRecorded(arrived: Timestamp, recordedAt: Timestamp) {}
}
