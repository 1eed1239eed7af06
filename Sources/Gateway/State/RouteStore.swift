package import Core
package import Database
import Synchronization

/// Providers and routes as versioned, governed objects, and the table made of them.
///
/// A change is one transaction with a `config.changed` event for each object; the data plane gets the new table once the events are in
/// the log, and the change is acknowledged after that.
package final class RouteStore: Sendable {
    package struct Context: Sendable {
        package let recorder: any Recorder
        package let authorizer: any Authorizer
        package var clock: any WallClock = SystemClock()
        package var credentials: any CredentialSource = ProcessCredentials()
        /// No second person exists: every event says so.
        package var isSolo = false

        package init(recorder: any Recorder, authorizer: any Authorizer) {
            self.recorder = recorder
            self.authorizer = authorizer
        }
    }

    /// What applying a document did.
    package struct Applied: Sendable {
        /// What was changed; in a dry run, what would be.
        package let plan: GatewayPlan
        /// Route ids by model name, as they are afterwards; in a dry run as they are now.
        package let routeIDs: [String: String]
    }

    private let database: any Database
    let context: Context
    private let routes: RouteSwitch
    private let changes: OrderedChanges
    private let found: Problems

    /// - Parameter routes: where the data plane looks; swapped here.
    package init(database: any Database, relay: OutboxRelay, context: Context, routes: RouteSwitch) {
        self.database = database
        self.context = context
        self.routes = routes
        let found = Problems()
        self.found = found
        changes = OrderedChanges(database: database, relay: relay) {
            let state = try await database.read { try GatewayStore(transaction: $0).state() }
            let (table, problems) = try Self.table(state, context.credentials)
            routes.swap(to: table)
            found.list.withLock { $0 = problems }
        }
    }

    /// Why some routes are not served, for status and doctor. Names objects and variables, no secrets.
    package var problems: [String] { found.list.withLock { $0 } }

    /// Puts the stored routes in force. Needs the migrations applied.
    package func open() async throws { try await changes.settle() }

    /// Route ids by model name.
    package func routeIDs() async throws -> [String: String] {
        try await database.read { Self.ids(try GatewayStore(transaction: $0).state()) }
    }

    /// Brings providers and routes to what a document says, in one transaction. A second time there is nothing to change.
    ///
    /// - Parameters:
    ///   - principal: who applies; needs the action `apply`.
    ///   - justification: words, sealed beside the events; at most 4,096 bytes.
    /// - Throws: ``GatewayError`` `forbidden` or `invalidConfiguration` (with the document's line), with nothing changed; ``DatabaseError``,
    ///   where `unrecorded` means stored, and in force as soon as the log accepts the record.
    package func apply(
        _ document: GatewayDocument, dryRun: Bool = false, by principal: Principal, justification: String? = nil
    ) async throws -> Applied {
        let resource = Resource(type: "installation", id: "installation")
        let decision = context.authorizer.decide(AccessRequest(principal: principal, action: "apply", resource: resource))
        guard decision.allowed else { throw GatewayError(.forbidden, "apply is not allowed: \(decision.reasonCode)") }
        if let justification, justification.utf8.count > 4096 {
            throw GatewayError(.invalidConfiguration, "a justification has at most 4,096 bytes")
        }
        for entry in document.providers {
            // Before anything is changed: a provider without its secret would answer nobody.
            guard let reference = entry.specification.credential else { continue }
            do { _ = try context.credentials.credential(reference) } catch {
                throw GatewayError(.invalidConfiguration, "line \(entry.line): \(error.message)")
            }
        }
        let now = context.clock.now()
        let identifiers = IdentifierMaker(clock: context.clock)
        let (before, preview) = try await database.read { transaction in
            let state = try GatewayStore(transaction: transaction).state()
            return (Self.ids(state), try GatewayPlan(from: state, to: document, identifiers: identifiers, at: now))
        }
        if dryRun || preview.isEmpty { return Applied(plan: preview, routeIDs: before) }
        return try await changes.change { [context] transaction in
            let store = GatewayStore(transaction: transaction)
            let plan = try GatewayPlan(from: try store.state(), to: document, identifiers: identifiers, at: now)
            let change = GatewayChange(
                store: store, context: context, principal: principal, policy: decision.policy, justification: justification, now: now)
            for step in plan.changes { try change.carryOut(step) }
            return Applied(plan: plan, routeIDs: Self.ids(plan.state))
        }
    }

    private static func ids(_ state: GatewayState) -> [String: String] {
        Dictionary(state.routes.map { ($0.specification.model, $0.id) }, uniquingKeysWith: { first, _ in first })
    }

    /// The table of what can be served. A provider without its secret takes its own routes out, not the others.
    private static func table(_ state: GatewayState, _ credentials: any CredentialSource) throws -> (RouteTable, [String]) {
        var problems: [String] = []
        var providers: [String: Provider] = [:]
        for stored in state.providers {
            do throws(GatewayError) {
                let credential: ProviderCredential?
                if let reference = stored.specification.credential {
                    credential = try credentials.credential(reference)
                } else {
                    credential = nil
                }
                providers[stored.id] = try stored.provider(credential: credential)
            } catch {
                problems.append("provider \(stored.specification.name) is not used: \(error.message)")
            }
        }
        var routes: [Route] = []
        for stored in state.routes where stored.specification.mode != .disabled {
            guard let provider = providers[stored.providerID] else { continue }
            routes.append(stored.route(provider))
        }
        return (try RouteTable(routes: routes), problems)
    }
}

private final class Problems: Sendable {
    let list = Mutex<[String]>([])
}
