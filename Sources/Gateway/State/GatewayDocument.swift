import Core

/// Providers and routes as a document asks for them; what it does not mention stays as it is.
///
/// `line` is the line of the document, from 1, which errors name.
package struct GatewayDocument: Sendable {
    package struct ProviderEntry: Sendable {
        package let line: Int
        package let specification: ProviderSpecification

        package init(line: Int, _ specification: ProviderSpecification) {
            self.line = line
            self.specification = specification
        }
    }

    package struct RouteEntry: Sendable {
        package let line: Int
        package let specification: RouteSpecification

        package init(line: Int, _ specification: RouteSpecification) {
            self.line = line
            self.specification = specification
        }
    }

    package var providers: [ProviderEntry]
    package var routes: [RouteEntry]

    package init(providers: [ProviderEntry] = [], routes: [RouteEntry] = []) {
        self.providers = providers
        self.routes = routes
    }

    package var isEmpty: Bool { providers.isEmpty && routes.isEmpty }
}

/// Where the secret for a provider is found: never the secret itself.
package enum CredentialReference: Hashable, Sendable {
    /// The name of an environment variable of the server.
    case environment(String)
    /// The path of a file that holds nothing else.
    case file(String)
}

/// What somebody wants a provider to be.
package struct ProviderSpecification: Hashable, Sendable {
    package var name: String
    package var kind: Provider.Kind
    /// For `openai`.
    package var baseURL: String?
    package var credential: CredentialReference?
    package var region: String
    package var tls: UpstreamTLS
    /// For `rules`.
    package var rules: [RuleSet.Rule]
    package var defaultAnswer: String?

    package init(
        name: String, kind: Provider.Kind, baseURL: String? = nil, credential: CredentialReference? = nil, region: String = "local",
        tls: UpstreamTLS = UpstreamTLS(), rules: [RuleSet.Rule] = [], defaultAnswer: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.baseURL = baseURL
        self.credential = credential
        self.region = region
        self.tls = tls
        self.rules = rules
        self.defaultAnswer = defaultAnswer
    }
}

/// What somebody wants a route to be.
package struct RouteSpecification: Hashable, Sendable {
    package enum Mode: String, Sendable, CaseIterable {
        case enforce, observe
        /// Kept, and not served.
        case disabled
    }

    package var model: String
    package var system: String
    /// The provider's name.
    package var provider: String
    package var upstreamModel: String
    package var capture: CaptureMode
    package var includeUsage: Bool
    package var classification: String
    package var mode: Mode
    package var timeouts: RouteTimeouts
    /// 1 to 64 MiB.
    package var maximumBodyBytes: Int

    package init(
        model: String, system: String, provider: String, upstreamModel: String? = nil, capture: CaptureMode = .full, includeUsage: Bool = false,
        classification: String = Classification.confidential, mode: Mode = .enforce, timeouts: RouteTimeouts = RouteTimeouts(),
        maximumBodyBytes: Int = 4 << 20
    ) {
        self.model = model
        self.system = system
        self.provider = provider
        self.upstreamModel = upstreamModel ?? model
        self.capture = capture
        self.includeUsage = includeUsage
        self.classification = classification
        self.mode = mode
        self.timeouts = timeouts
        self.maximumBodyBytes = maximumBodyBytes
    }
}
