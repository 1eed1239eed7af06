package import Core
import Database

extension AccessService {
    /// Makes the first administrator, in an installation without any principal.
    ///
    /// The one change that nobody allowed: there is nobody yet. Its events name the person themselves, and `direct_state`.
    /// - Throws: ``AccessError`` `conflict` where there is a principal already.
    package func createAdministrator(name: String, tokenName: String = "init", tokenLifetimeDays: Int = 90) async throws -> (User, IssuedToken) {
        try await changes.change { [context] transaction in
            let change = AccessChange(transaction, context: context, origin: .program)
            guard try change.store.state().users.isEmpty else {
                throw AccessError(.conflict, "this installation has principals already: an administrator makes further ones")
            }
            let user = try change.createUser(NewUser(name: name, kind: .person))
            let actor = Actor(type: Principal.Kind.user.rawValue, id: user.id, human: user.humanID)
            _ = try change.activate(NewGrant(principalID: user.id, roleID: Role.administrator.id), actor: actor)
            let token = try change.issue(
                NewToken(name: tokenName, principalID: user.id, lifetimeDays: tokenLifetimeDays), actor: actor)
            return (user, token)
        }
    }

    /// - Throws: ``AccessError`` `forbidden`, `invalid`, `conflict`; and as all changes here ``DatabaseError`` (`unrecorded`: stored, in
    ///   force as soon as the log accepts the record).
    package func createUser(_ new: NewUser, by origin: ChangeOrigin) async throws -> User {
        try await change(.manageUsers, origin: origin) { try $0.createUser(new) }
    }

    /// Puts another person in charge of a service or an agent.
    package func changeOwner(of userID: String, to ownerHuman: String, by origin: ChangeOrigin) async throws {
        try await change(.manageUsers, origin: origin) { try $0.changeOwner(of: userID, to: ownerHuman) }
    }

    /// Ends a principal with its grants and tokens. For good: who comes back is a new principal.
    /// - Throws: ``AccessError`` `lastAdministrator` too.
    package func deactivateUser(_ id: String, effectiveAt: Timestamp? = nil, by origin: ChangeOrigin) async throws {
        try await change(.manageUsers, origin: origin) { try $0.deactivateUser(id, effectiveAt: effectiveAt) }
    }

    /// Gives a role. The route's existence is the caller's to check.
    package func activateGrant(_ new: NewGrant, by origin: ChangeOrigin) async throws -> Grant {
        try await change(.manageGrants, origin: origin) { try $0.activate(new) }
    }

    package func revokeGrant(_ id: String, reason: RevocationReason = .manual, by origin: ChangeOrigin) async throws {
        try await change(.manageGrants, origin: origin) { try $0.revokeGrant(id, reason: reason) }
    }

    /// Makes a token; its secret is in the answer and nowhere else.
    package func issueToken(_ new: NewToken, by origin: ChangeOrigin) async throws -> IssuedToken {
        try await change(.manageTokens, origin: origin) { try $0.issue(new) }
    }

    /// Ends a token. When this returns, no request is accepted with it any more.
    package func revokeToken(_ id: String, reason: RevocationReason = .manual, by origin: ChangeOrigin) async throws {
        try await change(.manageTokens, origin: origin) { try $0.revokeToken(id, reason: reason) }
    }
}
