import Core

/// A route with what every request on it needs made once.
final class CompiledRoute: Sendable {
    let route: Route
    let resource: Resource
    /// The upstream model's name as a JSON string; nil where the caller's goes up unchanged.
    let modelReplacement: [UInt8]?
    /// The request line and the fixed headers for the upstream, up to and including `content-length: `.
    let requestPrefix: [UInt8]
    let upstream: UpstreamKey?
    let rules: RuleSet?
    let assurance: Event.Assurance

    init(_ route: Route) {
        self.route = route
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
}
