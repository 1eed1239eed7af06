import Core

/// What a new token is for.
package struct NewToken: Sendable {
    package var name: String
    package var principalID: String
    /// 1 to 366.
    package var lifetimeDays: Int

    package init(name: String, principalID: String, lifetimeDays: Int = 90) {
        self.name = name
        self.principalID = principalID
        self.lifetimeDays = lifetimeDays
    }
}

extension AccessChange {
    /// Makes a token. Its owner is the person themselves, the owner of the service, or else whoever makes it.
    func issue(_ new: NewToken, actor: Actor? = nil) throws -> IssuedToken {
        try Self.checkName(new.name, of: "token")
        guard (1...366).contains(new.lifetimeDays) else { throw AccessError(.invalid, "a token lasts 1 to 366 days") }
        let user = try activeUser(new.principalID)
        guard try !store.unrevokedTokens(of: user.id).contains(where: { $0.name == new.name && now < $0.expiresAt }) else {
            throw AccessError(.conflict, "the principal has a token of that name already: revoke it first")
        }
        let secret = BearerToken.generate()
        let token = Token(
            id: context.identifiers.make("tok").text, prefix: secret.prefix, name: new.name, principalID: user.id,
            ownerHuman: user.humanID ?? user.ownerHuman ?? origin.principal.human, hash: secret.hash, createdAt: now,
            expiresAt: Timestamp(microseconds: now.microseconds + Int64(new.lifetimeDays) * Timestamp.day), revokedAt: nil, lastUsedAt: nil)
        try store.insert(token)
        try recordIssue(of: token, actor: actor)
        return IssuedToken(id: token.id, name: token.name, token: secret, expiresAt: token.expiresAt)
    }

    func recordIssue(of token: Token, actor: Actor? = nil, effectiveAt: Timestamp? = nil) throws {
        try emit(
            .tokenIssued, on: Resource(type: "token", id: token.id), actor: actor, effectiveAt: effectiveAt,
            [
                "principal_id": JSONValue(token.principalID), "owner_human": token.ownerHuman.map { JSONValue($0) }, "kind": "api_token",
                "environments": [JSONValue(context.environment)], "expires_at": JSONValue(token.expiresAt),
            ])
    }

    func revokeToken(_ id: String, reason: RevocationReason) throws {
        guard let token = try store.unrevokedToken(id: id) else { throw AccessError(.notFound, "there is no unrevoked token \(id.shown)") }
        try revoke(token, reason: reason)
    }

    func revoke(_ token: Token, reason: RevocationReason) throws {
        try store.revoke(tokenID: token.id, at: now)
        try emit(.tokenRevoked, on: Resource(type: "token", id: token.id), ["reason": JSONValue(reason.rawValue)])
    }
}
