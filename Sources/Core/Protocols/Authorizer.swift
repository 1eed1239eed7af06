/// Who calls, once known.
package struct Principal: Hashable, Sendable {
    package enum Kind: String, Sendable { case user, service, agent, system }
    package var id: String
    package var kind: Kind
    /// The human behind it; nil means nobody (I5).
    package var human: String?
    /// The credential that was shown, `tok_…`.
    package var credentialID: String?
    package var session: String?
    package var roles: [String]

    package init(id: String, kind: Kind, human: String?, credentialID: String? = nil, session: String? = nil, roles: [String] = []) {
        self.id = id
        self.kind = kind
        self.human = human
        self.credentialID = credentialID
        self.session = session
        self.roles = roles
    }

    package var actor: Actor { Actor(type: kind.rawValue, id: id, human: human, session: session) }
}

/// May this principal do this to that?
package struct AccessRequest: Sendable {
    package var principal: Principal
    /// A verb: `infer`, `read`, `apply`, `unseal`, …
    package var action: String
    package var resource: Resource

    package init(principal: Principal, action: String, resource: Resource) {
        self.principal = principal
        self.action = action
        self.resource = resource
    }
}

package struct AccessDecision: Sendable {
    package var allowed: Bool
    /// Stable; `granted`, or why not.
    package var reasonCode: String
    /// Digest of the snapshot that decided, `sha256:…`.
    package var policy: String
    /// Ids of the grants that were used.
    package var grants: [String]

    package init(allowed: Bool, reasonCode: String, policy: String, grants: [String]) {
        self.allowed = allowed
        self.reasonCode = reasonCode
        self.policy = policy
        self.grants = grants
    }
}

/// Decides. Default deny; an error in deciding denies (I4).
///
/// Asked on every request: no I/O, no suspension, callable from any thread.
package protocol Authorizer: Sendable {
    func decide(_ request: AccessRequest) -> AccessDecision
}

/// Finds out who shows a bearer token. Same demands as ``Authorizer``.
package protocol Authenticator: Sendable {
    func authenticate(bearer token: String) -> Authentication
}

package enum Authentication: Sendable {
    case known(Principal)
    /// Nobody that we know: no such token, or no token at all.
    case stranger
    /// We know whose it was, and it no longer counts: `expired`, `revoked`, `deactivated`.
    case refused(Principal, reasonCode: String)
}
