import Core
import Synchronization

/// An immutable snapshot of all routes. A request decides and is recorded on the one snapshot that it met.
package final class RouteTable: Sendable {
    /// In ascending order of their model names.
    package let routes: [Route]
    /// `sha256:…` over the routes' digests. It stands as `route_digest` in the record of a request that met no route.
    package let digest: String
    private let compiled: [String: CompiledRoute]

    /// - Throws: ``GatewayError/Code/invalidConfiguration``: two routes of one model name, or one out of bounds.
    package init(routes: [Route]) throws(GatewayError) {
        self.routes = routes.sorted { $0.model < $1.model }
        var compiled: [String: CompiledRoute] = [:]
        for route in self.routes {
            guard !route.model.isEmpty, route.model.utf8.count <= 256 else {
                throw GatewayError(.invalidConfiguration, "a route's model name must have 1 to 256 bytes")
            }
            guard route.capture == .full || route.capture == .hash else {
                throw GatewayError(.invalidConfiguration, "the capture mode \(route.capture.rawValue) of \(route.model) is not available yet")
            }
            guard compiled.updateValue(CompiledRoute(route), forKey: route.model) == nil else {
                throw GatewayError(.invalidConfiguration, "two routes have the model name \(route.model)")
            }
        }
        self.compiled = compiled
        digest = SHA256Digest(hashing: CanonicalJSON.encode(.array(self.routes.map { JSONValue($0.digest) }))).description
    }

    private init() {
        routes = []
        compiled = [:]
        digest = SHA256Digest(hashing: CanonicalJSON.encode(.array([]))).description
    }

    /// No routes.
    package static let empty = RouteTable()

    package func route(for model: String) -> Route? { compiled[model]?.route }

    func compiledRoute(for model: String) -> CompiledRoute? { compiled[model] }
}

/// Where the data plane finds the routes in force. Asked on every request: no I/O, callable from any thread.
package protocol RouteSource: Sendable {
    func current() -> RouteTable
}

/// The routes in force, swapped as a whole after the change was recorded (DESIGN: effect after append).
package final class RouteSwitch: RouteSource {
    private let table: Mutex<RouteTable>

    package init(_ table: RouteTable = .empty) {
        self.table = Mutex(table)
    }

    package func current() -> RouteTable { table.withLock { $0 } }

    package func swap(to next: RouteTable) { table.withLock { $0 = next } }
}
