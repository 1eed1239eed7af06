import Core
import NIOCore
import Testing

@testable import Gateway

extension GatewayServerTests {
    struct RequestTests {
        private typealias Harness = GatewayHarness

        @Test(
            "a body that is not what it must be is refused in OpenAI's shape, and recorded as denied",
            arguments: [
                ("{", 400, "malformed_json"), ("", 400, "malformed_json"), ("[]", 400, "malformed_json"),
                ("{\"model\":\"m\"}x", 400, "malformed_json"),
                ("{\"model\":\"m\",\"model\":\"limited\"}", 400, "duplicate_member"),
                ("{\"model\":\"m\",\"mod\\u0065l\":\"x\"}", 400, "duplicate_member"),
                ("{\"messages\":[]}", 400, "missing_model"), ("{\"model\":7}", 400, "missing_model"), ("{\"model\":\"\"}", 400, "missing_model"),
                ("{\"model\":\"m\",\"stream\":1}", 400, "invalid_stream"),
                ("{\"model\":\"m\",\"stream\":true,\"stream_options\":[]}", 400, "invalid_stream_options"),
                ("{\"model\":\"who\"}", 404, "unknown_model"), ("{\"model\":\"M\"}", 404, "unknown_model"),
                ("{\"model\":\"m\",\"x\":" + String(repeating: "[", count: 100) + String(repeating: "]", count: 100) + "}", 400, "too_deep"),
                ("{\"model\":\"small\",\"x\":\"" + String(repeating: "x", count: 200) + "\"}", 413, "body_too_large"),
            ])
        func bodies(body: String, status: Int, reason: String) async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(Harness.request(body))
                let response = try #require(client.response())
                #expect(response.status == status)
                let error = try JSONParser.parse(Array(response.body.utf8))["error"]
                #expect(Set((error?.object ?? [:]).keys) == ["message", "type", "param", "code"])
                #expect(response.headers["countersign-receipt"]?.hasPrefix("inf_") == true)
                let intent = try #require(gateway.recorder.entries(.inferenceRequested).first)
                #expect(intent.event.outcome == .denied)
                #expect(intent.data["decision"] == "deny")
                #expect(intent.event.reasonCode == reason)
                // Complete even where no route was met: RUN-01b asks for these of every intent.
                #expect(intent.event.system != nil)
                #expect(intent.event.policy != nil)
                #expect(intent.data["route_digest"] != nil)
                #expect(intent.data["capture_mode"] != nil)
                #expect(intent.data["principal_id"] == "usr_ann")
                #expect(gateway.recorder.entries(.inferenceDenied).first?.event.reasonCode == reason)
                #expect(gateway.upstream.requests.isEmpty)
                client.send(Harness.request(Harness.chat("m")))
                #expect(client.response()?.status == 200)
            }
        }

        @Test("a body that is no UTF-8 is refused")
        func invalidUTF8() throws {
            let body = ByteBuffer(bytes: Array("{\"model\":\"m\",\"x\":\"".utf8) + [0xff] + Array("\"}".utf8))
            let error = #expect(throws: Refusal.Thrown.self) { try ChatRequest(body) }
            #expect(error?.refusal.reason == "invalid_utf8")
        }

        @Test("who is not known is refused unread, and counted")
        func strangers() async throws {
            try await Harness.run { gateway in
                for (key, reason) in [(nil, StrangerRefusal.noCredential), ("mallory", .unknownCredential)] as [(String?, StrangerRefusal)] {
                    let client = gateway.client()
                    client.send(Harness.request(Harness.chat("m"), key: key))
                    let response = try #require(client.response())
                    #expect(response.status == 401)
                    #expect(response.body.contains("\"invalid_api_key\""))
                    #expect(response.headers["countersign-receipt"] == nil)
                    #expect(gateway.counters.counts.strangers[reason] == 1)
                    #expect(client.receiveAll() == "")
                }
                #expect(gateway.recorder.entries.isEmpty)
                #expect(gateway.counters.counts.blocks == ["127.0.0.0/24"])
            }
        }

        @Test("whose credential no longer counts is refused, and recorded by name")
        func refusedCredential() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m"), key: "eve"))
                #expect(client.response()?.status == 401)
                let intent = try #require(gateway.recorder.entries(.inferenceRequested).first)
                #expect(intent.event.reasonCode == "revoked")
                #expect(intent.data["credential_id"] == "tok_eve")
            }
        }

        @Test("who may not is refused; a route that observes lets it through and says so")
        func forbidden() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(Harness.request(Harness.chat("m"), key: "bob"))
                #expect(client.response()?.status == 403)
                #expect(gateway.recorder.entries(.inferenceDenied).first?.event.reasonCode == "no_grant")
                #expect(gateway.upstream.requests.isEmpty)
                client.send(Harness.request(Harness.chat("observed"), key: "bob"))
                #expect(client.response()?.status == 200)
                let intent = try #require(gateway.recorder.entries(.inferenceRequested).last)
                #expect(intent.event.assurance == .observed)
                #expect(intent.data["decision"] == "deny")
                #expect(intent.event.outcome == .success)
                #expect(gateway.recorder.outcomes.last?.event.assurance == .observed)
            }
        }

        @Test("the list of models shows what the caller may use")
        func models() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send("GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: bearer ann\r\n\r\n")
                let all = try JSONParser.parse(Array(try #require(client.response()).body.utf8))
                #expect(all["object"] == "list")
                #expect(all["data"]?.array?.contains { $0["id"] == "m" } == true)
                client.send("GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bob\r\n\r\n")
                let few = try JSONParser.parse(Array(try #require(client.response()).body.utf8))
                #expect(few["data"]?.array?.compactMap { $0["id"]?.string } == ["observed"])
                client.send("GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(client.response()?.status == 401)
                #expect(gateway.counters.counts.arrived == 0)
            }
        }

        @Test("upstream gets the body as it came, our credential, and no more headers than are allowed")
        func upstreamSees() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                let body = "{ \"x_unknown\" : [1.50, \"\\u00e9\"],\n\"model\":\"m\" }"
                client.send(
                    Harness.request(
                        body,
                        headers:
                            "Cookie: a=b\r\nX-Forwarded-For: 1.2.3.4\r\nAccept: */*\r\nIdempotency-Key: k\r\nOpenAI-Organization: o\r\nAccept-Encoding: gzip\r\n"
                    ))
                #expect(client.response()?.status == 200)
                let request = try #require(gateway.upstream.requests.first)
                #expect(request.hasSuffix("\r\n\r\n" + body))
                #expect(request.hasPrefix("POST /base/v1/chat/completions HTTP/1.1\r\n"))
                let head = request.lowercased()
                #expect(head.contains("authorization: bearer sk-upstream\r\n"))
                #expect(head.contains("accept-encoding: identity\r\n"))
                #expect(head.contains("accept: */*\r\n"))
                for absent in ["cookie", "x-forwarded-for", "idempotency-key", "openai-organization", "gzip", "bearer ann"] {
                    #expect(!head.contains(absent))
                }
            }
        }

        @Test(
            "the routed model's name and the wish for usage are the only edits",
            arguments: [
                (
                    #"{"a":1, "model" : "aliased","stream":true}"#,
                    #"{"stream_options":{"include_usage":true},"a":1, "model" : "stub/model-1","stream":true}"#
                ),
                (#"{"model":"aliased"}"#, #"{"model":"stub/model-1"}"#),
                (
                    #"{"stream":true,"stream_options":{ },"model":"aliased"}"#,
                    #"{"stream":true,"stream_options":{"include_usage":true },"model":"stub/model-1"}"#
                ),
                (
                    #"{"stream":true,"stream_options":{"x":1},"model":"\u0061liased"}"#,
                    #"{"stream":true,"stream_options":{"include_usage":true,"x":1},"model":"stub/model-1"}"#
                ),
                (
                    #"{"stream":true,"stream_options":{"include_usage":false},"model":"aliased"}"#,
                    #"{"stream":true,"stream_options":{"include_usage":true},"model":"stub/model-1"}"#
                ),
                (
                    #"{"stream":true,"stream_options":null,"model":"aliased"}"#,
                    #"{"stream":true,"stream_options":{"include_usage":true},"model":"stub/model-1"}"#
                ),
                (
                    #"{"stream":true,"stream_options":{"include_usage":true},"model":"aliased"}"#,
                    #"{"stream":true,"stream_options":{"include_usage":true},"model":"stub/model-1"}"#
                ),
            ])
        func edits(body: String, expected: String) async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                client.send(Harness.request(body))
                #expect(client.response()?.status == 200)
                #expect(gateway.upstream.requests.first?.hasSuffix("\r\n\r\n" + expected) == true)
            }
        }

        @Test("a route that keeps digests only keeps no content")
        func hashed() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                for stream in [false, true] {
                    client.send(Harness.request(Harness.chat("hashed", stream: stream)))
                    #expect(client.response()?.status == 200)
                }
                #expect(gateway.recorder.entries.allSatisfy { $0.contents.isEmpty })
                #expect(gateway.recorder.entries(.inferenceCompleted).allSatisfy { $0.data["released_digest"] != nil })
            }
        }

        @Test("our own rules answer like a model, plain and streamed")
        func rules() async throws {
            try await Harness.run { gateway in
                let client = gateway.client()
                let messages =
                    #""messages":[{"role":"system","content":"Be kind."},{"role":"user","content":[{"type":"text","text":"When do I get my REFUND?"}]},{"role":"assistant","content":"x"}]"#
                client.send(Harness.request("{\"model\":\"house\",\(messages)}"))
                let plain = try #require(client.response())
                let answer = try JSONParser.parse(Array(plain.body.utf8))
                #expect(answer["choices"]?.array?.first?["message"]?["content"] == "Refunds take five days.")
                #expect(answer["usage"]?["prompt_tokens"] == 9)
                #expect(answer["usage"]?["completion_tokens"] == 4)
                #expect(answer["model"] == "rules-1")
                #expect(answer["id"]?.string == "chatcmpl-" + (plain.headers["countersign-receipt"] ?? ""))
                let outcome = try #require(gateway.recorder.entries(.inferenceCompleted).first)
                #expect(outcome.data["binding"] == "declared")
                #expect(outcome.data["model_version_id"] == "house/rules-1")
                client.send(Harness.request("{\"model\":\"house\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"))
                let stream = try #require(client.response())
                let events = stream.unchunked.split(separator: "\n\n").map { String($0.dropFirst(6)) }
                #expect(events.last == "[DONE]")
                let text = try events.dropLast().map { event in
                    try JSONParser.parse(Array(event.utf8))["choices"]?.array?.first?["delta"]?["content"]?.string ?? ""
                }.joined()
                #expect(text == "I do not know.")
                // Nobody asked for usage in the stream; the record has it all the same.
                #expect(!stream.unchunked.contains("usage"))
                #expect(gateway.recorder.entries(.inferenceCompleted).last?.data["output_tokens"] == 4)
                #expect(gateway.upstream.acceptedConnections == 0)
            }
        }
    }
}
