import Core

/// The secret with which we call a provider. It never prints itself.
package struct ProviderCredential: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// Visible ASCII, at most 4,096 bytes.
    let secret: String

    /// - Throws: ``GatewayError/Code/invalidConfiguration`` where it could not stand in a header.
    package init(_ secret: String) throws(GatewayError) {
        guard !secret.isEmpty, secret.utf8.count <= 4096, secret.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw GatewayError(.invalidConfiguration, "a provider credential must be 1 to 4,096 visible ASCII characters")
        }
        self.secret = secret
    }

    package var description: String { "redacted" }
    package var customMirror: Mirror { Mirror(reflecting: "redacted") }
}

/// How the certificate of an upstream is checked. It is always checked.
package struct UpstreamTLS: Hashable, Sendable {
    /// A PEM file of authorities to trust instead of the system's.
    package var authorityFile: String?
    /// The name in the certificate, where it is not the origin's host.
    package var serverName: String?

    package init(authorityFile: String? = nil, serverName: String? = nil) {
        self.authorityFile = authorityFile
        self.serverName = serverName
    }
}

/// Who answers: an OpenAI-compatible upstream, or our own rules.
package struct Provider: Sendable {
    package enum Kind: String, Sendable { case openai, rules }

    package enum Answerer: Sendable {
        case openai(origin: UpstreamOrigin, tls: UpstreamTLS, credential: ProviderCredential?)
        case rules(RuleSet)
    }

    /// `prv_…`
    package let id: String
    /// Unique; the first part of a vendor model's id.
    package let name: String
    package let answerer: Answerer
    /// Names the credential that goes upstream in records (`provider_key_id`); never the secret itself.
    package let credentialID: String?
    package let region: String
    /// `sha256:…` of everything that decides, the credential's id included and its secret left out.
    package let digest: String

    package init(id: String, name: String, answerer: Answerer, credentialID: String? = nil, region: String) {
        self.id = id
        self.name = name
        self.answerer = answerer
        self.credentialID = credentialID
        self.region = region
        var members: [String: JSONValue] = ["id": JSONValue(id), "name": JSONValue(name), "region": JSONValue(region)]
        members["credential_id"] = credentialID.map { JSONValue($0) }
        switch answerer {
        case .openai(let origin, let tls, _):
            members["kind"] = "openai"
            members["base_url"] = JSONValue(origin.description)
            members["authority_file"] = tls.authorityFile.map { JSONValue($0) }
            members["server_name"] = tls.serverName.map { JSONValue($0) }
        case .rules(let set):
            members["kind"] = "rules"
            members["rules"] = set.json
        }
        digest = SHA256Digest(hashing: CanonicalJSON.encode(.object(members))).description
    }

    package var kind: Kind {
        switch answerer {
        case .openai: .openai
        case .rules: .rules
        }
    }
}
