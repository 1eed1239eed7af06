package import Core
package import Database

extension RouteStore {
    /// States providers, captures and routes again in a transaction, for the log of a new epoch. I13: observed, for nothing was decided here.
    package func restate(in transaction: any Transaction, by principal: Principal) throws {
        let store = GatewayStore(transaction: transaction)
        let state = try store.state()
        let change = GatewayChange(
            store: store, context: context, principal: principal, policy: nil, justification: nil,
            now: context.clock.now(), isRestatement: true)
        let regions = Dictionary(state.providers.map { ($0.id, $0.specification.region) }, uniquingKeysWith: { first, _ in first })
        for provider in state.providers { try change.record(.provider(before: nil, after: provider)) }
        for capture in state.captures { try change.record(.capture(before: nil, after: capture)) }
        for route in state.routes { try change.record(.route(before: nil, after: route, region: regions[route.providerID] ?? "unknown")) }
    }
}
