package import Core
package import Database

extension AccessChange {
    /// Tells the log of a new epoch what is: roles, principals, grants, tokens that count. Who is gone stays in the old log.
    func restate() throws {
        for role in Role.all {
            try store.setRole(role)
            try recordDefinition(of: role, before: nil)
        }
        let state = try store.state()
        let users = Dictionary(state.users.filter(\.isActive).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for user in users.values.sorted(by: { $0.id < $1.id }) { try recordCreation(of: user, effectiveAt: user.createdAt) }
        for grant in state.grants.sorted(by: { $0.id < $1.id }) {
            // One of a role that this program does not know gives nothing (I4).
            guard let user = users[grant.principalID], let role = Role.named(grant.roleID) else { continue }
            try recordActivation(of: grant, role, user, effectiveAt: grant.createdAt)
        }
        for token in state.tokens.sorted(by: { $0.id < $1.id }) where token.revokedAt == nil && users[token.principalID] != nil {
            try recordIssue(of: token, effectiveAt: token.createdAt)
        }
    }
}

extension AccessService {
    /// The person who may begin an epoch: an active administrator of that name.
    /// - Throws: ``AccessError`` `notFound`, `forbidden`.
    package static func administrator(named name: String, in transaction: any Transaction) throws -> Principal {
        let store = AccessStore(transaction: transaction)
        guard let user = try store.activeUser(name: name), user.kind == .person else {
            throw AccessError(.notFound, "there is no active person of that name")
        }
        guard try store.activeGrants(of: user.id).contains(where: { $0.roleID == Role.administrator.id }) else {
            throw AccessError(.forbidden, "only an administrator begins an epoch")
        }
        return Principal(id: user.id, kind: .user, human: user.humanID)
    }

    /// States access again in a transaction, for the log of a new epoch. I13: observed, for nothing was decided here.
    package func restate(in transaction: any Transaction, by principal: Principal) throws {
        try AccessChange(transaction, context: context, origin: ChangeOrigin(principal), isRestatement: true).restate()
    }
}
