import Core

/// A route with what every request on it needs made once.
final class CompiledRoute: Sendable {
    let route: Route
    let resource: Resource
    // What every request reads, apart from the route: to copy that whole would count a reference for each of its strings.
    let timeouts: RouteTimeouts
    let capturesAll: Bool
    let captureMode: String
    let deploymentIDs: [String]
    let deploymentID: String
    let system: String
    let classification: String
    let routeID: String
    let routeDigest: String
    let providerID: String
    let providerKeyID: String?
    let region: String
    let binding: String
    /// The provider's name and a slash.
    let modelPrefix: String
    let upstreamModelName: String?
    let maximumBodyBytes: Int
    let isObserving: Bool
    let includesUsage: Bool
    /// The upstream model's name as a JSON string; nil where the caller's goes up unchanged.
    let modelReplacement: [UInt8]?
    /// The request line and the fixed headers for the upstream, up to and including `content-length: `.
    let requestPrefix: [UInt8]
    let upstream: UpstreamKey?
    let rules: RuleSet?
    let assurance: Event.Assurance

    init(_ route: Route) {
        self.route = route
        timeouts = route.timeouts
        capturesAll = route.capture == .full
        captureMode = route.capture.rawValue
        deploymentIDs = [route.deploymentID]
        deploymentID = route.deploymentID
        system = route.system
        classification = route.classification
        routeID = route.id
        routeDigest = route.digest
        providerID = route.provider.id
        providerKeyID = route.provider.credentialID
        region = route.provider.region
        binding = route.provider.kind == .rules ? "declared" : "vendor"
        modelPrefix = route.provider.name + "/"
        upstreamModelName = AnswerSummary.identifier(route.upstreamModel)
        maximumBodyBytes = route.maximumBodyBytes
        isObserving = route.mode == .observe
        includesUsage = route.includeUsage
        resource = Resource(type: "route", id: route.id)
        modelReplacement = route.upstreamModel == route.model ? nil : CanonicalJSON.encode(.string(route.upstreamModel))
        // I13: what only observes never says that it enforced.
        assurance = route.mode == .observe ? .observed : .enforced
        switch route.provider.answerer {
        case .openai(let origin, let tls, let credential):
            var text = "POST \(origin.pathPrefix)/chat/completions HTTP/1.1\r\nhost: \(origin.authority)\r\n"
            if let credential { text += "authorization: Bearer \(credential.secret)\r\n" }
            // I10: what the upstream sends is what the client gets, so no encoding is asked for.
            text += "accept-encoding: identity\r\nuser-agent: countersign\r\ncontent-length: "
            requestPrefix = Array(text.utf8)
            upstream = UpstreamKey(origin: origin, tls: tls)
            rules = nil
        case .rules(let set):
            requestPrefix = []
            upstream = nil
            rules = set
        }
    }
}

/// What connections are shared by: the origin and how its certificate is checked. Credentials travel with each request.
struct UpstreamKey: Hashable, Sendable {
    let origin: UpstreamOrigin
    let tls: UpstreamTLS
    /// Looked up with every request: hashed once.
    private let hash: Int

    init(origin: UpstreamOrigin, tls: UpstreamTLS) {
        self.origin = origin
        self.tls = tls
        var hasher = Hasher()
        hasher.combine(origin)
        hasher.combine(tls)
        hash = hasher.finalize()
    }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
