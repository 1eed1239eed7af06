import Core

/// The intent and the outcome of a request, as large as the gateway's.
struct InferenceEvents {
    private let identifiers = IdentifierMaker()
    private let actor = Actor(type: "service", id: "usr_bench", human: "usr_owner")
    private let resource = Resource(type: "route", id: "rte_bench", version: digest)
    private static let digest = SHA256Digest(hashing: Array("bench".utf8)).description

    func intentID() -> String { identifiers.make("inf").text }

    func intent(_ id: String) -> Event {
        var data = CanonicalObjectWriter(capacity: 768)
        data.member("capture_mode", "full")
        data.member("credential_id", "tok_bench")
        data.member("decision", "allow")
        data.member("deployment_ids", strings: ["dep_bench"])
        data.member("grants", strings: ["grt_bench"])
        data.member("host_digest", Self.digest)
        data.member("logprobs", false)
        data.member("principal_id", "usr_bench")
        data.member("protocol", "openai")
        data.member("region", "local")
        data.member("route_digest", Self.digest)
        data.member("route_id", "rte_bench")
        data.member("streamed", false)
        return event(id, .inferenceRequested, data.finish())
    }

    func outcome(of id: String) -> Event {
        var data = CanonicalObjectWriter(capacity: 1024)
        data.member("attempts_count", Int64(1))
        data.member("binding", "vendor")
        data.member("deployment_id", "dep_bench")
        data.member("finish", "stop")
        data.member("first_byte_us", Int64(1200))
        data.member("input_tokens", Int64(120))
        data.member("latency_us", Int64(1300))
        data.member("model_version_id", "stub/stub-gpt-2025-01-01")
        data.member("output_tokens", Int64(80))
        data.member("provider_id", "prv_bench")
        data.member("provider_model", "stub-gpt-2025-01-01")
        data.member("region", "local")
        data.member("released_digest", Self.digest)
        data.member("request_id", id)
        return event(identifiers.make("evt").text, .inferenceCompleted, data.finish())
    }

    private func event(_ id: String, _ type: EventType, _ data: CanonicalObject) -> Event {
        Event(
            id: id, type: type, actor: actor, action: "infer", resource: resource, system: "sys_bench", policy: Self.digest, assurance: .enforced,
            classification: Classification.confidential, retention: Retention.inference, data: data)
    }
}
