import Core

/// What a document would change, in the order in which it is done: first what gives, then what takes away.
package struct AccessPlan: Sendable, CustomStringConvertible {
    enum Change: Sendable {
        case createUser(AccessDocument.UserEntry)
        case changeOwner(line: Int, principal: String, owner: String)
        case activate(AccessDocument.GrantEntry)
        case issue(AccessDocument.TokenEntry)
        case revokeToken(id: String, line: Int, text: String)
        case revokeGrant(id: String, line: Int, text: String)
        case deactivate(id: String, line: Int, name: String)
    }

    let changes: [Change]

    package var isEmpty: Bool { changes.isEmpty }
    /// One for each change: `+ grant app application route m`. They name principals: for the one who applies, not for logs.
    package var lines: [String] { changes.map(\.line) }
    package var description: String { lines.joined(separator: "\n") }

    /// The actions that whoever applies it must be allowed.
    package var actions: [Action] {
        var actions: [Action] = []
        for action in changes.map(\.action) where !actions.contains(action) { actions.append(action) }
        return actions
    }
}

extension AccessPlan.Change {
    var action: Action {
        switch self {
        case .createUser, .changeOwner, .deactivate: .manageUsers
        case .activate, .revokeGrant: .manageGrants
        case .issue, .revokeToken: .manageTokens
        }
    }

    var documentLine: Int {
        switch self {
        case .createUser(let entry): entry.line
        case .activate(let entry): entry.line
        case .issue(let entry): entry.line
        case .changeOwner(let line, _, _), .revokeToken(_, let line, _), .revokeGrant(_, let line, _), .deactivate(_, let line, _): line
        }
    }

    var line: String {
        switch self {
        case .createUser(let entry): "+ user \(entry.name) (\(entry.kind.rawValue))"
        case .changeOwner(_, let principal, let owner): "~ user \(principal) owner \(owner)"
        case .activate(let entry): "+ grant \(entry.principal) \(entry.role)" + (entry.route.map { " route \($0)" } ?? "")
        case .issue(let entry): "+ token \(entry.name) for \(entry.principal), \(entry.lifetimeDays) days"
        case .revokeToken(_, _, let text): "- token \(text)"
        case .revokeGrant(_, _, let text): "- grant \(text)"
        case .deactivate(_, _, let name): "- user \(name)"
        }
    }
}
