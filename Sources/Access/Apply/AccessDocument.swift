/// The desired state of access, as a document says it; what it does not mention stays as it is.
///
/// `line` is the line of the document, from 1, which errors name instead of repeating what stands there.
package struct AccessDocument: Sendable {
    package struct UserEntry: Sendable {
        package let line: Int
        package let name: String
        package let kind: User.Kind
        /// All the roles on the installation that the principal shall have; nil leaves them.
        package let roles: [String]?
        /// Name of the person who answers for a service or an agent; nil for whoever applies.
        package let owner: String?
        package let isAbsent: Bool

        package init(line: Int, name: String, kind: User.Kind, roles: [String]? = nil, owner: String? = nil, isAbsent: Bool = false) {
            self.line = line
            self.name = name
            self.kind = kind
            self.roles = roles
            self.owner = owner
            self.isAbsent = isAbsent
        }
    }

    package struct GrantEntry: Sendable {
        package let line: Int
        /// Name of the principal.
        package let principal: String
        package let role: String
        /// Model name of the route, or `*`; nil for roles on the installation.
        package let route: String?
        package let isAbsent: Bool

        package init(line: Int, principal: String, role: String, route: String? = nil, isAbsent: Bool = false) {
            self.line = line
            self.principal = principal
            self.role = role
            self.route = route
            self.isAbsent = isAbsent
        }
    }

    package struct TokenEntry: Sendable {
        package let line: Int
        package let name: String
        package let principal: String
        package let lifetimeDays: Int
        package let isAbsent: Bool

        package init(line: Int, name: String, principal: String, lifetimeDays: Int = 90, isAbsent: Bool = false) {
            self.line = line
            self.name = name
            self.principal = principal
            self.lifetimeDays = lifetimeDays
            self.isAbsent = isAbsent
        }
    }

    package var users: [UserEntry]
    package var grants: [GrantEntry]
    package var tokens: [TokenEntry]

    package init(users: [UserEntry] = [], grants: [GrantEntry] = [], tokens: [TokenEntry] = []) {
        self.users = users
        self.grants = grants
        self.tokens = tokens
    }

    package var isEmpty: Bool { users.isEmpty && grants.isEmpty && tokens.isEmpty }
}

/// The routes that grants may name: another room's, so handed in.
package struct RouteNames: Sendable {
    /// Route ids by model name.
    package var ids: [String: String]
    /// Names of routes that the same document makes, in a dry run.
    package var planned: Set<String>

    package init(ids: [String: String], planned: Set<String> = []) {
        self.ids = ids
        self.planned = planned
    }
}
