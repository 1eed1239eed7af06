import Core
import Testing

@testable import Gateway

extension GatewayServerTests {
    struct HTTPStrictnessTests {
        private typealias Harness = GatewayHarness
        private static let line = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ann\r\n"

        @Test(
            "what two readers could read differently is refused, counted or recorded, and the connection closes",
            arguments: [
                (line + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", 400),
                (line + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", 400),
                (line + "Content-Length: 5, 5\r\n\r\nabcde", 400),
                (line + "Content-Length: +5\r\n\r\nabcde", 400),
                (line + "Content-Length: -5\r\n\r\nabcde", 400),
                (line + "Content-Length: 99999999999999999999\r\n\r\nabcde", 400),
                (line + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", 400),
                (line + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", 400),
                (line + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
                (line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                (line + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
                (line + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
                (line + "Content-Length : 5\r\n\r\nabcde", 400),
                (line + " folded: x\r\nContent-Length: 5\r\n\r\nabcde", 400),
                (line + "X: a\u{0}b\r\nContent-Length: 5\r\n\r\nabcde", 400),
                (line + "Authorization: Bearer bob\r\nContent-Length: 2\r\n\r\n{}", 400),
                (line + "Host: y\r\nContent-Length: 2\r\n\r\n{}", 400),
                ("POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer ann\r\nContent-Length: 2\r\n\r\n{}", 400),
                ("POST /v1/chat/completions HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer ann\r\nContent-Length: 2\r\n\r\n{}", 505),
                (line + "Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}", 417),
                (line + "Content-Length: 99999999\r\n\r\n", 413),
                (line + "X: " + String(repeating: "x", count: 40_000) + "\r\n\r\n", 431),
                (line + (0..<200).map { "X-\($0): y\r\n" }.joined() + "\r\n", 431),
                ("POST /v1/chat/completions?" + String(repeating: "x", count: 5000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414),
                ("GARBAGE\r\n\r\n", 400),
                ("GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ann\r\nContent-Length: 3\r\n\r\nabc", 400),
                ("GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n", 404),
                ("DELETE /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n", 404),
                ("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
            ])
        func framing(request: String, status: Int) async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(request)
                let response = try #require(client.response(), "an answer")
                // The parser may refuse before we can name what is wrong.
                #expect(response.status == status || (status != 404 && response.status == 400))
                #expect(response.headers["connection"] == "close")
                let error = try JSONParser.parse(Array(response.body.utf8))["error"]
                #expect(error?["message"]?.string?.isEmpty == false)
                #expect(client.receiveAll() == "")
                #expect(gateway.upstream.acceptedConnections == 0)
            }
        }

        @Test("a second request hidden in the body of the first is not one")
        func smuggling() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                let hidden = Harness.request(Harness.chat("m"))
                client.send(Self.line + "Content-Length: \(hidden.utf8.count)\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden)
                _ = client.receiveAll()
                #expect(gateway.upstream.requests.isEmpty)
                #expect(gateway.recorder.entries(.inferenceCompleted).isEmpty)
            }
        }

        @Test("a chunked body is read like any other")
        func chunked() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(Self.line + "Transfer-Encoding: Chunked\r\n\r\n")
                for byte in Harness.chat("m").utf8 { client.send("1\r\n\(Character(Unicode.Scalar(byte)))\r\n") }
                client.send("0\r\n\r\n")
                #expect(client.response()?.status == 200)
                #expect(gateway.upstream.requests.first?.hasSuffix(Harness.chat("m")) == true)
            }
        }

        @Test("a chunked body without an end is cut off at the bound")
        func tooLong() async throws {
            try await Harness.run(configure: { $0.maximumBodyBytes = 1000 }) { gateway in
                let client = gateway.client()
                client.send(Self.line + "Transfer-Encoding: chunked\r\n\r\n")
                for _ in 0..<30 { client.send("64\r\n" + String(repeating: "x", count: 100) + "\r\n") }
                #expect(client.response()?.status == 413)
                #expect(gateway.recorder.entries(.inferenceDenied).first?.event.reasonCode == "body_too_large")
            }
        }

        @Test("who expects to be told to go on is told, unless it is refused")
        func expectContinue() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                let body = Harness.chat("m")
                client.send(Self.line + "Expect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
                #expect(client.receive(until: "HTTP/1.1 100 Continue\r\n\r\n"))
                client.send(body)
                #expect(client.receive(until: "chatcmpl-1"))
                let stranger = gateway.client()
                stranger.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
                #expect(stranger.response()?.status == 401)
            }
        }

        @Test("requests sent without waiting are answered one after the other, in order")
        func pipelining() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(
                    Harness.request(Harness.chat("m", stream: true)) + Harness.request("{\"model\":\"who\"}") + Harness.request(Harness.chat("m")))
                #expect(client.receive(until: "chatcmpl-1"))
                let text = client.text
                let stream = try #require(text.range(ofCRLF: "\r\n0\r\n\r\n"))
                let refusal = try #require(text.range(ofCRLF: "model_not_found"))
                let plain = try #require(text.range(ofCRLF: "chatcmpl-1"))
                #expect(stream.lowerBound < refusal.lowerBound)
                #expect(refusal.lowerBound < plain.lowerBound)
                #expect(gateway.recorder.outcomes.count == 3)
            }
        }

        @Test("many requests sent without waiting are all answered")
        func deepPipelining() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send((0..<200).map { _ in Harness.request(Harness.chat("house")) }.joined())
                #expect(client.receive(until: "chatcmpl-inf", times: 200))
            }
        }

        @Test("a client that asks to close is closed after its answer")
        func close() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m"), headers: "Connection: close\r\n"))
                let text = client.receiveAll()
                #expect(RawResponse(text)?.headers["connection"] == "close")
                #expect(text.hasSuffix(StubUpstream.answer))
            }
        }

        @Test("a head that comes too slowly is answered 408, counted, and closed")
        func slowHead() async throws {
            try await Harness.run(configure: { $0.headTimeout = 60 }) { gateway in
                let client = gateway.client()
                client.send("POST /v1/chat")
                #expect(client.response()?.status == 408)
                #expect(client.receiveAll() == "")
                #expect(gateway.counters.counts.strangers[.timeout] == 1)
            }
        }

        @Test("a body that comes too slowly is answered 408, recorded, and closed")
        func slowBody() async throws {
            try await Harness.run(configure: { $0.bodyTimeout = 60 }) { gateway in
                let client = gateway.client()
                client.send(Self.line + "Content-Length: 50\r\n\r\n{\"mod")
                #expect(client.response()?.status == 408)
                #expect(client.receiveAll() == "")
                #expect(gateway.recorder.entries(.inferenceDenied).first?.event.reasonCode == "body_timeout")
            }
        }

        @Test("a connection without a request is closed in time")
        func idle() async throws {
            try await Harness.run(configure: { $0.idleTimeout = 1000 }) { gateway in
                let client = gateway.client()
                #expect(client.receiveAll() == "")
                let other = gateway.client()
                other.send(Harness.request(Harness.chat("m")))
                #expect(other.response()?.status == 200)
                #expect(other.receiveAll() == "")
            }
        }

        @Test("one connection too many is told so")
        func tooMany() async throws {
            try await Harness.run(configure: { $0.maximumConnections = 2 }) { gateway in
                let clients = (0..<2).map { _ in gateway.client() }
                await gateway.eventually { gateway.server.connectionCount == 2 }
                let third = gateway.client()
                #expect(third.response()?.status == 503)
                #expect(third.receiveAll() == "")
                clients[0].close()
                await gateway.eventually { gateway.server.connectionCount == 1 }
                clients[1].send(Harness.request(Harness.chat("m")))
                #expect(clients[1].response()?.status == 200)
            }
        }

        @Test("held bytes are bounded")
        func buffered() async throws {
            try await Harness.run(configure: { $0.maximumBufferedBytes = 100_000 }) { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m", more: ",\"x\":\"" + String(repeating: "x", count: 200_000) + "\"")))
                let response = try #require(client.response())
                #expect(response.status == 503)
                #expect(response.headers["retry-after"] == "1")
                let other = gateway.client()
                other.send(Harness.request(Harness.chat("m")))
                #expect(other.response()?.status == 200)
            }
        }

        @Test(
            "base URLs are read strictly",
            arguments: [
                "", "ftp://x", "http://", "http://u@x", "http://x/?a", "http://x/#a", "http://x:0", "http://x:65536", "http://x/..", "https://x y",
                "http://[::1", "http://x//a",
            ])
        func origins(text: String) {
            #expect(throws: GatewayError.self) { try UpstreamOrigin(baseURL: text) }
        }
    }
}
