import Core

/// What a grant gives.
package struct NewGrant: Sendable {
    package var principalID: String
    package var roleID: String
    /// A route's id or ``Grant/anyAsset``, for a role that is given on routes; nil for one on the installation.
    package var routeID: String?

    package init(principalID: String, roleID: String, routeID: String? = nil) {
        self.principalID = principalID
        self.roleID = roleID
        self.routeID = routeID
    }
}

/// Why a grant ended.
package enum RevocationReason: String, Sendable {
    case leaver, review, unused, manual
}

extension AccessChange {
    func activate(_ new: NewGrant, actor: Actor? = nil) throws -> Grant {
        guard let role = Role.named(new.roleID) else { throw AccessError(.invalid, "there is no such role") }
        let user = try activeUser(new.principalID)
        let asset: (type: String, id: String)
        switch (role.scope, new.routeID) {
        case (.installation, nil): asset = ("installation", "installation")
        case (.installation, _): throw AccessError(.invalid, "the role \(role.id) is given on the installation, not on a route")
        case (.route, let route?): asset = ("route", route)
        case (.route, nil): throw AccessError(.invalid, "the role \(role.id) is given on a route, or on all with `*`")
        }
        guard
            try !store.activeGrants(of: user.id).contains(where: {
                $0.roleID == role.id && $0.assetType == asset.type && $0.assetID == asset.id
            })
        else { throw AccessError(.conflict, "the principal has this grant already") }
        let grant = Grant(
            id: context.identifiers.make("grt").text, principalID: user.id, roleID: role.id, roleDigest: role.digest, assetType: asset.type,
            assetID: asset.id, createdAt: now)
        try store.insert(grant)
        try recordActivation(of: grant, role, user, actor: actor)
        return grant
    }

    func recordActivation(of grant: Grant, _ role: Role, _ user: User, actor: Actor? = nil, effectiveAt: Timestamp? = nil) throws {
        try emit(
            .grantActivated, on: Resource(type: "grant", id: grant.id), actor: actor, effectiveAt: effectiveAt,
            [
                "beneficiary_id": JSONValue(user.id), "beneficiary_human": (user.humanID ?? user.ownerHuman).map { JSONValue($0) },
                "role_id": JSONValue(role.id), "role_digest": JSONValue(grant.roleDigest), "asset_type": JSONValue(grant.assetType),
                "asset_id": JSONValue(grant.assetID), "actions": .array(role.actions.map { JSONValue($0.rawValue) }),
                "wildcard": JSONValue(grant.assetID == Grant.anyAsset), "privileged": JSONValue(role.isPrivileged),
                "via": JSONValue(origin.way.rawValue),
            ])
    }

    func revokeGrant(_ id: String, reason: RevocationReason) throws {
        guard let grant = try store.activeGrant(id: id) else { throw AccessError(.notFound, "there is no active grant \(id.shown)") }
        try revoke(grant, reason: reason)
        try requireAdministrator()
    }

    func revoke(_ grant: Grant, reason: RevocationReason) throws {
        try store.revoke(grantID: grant.id, at: now)
        try emit(.grantRevoked, on: Resource(type: "grant", id: grant.id), ["reason": JSONValue(reason.rawValue)])
    }

    /// Records each role's definition when it is new or another one than before (I7).
    func recordRoles() throws {
        for role in Role.all {
            let before = try store.roleVersion(role.id)
            guard before?.digest != role.digest else { continue }
            try store.setRole(role)
            try recordDefinition(of: role, before: before?.digest)
        }
    }

    func recordDefinition(of role: Role, before: String?) throws {
        try emit(
            .configChanged, on: Resource(type: "role", id: role.id, version: String(role.version)), actor: .system,
            [
                "before_digest": before.map { JSONValue($0) }, "after_digest": JSONValue(role.digest), "mode": "enforce",
                "attributes": [
                    "actions": .array(role.actions.map { JSONValue($0.rawValue) }), "privileged": JSONValue(role.isPrivileged),
                    "wildcard": false,
                ],
            ])
    }
}
