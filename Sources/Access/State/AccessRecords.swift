package import Core

/// A principal: a person, a service or an agent.
package struct User: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case person, service, agent

        var principal: Principal.Kind {
            switch self {
            case .person: .user
            case .service: .service
            case .agent: .agent
            }
        }
    }

    /// `usr_…`, `svc_…` or `agt_…`.
    package let id: String
    /// Unique among the active. Kept here only: the log carries ids (I3).
    package let name: String
    package let kind: Kind
    /// `hum_…`: the person behind the account; none behind a service or an agent.
    package let humanID: String?
    /// The person who answers for a service or an agent.
    package let ownerHuman: String?
    package let isActive: Bool
    package let createdAt: Timestamp
}

/// A role given to a principal, on one asset or on the installation.
package struct Grant: Hashable, Sendable {
    /// As ``assetID``: every asset of its type.
    package static let anyAsset = "*"

    package let id: String
    package let principalID: String
    package let roleID: String
    /// Digest of the role's definition when the grant was made (I5).
    package let roleDigest: String
    /// `route` or `installation`.
    package let assetType: String
    package let assetID: String
    package let createdAt: Timestamp
}

/// A token as it is stored: without its secret.
package struct Token: Sendable {
    package let id: String
    /// The 8 characters that name it, as in `cs_PREFIX_…`.
    package let prefix: String
    package let name: String
    package let principalID: String
    /// Who answers for its use; for a person's token that person.
    package let ownerHuman: String?
    let hash: SecretHash
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    package let revokedAt: Timestamp?
    package let lastUsedAt: Timestamp?
}

/// A token just made. ``token`` is all there will ever be of its secret.
package struct IssuedToken: Sendable {
    package let id: String
    package let name: String
    package let token: BearerToken
    package let expiresAt: Timestamp
}

/// All of access as one value: users (deactivated ones too), active grants, tokens (revoked ones too).
package struct AccessState: Sendable {
    package var users: [User] = []
    package var grants: [Grant] = []
    package var tokens: [Token] = []

    package init() {}

    /// What decides, in a canonical form that holds nothing but what events of the log carry.
    var canonical: JSONValue {
        [
            "grants": .array(
                grants.sorted { $0.id < $1.id }.map {
                    [
                        "asset_id": JSONValue($0.assetID), "asset_type": JSONValue($0.assetType), "id": JSONValue($0.id),
                        "principal_id": JSONValue($0.principalID), "role_digest": JSONValue($0.roleDigest), "role_id": JSONValue($0.roleID),
                    ]
                }),
            "principals": .array(
                users.filter(\.isActive).sorted { $0.id < $1.id }.map {
                    .compact([
                        "human_id": $0.humanID.map { JSONValue($0) }, "id": JSONValue($0.id), "kind": JSONValue($0.kind.rawValue),
                        "owner_human": $0.ownerHuman.map { JSONValue($0) },
                    ])
                }),
            "roles": .array(Role.all.map { ["digest": JSONValue($0.digest), "id": JSONValue($0.id)] }),
            "tokens": .array(
                tokens.filter { $0.revokedAt == nil }.sorted { $0.id < $1.id }.map {
                    .compact([
                        "expires_at": JSONValue($0.expiresAt), "id": JSONValue($0.id), "owner_human": $0.ownerHuman.map { JSONValue($0) },
                        "principal_id": JSONValue($0.principalID),
                    ])
                }),
        ]
    }
}
