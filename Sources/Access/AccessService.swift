import Core
package import Database

/// Users, grants and tokens: every change is one transaction with its event, in force once that is in the log, acknowledged after that.
///
/// Start it with ``open()``; keep ``run()`` running beside the server.
package final class AccessService: Sendable {
    /// The snapshot in force; hand it to whoever authenticates and authorises.
    package let decider: AccessDecider
    let database: any Database
    let context: AccessContext
    let uses = TokenUses()
    let changes: OrderedChanges

    package init(database: any Database, relay: OutboxRelay, context: AccessContext) {
        let (decider, uses) = (AccessDecider(clock: context.clock), uses)
        self.database = database
        self.context = context
        self.decider = decider
        changes = OrderedChanges(database: database, relay: relay) {
            decider.swap(to: AccessSnapshot(try await database.read { try AccessStore(transaction: $0).state() }, uses: uses))
        }
    }

    /// Records the roles where they are new, and puts the stored state in force. Needs the migrations applied.
    /// - Throws: ``DatabaseError``; `unrecorded` while the log refuses. Nobody is known until it succeeds.
    package func open() async throws {
        try await changes.settle()
        let isCurrent = try await database.read { transaction in
            let store = AccessStore(transaction: transaction)
            return try Role.all.allSatisfy { try store.roleVersion($0.id)?.digest == $0.digest }
        }
        guard !isCurrent else { return }
        try await changes.change { [context] transaction in
            try AccessChange(transaction, context: context, origin: .program).recordRoles()
        }
    }

    /// Writes the tokens' last uses once a minute, until cancelled.
    package func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(60))
            try? await writeTokenUses()
        }
    }

    /// Writes the tokens' last uses now.
    package func writeTokenUses() async throws { try await uses.write(to: database) }

    /// Everything, for lists. Contains names of people: for those who may read access only.
    package func state() async throws -> AccessState {
        try await database.read { try AccessStore(transaction: $0).state() }
    }

    /// Runs one authorised change.
    /// - Throws: ``AccessError`` `forbidden` before anything else; what the body throws, with nothing changed; ``DatabaseError``.
    func change<T: Sendable>(
        _ action: Action, origin: ChangeOrigin, _ body: @escaping @Sendable (AccessChange) throws -> T
    ) async throws -> T {
        let origin = try authorised(action, origin)
        return try await changes.change { [context] transaction in
            try body(AccessChange(transaction, context: context, origin: origin))
        }
    }

    func authorised(_ action: Action, _ origin: ChangeOrigin) throws(AccessError) -> ChangeOrigin {
        if let words = origin.justification, words.utf8.count > 4096 {
            throw AccessError(.invalid, "a justification has at most 4,096 bytes")
        }
        let decision = decider.decide(AccessRequest(principal: origin.principal, action: action))
        guard decision.allowed else { throw AccessError(.forbidden, "\(action.rawValue) is not allowed: \(decision.reasonCode)") }
        var origin = origin
        origin.policy = decision.policy
        return origin
    }
}

extension ChangeOrigin {
    /// The program itself.
    static let program = ChangeOrigin(Principal(id: Actor.system.id, kind: .system, human: nil))
}
