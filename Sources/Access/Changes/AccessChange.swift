import Core
import Database

/// One change of access inside a transaction: each step writes the state and its event together (I1).
struct AccessChange {
    let store: AccessStore
    let context: AccessContext
    let origin: ChangeOrigin
    let now: Timestamp
    /// Nothing is changed: what is gets told to the log of a new epoch.
    let isRestatement: Bool

    init(_ transaction: any Transaction, context: AccessContext, origin: ChangeOrigin, isRestatement: Bool = false) {
        self.isRestatement = isRestatement
        store = AccessStore(transaction: transaction)
        self.context = context
        self.origin = origin
        now = context.clock.now()
    }

    /// Records an event of this change. I13: this code carries the change out, so it may say `enforced`.
    func emit(
        _ type: EventType, on resource: Resource, actor: Actor? = nil, effectiveAt: Timestamp? = nil, _ data: KeyValuePairs<String, JSONValue?>
    ) throws {
        let event = Event(
            id: context.identifiers.make("evt").text, type: type, effectiveAt: effectiveAt, actor: actor ?? origin.principal.actor,
            resource: resource, policy: origin.policy, assurance: isRestatement ? .observed : .enforced,
            marks: context.isSolo ? [.solo] : [], data: CanonicalObject(.compact(data)))
        let contents = origin.justification.map { [Content(name: "justification", bytes: Array($0.utf8))] } ?? []
        do {
            let record = try context.recorder.prepare(event, contents: contents, stream: .state)
            try store.transaction.record(record)
        } catch let error as RecordError {
            throw AccessError(.unrecordable, "nothing was changed: the change could not be recorded (\(error.code.rawValue))")
        }
    }

    /// - Returns: the active principal of that id.
    func activeUser(_ id: String) throws -> User {
        guard let user = try store.user(id: id), user.isActive else { throw AccessError(.notFound, "there is no active principal \(id.shown)") }
        return user
    }

    /// I4 has no way around it, so nothing may leave the installation without anybody who can administer it.
    func requireAdministrator() throws {
        let state = try store.state()
        let people = Set(state.users.filter { $0.isActive && $0.kind == .person }.map(\.id))
        guard state.grants.contains(where: { $0.roleID == Role.administrator.id && people.contains($0.principalID) }) else {
            throw AccessError(.lastAdministrator, "nobody could administer afterwards: give another person the role administrator first")
        }
    }

    static func checkName(_ name: String, of what: String) throws {
        guard (1...128).contains(name.utf8.count), name.unicodeScalars.allSatisfy({ !$0.properties.isWhitespace || $0 == " " }),
            name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }), name.first != " ", name.last != " "
        else { throw AccessError(.invalid, "the name of a \(what) must have 1 to 128 bytes, without control characters or outer spaces") }
    }
}

extension String {
    /// An identifier that somebody sent, as a message may repeat it: only if it is one.
    var shown: String { Identifier(parsing: self)?.text ?? "of that id" }
}
