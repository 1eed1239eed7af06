import Core
import Database

/// What applying a document did.
package struct AccessApplied: Sendable {
    /// What was changed; in a dry run, what would be.
    package let plan: AccessPlan
    /// Tokens made, with their secrets: shown once.
    package let issued: [IssuedToken]
}

extension AccessService {
    /// Brings access to what a document says, in one transaction, each change with its own event.
    ///
    /// Idempotent: a second time there is nothing to change. Each kind of change needs its own permission, so that nobody who may apply
    /// routes can give themselves a role.
    /// - Parameters:
    ///   - routes: the routes that grants may name, after the routes of the same document were applied.
    ///   - dryRun: compares only; changes and records nothing.
    /// - Throws: ``AccessError`` (`forbidden`, `invalid` with the document's line, …), with nothing changed.
    package func apply(_ document: AccessDocument, routes: RouteNames, dryRun: Bool = false, by origin: ChangeOrigin) async throws -> AccessApplied {
        var origin = origin
        origin.way = .apply
        let now = context.clock.now()
        let preview = try await database.read {
            try AccessPlan(from: try AccessStore(transaction: $0).state(), to: document, routes: routes, at: now)
        }
        for action in preview.actions { origin = try authorised(action, origin) }
        if dryRun || preview.isEmpty { return AccessApplied(plan: preview, issued: []) }
        let (allowed, authorised) = (Set(preview.actions), origin)
        return try await changes.change { [context] transaction in
            let change = AccessChange(transaction, context: context, origin: authorised)
            let plan = try AccessPlan(from: try change.store.state(), to: document, routes: routes, at: now)
            guard allowed.isSuperset(of: plan.actions) else {
                throw AccessError(.conflict, "access was changed by somebody else at the same time: apply again")
            }
            var issued: [IssuedToken] = []
            for step in plan.changes {
                do {
                    if let token = try change.carryOut(step, routes: routes) { issued.append(token) }
                } catch let error as AccessError {
                    throw AccessError(error.code, "line \(step.documentLine): \(error.message)")
                }
            }
            return AccessApplied(plan: plan, issued: issued)
        }
    }
}

extension AccessChange {
    fileprivate func carryOut(_ step: AccessPlan.Change, routes: RouteNames) throws -> IssuedToken? {
        switch step {
        case .createUser(let entry):
            var owner = entry.kind == .person ? nil : origin.principal.human
            if let name = entry.owner { owner = try named(name).humanID }
            _ = try createUser(NewUser(name: entry.name, kind: entry.kind, ownerHuman: owner))
        case .changeOwner(_, let principal, let owner):
            guard let human = try named(owner).humanID else { throw AccessError(.invalid, "the owner must be a person") }
            try changeOwner(of: try named(principal).id, to: human)
        case .activate(let entry):
            let route = entry.route.map { $0 == Grant.anyAsset ? $0 : routes.ids[$0] } ?? nil
            guard entry.route == nil || route != nil else { throw AccessError(.invalid, "the route is not there yet") }
            _ = try activate(NewGrant(principalID: try named(entry.principal).id, roleID: entry.role, routeID: route))
        case .issue(let entry):
            return try issue(NewToken(name: entry.name, principalID: try named(entry.principal).id, lifetimeDays: entry.lifetimeDays))
        case .revokeToken(let id, _, _): try revokeToken(id, reason: .manual)
        case .revokeGrant(let id, _, _): try revokeGrant(id, reason: .manual)
        case .deactivate(let id, _, _): try deactivateUser(id, effectiveAt: nil)
        }
        return nil
    }

    private func named(_ name: String) throws -> User {
        guard let user = try store.activeUser(name: name) else { throw AccessError(.notFound, "no active principal has this name") }
        return user
    }
}
