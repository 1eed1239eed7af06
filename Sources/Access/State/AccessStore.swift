import Core
import Database

/// Access in the database: portable SQL, no rules.
struct AccessStore {
    let transaction: any Transaction

    func state() throws -> AccessState {
        var state = AccessState()
        state.users = try transaction.query(
            "SELECT id, name, kind, human_id, owner_human, status, created_at FROM access_principal ORDER BY id"
        ).map(Self.user)
        state.grants = try transaction.query(
            """
            SELECT id, principal_id, role_id, role_digest, asset_type, asset_id, created_at FROM access_grant
            WHERE status = 'active' ORDER BY id
            """
        ).map(Self.grant)
        state.tokens = try transaction.query(
            """
            SELECT id, prefix, name, principal_id, owner_human, secret_hash, created_at, expires_at, revoked_at, last_used_at
            FROM access_token ORDER BY id
            """
        ).map(Self.token)
        return state
    }

    func user(id: String) throws -> User? {
        try transaction.first(
            "SELECT id, name, kind, human_id, owner_human, status, created_at FROM access_principal WHERE id = ?", [.text(id)]
        ).map(Self.user)
    }

    func activeUser(name: String) throws -> User? {
        try transaction.first(
            """
            SELECT id, name, kind, human_id, owner_human, status, created_at FROM access_principal
            WHERE name = ? AND status = 'active'
            """, [.text(name)]
        ).map(Self.user)
    }

    func activeGrants(of principalID: String) throws -> [Grant] {
        try transaction.query(
            """
            SELECT id, principal_id, role_id, role_digest, asset_type, asset_id, created_at FROM access_grant
            WHERE principal_id = ? AND status = 'active' ORDER BY id
            """, [.text(principalID)]
        ).map(Self.grant)
    }

    func activeGrant(id: String) throws -> Grant? {
        try transaction.first(
            """
            SELECT id, principal_id, role_id, role_digest, asset_type, asset_id, created_at FROM access_grant
            WHERE id = ? AND status = 'active'
            """, [.text(id)]
        ).map(Self.grant)
    }

    func unrevokedTokens(of principalID: String) throws -> [Token] {
        try transaction.query(
            """
            SELECT id, prefix, name, principal_id, owner_human, secret_hash, created_at, expires_at, revoked_at, last_used_at
            FROM access_token WHERE principal_id = ? AND revoked_at IS NULL ORDER BY id
            """, [.text(principalID)]
        ).map(Self.token)
    }

    func unrevokedToken(id: String) throws -> Token? {
        try transaction.first(
            """
            SELECT id, prefix, name, principal_id, owner_human, secret_hash, created_at, expires_at, revoked_at, last_used_at
            FROM access_token WHERE id = ? AND revoked_at IS NULL
            """, [.text(id)]
        ).map(Self.token)
    }

    func insert(_ user: User) throws {
        try transaction.execute(
            "INSERT INTO access_principal (id, name, kind, human_id, owner_human, status, created_at) VALUES (?, ?, ?, ?, ?, 'active', ?)",
            [
                .text(user.id), .text(user.name), .text(user.kind.rawValue), DatabaseValue(user.humanID), DatabaseValue(user.ownerHuman),
                .int64(user.createdAt.microseconds),
            ])
    }

    func setOwner(_ ownerHuman: String, of userID: String) throws {
        try transaction.execute("UPDATE access_principal SET owner_human = ? WHERE id = ?", [.text(ownerHuman), .text(userID)])
    }

    func deactivate(userID: String) throws {
        try transaction.execute("UPDATE access_principal SET status = 'deactivated' WHERE id = ?", [.text(userID)])
    }

    func insert(_ grant: Grant) throws {
        try transaction.execute(
            """
            INSERT INTO access_grant (id, principal_id, role_id, role_digest, asset_type, asset_id, status, created_at)
            VALUES (?, ?, ?, ?, ?, ?, 'active', ?)
            """,
            [
                .text(grant.id), .text(grant.principalID), .text(grant.roleID), .text(grant.roleDigest), .text(grant.assetType),
                .text(grant.assetID), .int64(grant.createdAt.microseconds),
            ])
    }

    func revoke(grantID: String, at time: Timestamp) throws {
        try transaction.execute(
            "UPDATE access_grant SET status = 'revoked', ended_at = ? WHERE id = ?", [.int64(time.microseconds), .text(grantID)])
    }

    func insert(_ token: Token) throws {
        try transaction.execute(
            """
            INSERT INTO access_token (id, prefix, name, principal_id, owner_human, secret_hash, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(token.id), .text(token.prefix), .text(token.name), .text(token.principalID), DatabaseValue(token.ownerHuman),
                .blob(token.hash.bytes), .int64(token.createdAt.microseconds), .int64(token.expiresAt.microseconds),
            ])
    }

    func revoke(tokenID: String, at time: Timestamp) throws {
        try transaction.execute("UPDATE access_token SET revoked_at = ? WHERE id = ?", [.int64(time.microseconds), .text(tokenID)])
    }

    func roleVersion(_ id: String) throws -> (version: Int64, digest: String)? {
        try transaction.first("SELECT version, digest FROM access_role WHERE id = ?", [.text(id)])
            .map { (try $0.int64(0), try $0.text(1)) }
    }

    func setRole(_ role: Role) throws {
        try transaction.execute(
            """
            INSERT INTO access_role (id, version, digest) VALUES (?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET version = excluded.version, digest = excluded.digest
            """, [.text(role.id), .int64(role.version), .text(role.digest)])
    }

    private static func user(_ row: DatabaseRow) throws -> User {
        guard let kind = User.Kind(rawValue: try row.text(2)) else { throw AccessError(.corrupt, "a principal of an unknown kind is stored") }
        return User(
            id: try row.text(0), name: try row.text(1), kind: kind, humanID: try row.optionalText(3), ownerHuman: try row.optionalText(4),
            isActive: try row.text(5) == "active", createdAt: Timestamp(microseconds: try row.int64(6)))
    }

    private static func grant(_ row: DatabaseRow) throws -> Grant {
        Grant(
            id: try row.text(0), principalID: try row.text(1), roleID: try row.text(2), roleDigest: try row.text(3),
            assetType: try row.text(4), assetID: try row.text(5), createdAt: Timestamp(microseconds: try row.int64(6)))
    }

    private static func token(_ row: DatabaseRow) throws -> Token {
        guard let hash = SecretHash(bytes: try row.blob(5)) else { throw AccessError(.corrupt, "a token without a whole hash is stored") }
        return Token(
            id: try row.text(0), prefix: try row.text(1), name: try row.text(2), principalID: try row.text(3),
            ownerHuman: try row.optionalText(4), hash: hash, createdAt: Timestamp(microseconds: try row.int64(6)),
            expiresAt: Timestamp(microseconds: try row.int64(7)),
            revokedAt: try row.optionalInt64(8).map { Timestamp(microseconds: $0) },
            lastUsedAt: try row.optionalInt64(9).map { Timestamp(microseconds: $0) })
    }
}
