import Core

extension AccessPlan {
    /// Compares what is with what shall be. Pure.
    ///
    /// - Parameters:
    ///   - now: tokens that have expired by then do not count.
    /// - Throws: ``AccessError`` `invalid`, with the document's line: a name that is nobody's, a role that does not exist, the same thing twice.
    init(from state: AccessState, to document: AccessDocument, routes: RouteNames, at now: Timestamp) throws(AccessError) {
        var given: [Change] = []
        var taken: [Change] = []
        let users = Dictionary(state.users.filter(\.isActive).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var names = Set(users.keys)
        var seen: Set<[String]> = []
        func once(_ key: [String], _ line: Int) throws(AccessError) {
            guard seen.insert(key).inserted else { throw AccessError(.invalid, "line \(line): this is in the document already") }
        }
        func wish(_ entry: AccessDocument.GrantEntry) throws(AccessError) {
            try once(["grant", entry.principal, entry.role, entry.route ?? ""], entry.line)
            guard let role = Role.named(entry.role) else {
                throw AccessError(.invalid, "line \(entry.line): there is no such role; there are \(Role.all.map(\.id).joined(separator: ", "))")
            }
            guard (role.scope == .route) == (entry.route != nil) else {
                let rule = role.scope == .route ? "needs a route, or \"*\" for all" : "takes no route"
                throw AccessError(.invalid, "line \(entry.line): the role \(role.id) \(rule)")
            }
            let assetID = try asset(entry, routes)
            let existing = state.grants.first {
                $0.principalID == users[entry.principal]?.id && $0.roleID == entry.role && $0.assetID == assetID
            }
            if entry.isAbsent {
                guard let existing else { return }
                let text = "\(entry.principal) \(entry.role)" + (entry.route.map { " route \($0)" } ?? "")
                taken.append(.revokeGrant(id: existing.id, line: entry.line, text: text))
            } else if existing == nil {
                try known(entry.principal, names, entry.line)
                given.append(.activate(entry))
            }
        }

        // People first: they may be the owners of the rest.
        for entry in document.users.filter({ $0.kind == .person }) + document.users.filter({ $0.kind != .person }) {
            try once(["user", entry.name], entry.line)
            if entry.isAbsent { continue }
            guard (entry.kind == .person && entry.owner == nil) || entry.kind != .person else {
                throw AccessError(.invalid, "line \(entry.line): a person has no owner")
            }
            if let user = users[entry.name] {
                guard user.kind == entry.kind else {
                    throw AccessError(.invalid, "line \(entry.line): the principal is of kind \(user.kind.rawValue), which cannot be changed")
                }
            } else {
                names.insert(entry.name)
                given.append(.createUser(entry))
            }
        }
        for entry in document.users where !entry.isAbsent {
            if let owner = entry.owner {
                try known(owner, names, entry.line)
                let isPerson = users[owner].map { $0.kind == .person } ?? document.users.contains { $0.name == owner && $0.kind == .person }
                guard isPerson else { throw AccessError(.invalid, "line \(entry.line): the owner must be a person") }
                // A new owner who is made by this document has no id yet: it is another one for certain.
                if let user = users[entry.name], users[owner]?.humanID == nil || user.ownerHuman != users[owner]?.humanID {
                    given.append(.changeOwner(line: entry.line, principal: entry.name, owner: owner))
                }
            }
            guard let roles = entry.roles else { continue }
            for role in roles {
                guard Role.named(role)?.scope != .route else {
                    throw AccessError(.invalid, "line \(entry.line): the role \(role) is given on routes: write it under `grants`")
                }
                try wish(AccessDocument.GrantEntry(line: entry.line, principal: entry.name, role: role))
            }
            for grant in state.grants where grant.principalID == users[entry.name]?.id && grant.assetType == "installation" {
                if !roles.contains(grant.roleID) {
                    taken.append(.revokeGrant(id: grant.id, line: entry.line, text: "\(entry.name) \(grant.roleID)"))
                }
            }
        }
        for entry in document.grants { try wish(entry) }
        for entry in document.tokens {
            try once(["token", entry.principal, entry.name], entry.line)
            guard (1...366).contains(entry.lifetimeDays) else { throw AccessError(.invalid, "line \(entry.line): a token lasts 1 to 366 days") }
            let existing = state.tokens.first {
                $0.principalID == users[entry.principal]?.id && $0.name == entry.name && $0.revokedAt == nil && now < $0.expiresAt
            }
            if entry.isAbsent {
                if let existing { taken.append(.revokeToken(id: existing.id, line: entry.line, text: "\(entry.name) of \(entry.principal)")) }
            } else if existing == nil {
                try known(entry.principal, names, entry.line)
                given.append(.issue(entry))
            }
        }
        for entry in document.users where entry.isAbsent {
            if let user = users[entry.name] { taken.append(.deactivate(id: user.id, line: entry.line, name: entry.name)) }
        }
        changes = given + taken
    }
}

private func known(_ name: String, _ names: Set<String>, _ line: Int) throws(AccessError) {
    guard names.contains(name) else {
        throw AccessError(.invalid, "line \(line): no active principal has this name; add it under `users`")
    }
}

/// The id under which a grant is kept; nil for a route that the same document will make.
private func asset(_ entry: AccessDocument.GrantEntry, _ routes: RouteNames) throws(AccessError) -> String? {
    guard let route = entry.route else { return "installation" }
    if route == Grant.anyAsset { return route }
    if let id = routes.ids[route] { return id }
    guard routes.planned.contains(route) || entry.isAbsent else { throw AccessError(.invalid, "line \(entry.line): there is no route of this name") }
    return nil
}
