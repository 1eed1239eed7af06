import Core
import NIOCore
import Testing

@testable import Gateway

extension GatewayServerTests {
    struct BadUpstreamTests {
        private typealias Harness = GatewayHarness
        private static let short = RouteTimeouts(connect: 10_000, firstByte: 3_000, idle: 3_000, total: 20_000)

        @Test(
            "an upstream that gives no usable answer is an error in OpenAI's shape and a recorded failure",
            arguments: [
                ("closes", 502, "upstream_died"), ("dies-plain", 502, "upstream_died"), ("garbage", 502, "upstream_garbage"),
                ("not-json", 502, "upstream_garbage"), ("not-chat", 502, "upstream_garbage"), ("encoded", 502, "upstream_garbage"),
                ("redirects", 502, "upstream_redirected"), ("huge", 502, "upstream_too_large"), ("nowhere", 502, "upstream_unreachable"),
                ("silent", 504, "upstream_first_byte_timeout"),
            ])
        func failures(model: String, status: Int, reason: String) async throws {
            try await Harness.run(timeouts: Self.short) { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat(model)))
                let response = try #require(client.response())
                #expect(response.status == status)
                #expect(response.headers["content-type"] == "application/json")
                let error = try JSONParser.parse(Array(response.body.utf8))["error"]
                #expect(error?["type"] == "server_error")
                #expect(error?["message"]?.string?.isEmpty == false)
                let outcome = try #require(gateway.recorder.entries(.inferenceFailed).first)
                #expect(outcome.event.reasonCode == reason)
                #expect(outcome.event.outcome == .failure)
                #expect(outcome.data["provider_id"]?.string?.hasPrefix("prv_") == true)
                // The client's connection is none the worse.
                client.send(Harness.request(Harness.chat("m")))
                #expect(client.response()?.status == 200)
            }
        }

        @Test("an upstream's own error passes as it is, and is recorded")
        func ownError() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("limited", stream: true)))
                let response = try #require(client.response())
                #expect(response.status == 429)
                #expect(response.body == "{\"error\":{\"message\":\"slow down\"}} ")
                #expect(response.headers["retry-after"] == "7")
                #expect(response.headers["x-ratelimit-remaining-requests"] == "0")
                #expect(response.headers["set-cookie"] == nil)
                #expect(response.headers["server"] == nil)
                #expect(gateway.recorder.entries(.inferenceFailed).first?.event.reasonCode == "upstream_status_429")
            }
        }

        @Test(
            "a stream that breaks off passes what came, ends without its end, and is recorded as aborted by the upstream",
            arguments: [
                ("dies", "upstream_died"), ("dies-after-finish", "upstream_died"), ("stalls", "upstream_idle_timeout"), ("endless", "upstream_tail"),
                ("bad-events", "upstream_garbage"),
            ])
        func brokenStreams(model: String, reason: String) async throws {
            try await Harness.run(timeouts: Self.short) { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat(model, stream: true)))
                let text = client.receiveAll()
                #expect(RawResponse(text)?.status == 200)
                // What came in one piece with nonsense is not told apart from it.
                #expect(RawResponse(text)?.unchunked == (model == "bad-events" ? "" : StubUpstream.opening))
                #expect(!text.hasSuffix("0\r\n\r\n"))
                let outcome = try #require(gateway.recorder.entries(.inferenceAborted).first)
                #expect(outcome.data["by"] == "upstream")
                #expect(outcome.event.reasonCode == reason)
            }
        }

        @Test("a stream that ends in order without having finished passes whole, and is no completion")
        func unfinished() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("unfinished", stream: true)))
                let response = try #require(client.response())
                #expect(response.unchunked == StubUpstream.opening + "data: {\"error\":{\"message\":\"died\"}}\n\n")
                #expect(gateway.recorder.entries(.inferenceAborted).first?.event.reasonCode == "upstream_unfinished")
            }
        }

        @Test("an upstream connection is used again, and one that proves stale is replaced")
        func pool() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                for _ in 0..<5 {
                    client.send(Harness.request(Harness.chat("m")))
                    #expect(client.response()?.status == 200)
                }
                #expect(gateway.upstream.acceptedConnections == 1)
                client.send(Harness.request(Harness.chat("stale")))
                #expect(client.response()?.status == 200)
                #expect(gateway.upstream.acceptedConnections == 2)
                #expect(gateway.recorder.entries(.inferenceCompleted).last?.data["attempts_count"] == 2)
            }
        }

        @Test("more exchanges than connections wait their turn, and too many are turned away")
        func waiting() async throws {
            try await Harness.run(configure: {
                $0.maximumUpstreamConnections = 1
                $0.maximumUpstreamWaiters = 1
            }) { gateway in
                gateway.recorder.set(.pass, for: .inferenceRequested)
                let clients = (0..<3).map { _ in gateway.client() }
                for (index, client) in clients.enumerated() {
                    client.send(Harness.request(Harness.chat("m", stream: true)))
                    await gateway.eventually { gateway.recorder.entries(.inferenceRequested).count == index + 1 }
                }
                let statuses = clients.compactMap { $0.response()?.status }.sorted()
                #expect(statuses.count == 3)
                #expect(statuses.filter { $0 == 200 }.count >= 2)
                #expect(gateway.upstream.acceptedConnections == 1)
            }
        }

        @Test("an unused upstream connection is closed after a while")
        func idle() async throws {
            try await Harness.run(configure: { $0.upstreamIdleTimeout = 50 }) { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m")))
                #expect(client.response()?.status == 200)
                await gateway.eventually { gateway.upstream.openConnections == 0 }
                #expect(await gateway.server.upstreamConnectionCount() == 0)
            }
        }

        @Test(
            "addresses that no provider can have are not spoken to",
            arguments: ["0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "ff02::1", "::ffff:169.254.169.254"])
        func addresses(address: String) throws {
            #expect(!UpstreamAddress.isAllowed(try .init(ipAddress: address, port: 443)))
            #expect(UpstreamAddress.isAllowed(try .init(ipAddress: "127.0.0.1", port: 443)))
            #expect(UpstreamAddress.isAllowed(try .init(ipAddress: "2001:db8::1", port: 443)))
        }
    }
}
