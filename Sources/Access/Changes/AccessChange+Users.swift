import Core

/// What a new principal is.
package struct NewUser: Sendable {
    package var name: String
    package var kind: User.Kind
    /// `hum_…`: who answers for a service or an agent. Nil for a person.
    package var ownerHuman: String?

    package init(name: String, kind: User.Kind, ownerHuman: String? = nil) {
        self.name = name
        self.kind = kind
        self.ownerHuman = ownerHuman
    }
}

extension AccessChange {
    func createUser(_ new: NewUser, actor: Actor? = nil) throws -> User {
        try Self.checkName(new.name, of: "principal")
        guard try store.activeUser(name: new.name) == nil else { throw AccessError(.conflict, "there is an active principal of that name already") }
        if new.kind == .person, new.ownerHuman != nil { throw AccessError(.invalid, "a person has no owner") }
        let prefix: StaticString =
            switch new.kind {
            case .person: "usr"
            case .service: "svc"
            case .agent: "agt"
            }
        let user = User(
            id: context.identifiers.make(prefix).text, name: new.name, kind: new.kind,
            humanID: new.kind == .person ? context.identifiers.make("hum").text : nil, ownerHuman: new.ownerHuman, isActive: true, createdAt: now)
        try store.insert(user)
        try recordCreation(of: user, actor: actor)
        return user
    }

    func recordCreation(of user: User, actor: Actor? = nil, effectiveAt: Timestamp? = nil) throws {
        // I3: the name stays here, the log gets the ids.
        try emit(
            .userCreated, on: Resource(type: "user", id: user.id), actor: actor, effectiveAt: effectiveAt,
            [
                "principal_kind": JSONValue(user.kind.rawValue), "human_id": user.humanID.map { JSONValue($0) },
                "owner_human": user.ownerHuman.map { JSONValue($0) }, "origin": "local", "environment": JSONValue(context.environment),
            ])
    }

    func changeOwner(of userID: String, to ownerHuman: String) throws {
        let user = try activeUser(userID)
        guard user.kind != .person else { throw AccessError(.invalid, "a person has no owner") }
        guard user.ownerHuman != ownerHuman else { return }
        try store.setOwner(ownerHuman, of: user.id)
        try emit(.userChanged, on: Resource(type: "user", id: user.id), ["owner_human": JSONValue(ownerHuman)])
    }

    /// Ends a principal: its grants and its tokens end with it.
    /// - Parameter effectiveAt: when the person left, as the source says; a claim (I6).
    func deactivateUser(_ id: String, effectiveAt: Timestamp?) throws {
        let user = try activeUser(id)
        for grant in try store.activeGrants(of: user.id) { try revoke(grant, reason: .leaver) }
        for token in try store.unrevokedTokens(of: user.id) { try revoke(token, reason: .leaver) }
        try store.deactivate(userID: user.id)
        try emit(.userDeactivated, on: Resource(type: "user", id: user.id), effectiveAt: effectiveAt ?? now, ["origin": "local"])
        try requireAdministrator()
    }
}
