import Core
import Testing

@testable import Gateway

/// I1 and I2, at the socket.
extension GatewayServerTests {
    struct RecordBeforeReleaseTests {
        private typealias Harness = GatewayHarness

        @Test("a plain answer reaches the client byte for byte, with its receipt and two records")
        func plain() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m")))
                let response = try #require(client.response())
                #expect(response.status == 200)
                #expect(response.body == StubUpstream.answer)
                #expect(response.headers["x-request-id"] == "req_1")
                #expect(response.headers["openai-version"] == "1")
                #expect(response.headers["openai-organization"] == nil)
                #expect(response.headers["set-cookie"] == nil)
                let intent = try #require(gateway.recorder.entries(.inferenceRequested).first)
                #expect(response.headers["countersign-receipt"] == intent.event.id)
                #expect(intent.event.id.hasPrefix("inf_"))
                #expect(intent.event.outcome == .success)
                #expect(intent.event.assurance == .enforced)
                #expect(intent.event.policy == StagedAccess.policy)
                #expect(intent.event.system == "sys_demo")
                #expect(intent.event.actor.human == "hum_ann")
                #expect(intent.data["decision"] == "allow")
                #expect(intent.data["deployment_ids"] == ["dep_m"])
                #expect(intent.data["grants"] == ["grt_1"])
                #expect(intent.data["capture_mode"] == "full")
                #expect(intent.data["streamed"] == false)
                #expect(intent.data["route_digest"]?.string?.hasPrefix("sha256:") == true)
                #expect(intent.contents.map(\.name) == ["prompt"])
                #expect(intent.contents.first?.bytes == Array(Harness.chat("m").utf8))
                let outcome = try #require(gateway.recorder.entries(.inferenceCompleted).first)
                #expect(outcome.data["request_id"]?.string == intent.event.id)
                #expect(outcome.data["model_version_id"] == "stub/stub-1")
                #expect(outcome.data["provider_model"] == "stub-1")
                #expect(outcome.data["binding"] == "vendor")
                #expect(outcome.data["fingerprint"] == "fp_1")
                #expect(outcome.data["finish"] == "stop")
                #expect(outcome.data["input_tokens"] == 7)
                #expect(outcome.data["output_tokens"] == 3)
                #expect(outcome.data["upstream_request_id"] == "req_1")
                #expect(outcome.data["provider_key_id"] == "pkey_1")
                #expect(outcome.data["attempts_count"] == 1)
                #expect(outcome.data["released_digest"]?.string == SHA256Digest(hashing: Array(StubUpstream.answer.utf8)).description)
                #expect(outcome.data["latency_us"]?.int ?? 0 > 0)
                #expect(outcome.contents.first?.bytes == Array(StubUpstream.answer.utf8))
            }
        }

        @Test("a stream reaches the client byte for byte")
        func stream() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m", stream: true)))
                let response = try #require(client.response())
                #expect(response.headers["content-type"] == "text/event-stream")
                #expect(response.headers["countersign-receipt"]?.hasPrefix("inf_") == true)
                let whole = StubUpstream.opening + StubUpstream.ending
                #expect(response.unchunked == whole)
                let outcome = try #require(gateway.recorder.entries(.inferenceCompleted).first)
                #expect(outcome.data["released_digest"]?.string == SHA256Digest(hashing: Array(whole.utf8)).description)
                #expect(outcome.data["input_tokens"] == 7)
                #expect(outcome.contents.first?.bytes == Array(whole.utf8))
            }
        }

        @Test("nothing goes upstream before the intent is durable")
        func intentFirst() async throws {
            try await Harness.run { gateway in
                gateway.recorder.set(.hold, for: .inferenceRequested)
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m")))
                await gateway.eventually { gateway.recorder.heldCount == 1 }
                #expect(client.receiveNow() == "")
                #expect(gateway.upstream.acceptedConnections == 0)
                gateway.recorder.releaseHeld()
                #expect(client.response()?.status == 200)
            }
        }

        @Test("a plain answer releases no byte before its outcome is durable")
        func plainHeld() async throws {
            try await Harness.run { gateway in
                gateway.recorder.set(.hold, for: .inferenceCompleted)
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m")))
                await gateway.eventually { gateway.recorder.heldCount == 1 }
                #expect(client.receiveNow() == "")
                gateway.recorder.releaseHeld()
                #expect(client.response()?.body == StubUpstream.answer)
            }
        }

        @Test("a stream is held from its first terminal event until its outcome is durable")
        func streamHeld() async throws {
            try await Harness.run { gateway in
                gateway.recorder.set(.hold, for: .inferenceCompleted)
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m", stream: true)))
                await gateway.eventually { gateway.recorder.heldCount == 1 }
                let before = try #require(RawResponse(client.receiveNow()))
                #expect(before.unchunked == StubUpstream.opening)
                gateway.recorder.releaseHeld()
                #expect(client.response()?.unchunked == StubUpstream.opening + StubUpstream.ending)
            }
        }

        @Test("a refusal and an upstream's error wait for their outcome too", arguments: ["nothing-here", "limited", "closes"])
        func refusalHeld(model: String) async throws {
            try await Harness.run { gateway in
                gateway.recorder.set(.hold, for: .inferenceDenied)
                gateway.recorder.set(.hold, for: .inferenceFailed)
                let client = gateway.client()
                client.send(Harness.request(Harness.chat(model)))
                await gateway.eventually { gateway.recorder.heldCount == 1 }
                #expect(client.receiveNow() == "")
                gateway.recorder.releaseHeld()
                #expect((client.response()?.status ?? 0) >= 400)
            }
        }

        @Test(
            "an intent that cannot be recorded is answered 503, counted, and goes nowhere",
            arguments: [RecordError.Code.overloaded, .noSpace, .stopped])
        func intentLost(code: RecordError.Code) async throws {
            try await Harness.run { gateway in
                gateway.recorder.set(.fail(code), for: .inferenceRequested)
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m")))
                let response = try #require(client.response())
                #expect(response.status == 503)
                #expect(response.headers["retry-after"] == "1")
                #expect(response.body.contains("\"not_recorded\""))
                #expect(gateway.upstream.requests.isEmpty)
                #expect(gateway.counters.counts.writeRefused == 1)
                // The connection still serves.
                gateway.recorder.set(.pass, for: .inferenceRequested)
                client.send(Harness.request(Harness.chat("m")))
                #expect(client.response()?.status == 200)
            }
        }

        @Test("an answer whose outcome cannot be recorded is not released", arguments: ["m", "limited", "nothing-here"])
        func outcomeLost(model: String) async throws {
            try await Harness.run(reconciles: false) { gateway in
                for type in EventType.inferenceOutcomes { gateway.recorder.set(.fail(.stopped), for: type) }
                let client = gateway.client()
                client.send(Harness.request(Harness.chat(model)))
                let response = try #require(client.response())
                #expect(response.status == 503)
                #expect(!response.body.contains("choices"))
                #expect(response.headers["countersign-receipt"] == gateway.recorder.entries.first?.event.id)
            }
        }

        @Test("a stream whose outcome cannot be recorded says so and ends without its end")
        func streamOutcomeLost() async throws {
            try await Harness.run(reconciles: false) { gateway in
                gateway.recorder.set(.fail(.noSpace), for: .inferenceCompleted)
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m", stream: true)))
                let text = client.receiveAll()
                let released = RawResponse(text)?.unchunked ?? ""
                #expect(released.hasPrefix(StubUpstream.opening + "data: {\"error\":"))
                #expect(!released.contains("finish_reason\":\"stop"))
                #expect(!text.hasSuffix("0\r\n\r\n"))
            }
        }

        @Test("an overloaded log is asked again for an outcome")
        func outcomeRetried() async throws {
            try await Harness.run { gateway in
                gateway.recorder.set(.failOnce(.overloaded), for: .inferenceCompleted)
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m")))
                #expect(client.response()?.status == 200)
            }
        }

        @Test("a client that leaves is recorded once, wherever it leaves", arguments: ["head", "body", "intent", "silent", "stalls", "outcome"])
        func clientLeaves(moment: String) async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                let model = ["silent", "stalls"].contains(moment) ? moment : "m"
                let request = Harness.request(Harness.chat(model, stream: moment == "stalls"))
                switch moment {
                case "head":
                    client.send(String(request.prefix(40)))
                    client.close()
                    try await Task.sleep(for: .milliseconds(30))
                    #expect(gateway.counters.counts.arrived == 0)
                    return
                case "body": client.send(String(request.dropLast(5)))
                case "intent":
                    gateway.recorder.set(.hold, for: .inferenceRequested)
                    client.send(request)
                    await gateway.eventually { gateway.recorder.heldCount == 1 }
                case "outcome":
                    gateway.recorder.set(.hold, for: .inferenceCompleted)
                    client.send(request)
                    await gateway.eventually { gateway.recorder.heldCount == 1 }
                default:
                    client.send(request)
                    await gateway.eventually { gateway.upstream.requests.count == 1 }
                    if moment == "stalls" { #expect(client.receive(until: "\"lo\"")) }
                }
                await gateway.eventually { gateway.counters.counts.arrived == 1 }
                client.close()
                await gateway.eventually { gateway.server.connectionCount == 0 }
                gateway.recorder.releaseHeld()
                await gateway.eventually { gateway.recorder.outcomes.count == 1 }
                let outcome = try #require(gateway.recorder.outcomes.first)
                if moment == "outcome" {
                    #expect(outcome.event.type == .inferenceCompleted)
                } else {
                    #expect(outcome.event.type == .inferenceAborted)
                    #expect(outcome.data["by"] == "client")
                    #expect(outcome.data["released_bytes"]?.int == (moment == "stalls" ? Int64(StubUpstream.opening.utf8.count) : 0))
                    #expect(outcome.event.outcome == .unknown)
                }
                if moment == "intent" || moment == "body" { #expect(gateway.upstream.requests.isEmpty) }
                // A cancelled exchange takes its upstream connection with it.
                if moment == "silent" || moment == "stalls" { await gateway.eventually { gateway.upstream.openConnections == 0 } }
            }
        }

        @Test("a server that closes down lets a request finish, and takes no other")
        func shutdown() async throws {
            try await Harness.run { gateway in
                gateway.recorder.set(.hold, for: .inferenceCompleted)
                let idle = gateway.client()
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m")))
                await gateway.eventually { gateway.recorder.heldCount == 1 }
                async let closed: Void = gateway.server.shutdown()
                #expect(idle.receiveAll() == "")
                gateway.recorder.releaseHeld()
                let response = try #require(client.response())
                #expect(response.status == 200)
                #expect(response.headers["connection"] == "close")
                await closed
                let late = gateway.client()
                late.send(Harness.request(Harness.chat("m")))
                #expect(late.receiveAll() == "")
            }
        }

        @Test("a server that cannot wait any longer cuts off, and still records")
        func hardShutdown() async throws {
            try await Harness.run(configure: { $0.shutdownTimeout = 50 }) { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("silent")))
                await gateway.eventually { gateway.upstream.requests.count == 1 }
                await gateway.server.shutdown()
                #expect(gateway.recorder.entries(.inferenceAborted).count == 1)
            }
        }

        /// Stands just before an hour that the log's clock is long past.
        private struct StoppedClock: WallClock {
            func now() -> Timestamp { Timestamp(microseconds: 490_931 * Timestamp.hour - 1) }
        }

        @Test("a request that arrived before the hour and was recorded after it is told to the counters")
        func hourTurn() async throws {
            try await Harness.run(services: { $0.clock = StoppedClock() }) { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m")))
                #expect(client.response()?.status == 200)
                #expect(gateway.counters.counts.moved == 1)
            }
        }
    }
}
