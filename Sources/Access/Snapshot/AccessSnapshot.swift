import Core

/// Everything that decides who may do what, compiled and immutable (I7). One digest names it in every record that rests on it.
package final class AccessSnapshot: Sendable {
    struct TokenEntry: Sendable {
        let hash: SecretHash
        let principal: Principal
        let expiresAt: Timestamp
        /// `revoked` or `deactivated`; nil while it counts.
        let refusal: String?
        let use: TokenUses.Moment
    }

    private struct GrantKey: Hashable {
        let principal: String
        let action: String
    }

    private struct GrantEntry {
        var installation: [String] = []
        var allRoutes: [String] = []
        var routes: [String: [String]] = [:]
    }

    /// `sha256:…` over the active principals, grants, roles and tokens; all of it can be rebuilt from the log's events.
    package let digest: String
    private let tokens: [UInt64: TokenEntry]
    private let grants: [GrantKey: GrantEntry]
    private let principals: Set<String>

    /// Knows nobody and denies everything.
    static let empty = AccessSnapshot(AccessState(), uses: TokenUses())

    init(_ state: AccessState, uses: TokenUses) {
        digest = SHA256Digest(hashing: CanonicalJSON.encode(state.canonical)).description
        principals = Set(state.users.filter(\.isActive).map(\.id))
        var grants: [GrantKey: GrantEntry] = [:]
        var roles: [String: Set<String>] = [:]
        for grant in state.grants where principals.contains(grant.principalID) {
            // A role that this program does not know grants nothing (I4).
            guard let role = Role.named(grant.roleID) else { continue }
            roles[grant.principalID, default: []].insert(role.id)
            for action in role.actions {
                let key = GrantKey(principal: grant.principalID, action: action.rawValue)
                switch role.scope {
                case .installation: grants[key, default: GrantEntry()].installation.append(grant.id)
                case .route where grant.assetID == Grant.anyAsset: grants[key, default: GrantEntry()].allRoutes.append(grant.id)
                case .route: grants[key, default: GrantEntry()].routes[grant.assetID, default: []].append(grant.id)
                }
            }
        }
        self.grants = grants
        // Who left answers for nothing: behind a service whose owner is gone there is nobody (I5).
        let humans = Set(state.users.filter(\.isActive).compactMap(\.humanID))
        let users = Dictionary(state.users.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var tokens: [UInt64: TokenEntry] = [:]
        for token in state.tokens {
            guard let user = users[token.principalID], let key = BearerToken.prefixKey(token.prefix) else { continue }
            let human = user.humanID ?? [user.ownerHuman, token.ownerHuman].compactMap { $0 }.first { humans.contains($0) }
            let principal = Principal(
                id: user.id, kind: user.kind.principal, human: human, credentialID: token.id,
                roles: roles[user.id, default: []].sorted())
            tokens[key] = TokenEntry(
                hash: token.hash, principal: principal, expiresAt: token.expiresAt,
                refusal: token.revokedAt != nil ? "revoked" : user.isActive ? nil : "deactivated", use: uses.moment(of: token.id))
        }
        self.tokens = tokens
        uses.keep(only: Set(state.tokens.map(\.id)))
    }

    func authenticate(bearer text: String, at now: Timestamp) -> Authentication {
        // A wrong secret under a known name is a stranger too: it must not be put to the owner's account.
        guard let shown = BearerToken.parse(text), let token = tokens[shown.prefix], token.hash.equals(shown.hash) else { return .stranger }
        if let refusal = token.refusal { return .refused(token.principal, reasonCode: refusal) }
        guard now < token.expiresAt else { return .refused(token.principal, reasonCode: "expired") }
        token.use.note(now)
        return .known(token.principal)
    }

    // I4: no path but a grant leads to `allowed`.
    func decide(_ request: AccessRequest) -> AccessDecision {
        let entry = grants[GrantKey(principal: request.principal.id, action: request.action)]
        var used = entry?.installation ?? []
        if used.isEmpty, let entry, request.resource.type == "route" {
            used = entry.routes[request.resource.id] ?? []
            if used.isEmpty { used = entry.allRoutes }
        }
        guard used.isEmpty else { return AccessDecision(allowed: true, reasonCode: "granted", policy: digest, grants: used) }
        let reason = principals.contains(request.principal.id) ? "no_grant" : "unknown_principal"
        return AccessDecision(allowed: false, reasonCode: reason, policy: digest, grants: [])
    }
}
