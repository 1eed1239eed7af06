import Core

/// What of a request and its answer is kept beside the record, sealed.
package enum CaptureMode: String, Sendable, CaseIterable {
    /// The prompt and the completion.
    case full
    case redacted
    /// Nothing; the record carries the digest of what was released.
    case hash
    case sampled
}

/// Whether a refusal is carried out, or only recorded (I13).
package enum EnforcementMode: String, Sendable {
    case enforce, observe
}

/// How long each part of an exchange with an upstream may take, in milliseconds; each 1 to 3,600,000.
package struct RouteTimeouts: Hashable, Sendable {
    /// To connect, a turn in the pool included.
    package var connect: Int64 = 5_000
    /// From the request to the first byte of the answer.
    package var firstByte: Int64 = 60_000
    /// Between two pieces of an answer.
    package var idle: Int64 = 60_000
    /// The whole exchange.
    package var total: Int64 = 600_000

    package init(connect: Int64 = 5_000, firstByte: Int64 = 60_000, idle: Int64 = 60_000, total: Int64 = 600_000) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }
}

/// One public model name, the system it belongs to, and who answers for it.
package struct Route: Sendable {
    /// `rte_…`
    package let id: String
    /// What callers put into `model`.
    package let model: String
    /// The AI system, `sys_…`.
    package let system: String
    package let provider: Provider
    /// What the upstream knows the model as.
    package let upstreamModel: String
    /// `dep_…`
    package let deploymentID: String
    package let capture: CaptureMode
    package let classification: String
    /// Ask the upstream for usage in streams whose caller did not (I10).
    package let includeUsage: Bool
    package let mode: EnforcementMode
    package let timeouts: RouteTimeouts
    package let maximumBodyBytes: Int
    /// Seconds since 1970, as `/v1/models` lists it.
    package let createdAt: Int64
    /// `sha256:…` over everything above and the provider's digest (I7).
    package let digest: String

    package init(
        id: String, model: String, system: String, provider: Provider, upstreamModel: String, deploymentID: String,
        capture: CaptureMode = .full, classification: String = Classification.confidential, includeUsage: Bool = false,
        mode: EnforcementMode = .enforce, timeouts: RouteTimeouts = RouteTimeouts(), maximumBodyBytes: Int = 4 << 20, createdAt: Int64 = 0
    ) {
        self.id = id
        self.model = model
        self.system = system
        self.provider = provider
        self.upstreamModel = upstreamModel
        self.deploymentID = deploymentID
        self.capture = capture
        self.classification = classification
        self.includeUsage = includeUsage
        self.mode = mode
        self.timeouts = timeouts
        self.maximumBodyBytes = maximumBodyBytes
        self.createdAt = createdAt
        let members: [String: JSONValue] = [
            "capture": JSONValue(capture.rawValue), "classification": JSONValue(classification), "deployment_id": JSONValue(deploymentID),
            "id": JSONValue(id), "include_usage": JSONValue(includeUsage), "maximum_body_bytes": JSONValue(maximumBodyBytes),
            "mode": JSONValue(mode.rawValue), "model": JSONValue(model), "provider": JSONValue(provider.digest), "system": JSONValue(system),
            "timeouts_ms": [
                "connect": JSONValue(timeouts.connect), "first_byte": JSONValue(timeouts.firstByte), "idle": JSONValue(timeouts.idle),
                "total": JSONValue(timeouts.total),
            ],
            "upstream_model": JSONValue(upstreamModel),
        ]
        digest = SHA256Digest(hashing: CanonicalJSON.encode(.object(members))).description
    }
}
