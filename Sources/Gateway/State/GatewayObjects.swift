import Core

/// A provider as it is kept: one version of a governed object (I7).
struct StoredProvider: Hashable, Sendable {
    let id: String
    let version: Int64
    /// `pck_…`: names the credential in records; a new one when the reference changes.
    let credentialID: String?
    let specification: ProviderSpecification

    /// - Parameter credential: nil where only the digest is wanted, which leaves the secret out.
    func provider(credential: ProviderCredential? = nil) throws(GatewayError) -> Provider {
        let answerer: Provider.Answerer
        switch specification.kind {
        case .openai:
            let origin = try UpstreamOrigin(baseURL: specification.baseURL ?? "")
            answerer = .openai(origin: origin, tls: specification.tls, credential: credential)
        case .rules:
            answerer = .rules(RuleSet(rules: specification.rules, defaultAnswer: specification.defaultAnswer ?? ""))
        }
        return Provider(id: id, name: specification.name, answerer: answerer, credentialID: credentialID, region: specification.region)
    }
}

/// A route as it is kept.
struct StoredRoute: Hashable, Sendable {
    let id: String
    let version: Int64
    let deploymentID: String
    let providerID: String
    /// Seconds since 1970.
    let createdAt: Int64
    let specification: RouteSpecification
    /// `sha256:…` of the route with its provider, as the records of its requests carry it.
    let digest: String

    func route(_ provider: Provider) -> Route {
        Self.route(id, deploymentID, createdAt, specification, provider)
    }

    static func route(_ id: String, _ deploymentID: String, _ createdAt: Int64, _ wanted: RouteSpecification, _ provider: Provider) -> Route {
        Route(
            id: id, model: wanted.model, system: wanted.system, provider: provider, upstreamModel: wanted.upstreamModel,
            deploymentID: deploymentID, capture: wanted.capture, classification: wanted.classification, includeUsage: wanted.includeUsage,
            mode: wanted.mode == .observe ? .observe : .enforce, timeouts: wanted.timeouts, maximumBodyBytes: wanted.maximumBodyBytes,
            createdAt: createdAt)
    }
}

/// What is kept of the requests of one AI system.
struct StoredCapture: Hashable, Sendable {
    let system: String
    let version: Int64
    let mode: CaptureMode

    var digest: String {
        let content: JSONValue = ["mode": JSONValue(mode.rawValue), "system": JSONValue(system)]
        return SHA256Digest(hashing: CanonicalJSON.encode(content)).description
    }
}

/// All governed objects of the gateway, in their present versions.
struct GatewayState: Sendable {
    var providers: [StoredProvider] = []
    var routes: [StoredRoute] = []
    var captures: [StoredCapture] = []
}
