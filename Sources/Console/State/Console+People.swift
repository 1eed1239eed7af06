import Access
import Core
import Hummingbird

extension Console {
    /// Principals with what is granted to them, and tokens without their secrets.
    func people(_ visit: Visit) async throws -> Response {
        let state = try await access.state()
        let now = SystemClock().now()
        let models = source.models()
        let names = Dictionary(state.users.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        let humans = Dictionary(state.users.compactMap { user in user.humanID.map { ($0, user.name) } }, uniquingKeysWith: { first, _ in first })
        let grants = Dictionary(grouping: state.grants, by: \.principalID)
        let users = state.users.sorted { ($0.isActive ? 0 : 1, $0.name) < ($1.isActive ? 0 : 1, $1.name) }.map { user -> [String: Any] in
            let given = (grants[user.id] ?? []).map { grant -> String in
                guard grant.assetType == "route" else { return grant.roleID }
                return grant.roleID + (grant.assetID == Grant.anyAsset ? " on every route" : " on \(models[grant.assetID] ?? grant.assetID)")
            }
            return [
                "name": user.name, "id": user.id, "kind": user.kind.rawValue,
                "owner": user.kind == .person ? "themselves" : user.ownerHuman.map { humans[$0] ?? $0 } ?? "nobody", "grants": given.sorted(),
                "state": user.isActive ? "Active" : "Gone", "class": user.isActive ? "good" : "",
            ]
        }
        let tokens = state.tokens.sorted { $0.createdAt > $1.createdAt }.map { token -> [String: Any] in
            let (word, badge) = token.revokedAt != nil ? ("Revoked", "") : token.expiresAt <= now ? ("Expired", "warn") : ("Active", "good")
            return [
                "name": token.name, "id": token.id, "principal": names[token.principalID] ?? token.principalID,
                "made": Format.moment(token.createdAt), "ends": Format.moment(token.expiresAt),
                "used": token.lastUsedAt.map { Format.moment($0) } ?? "not yet", "state": word, "class": badge,
            ]
        }
        return try await html(
            "people", title: "People and tokens", visit,
            ["digest": access.decider.snapshot.digest, "users": users, "tokens": tokens])
    }
}
