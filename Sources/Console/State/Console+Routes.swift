import Gateway
import Hummingbird

extension Console {
    /// Routes and providers in force.
    func routes(_ visit: Visit) async throws -> Response {
        let table = source.routes()
        let rows = table.routes.sorted { $0.model < $1.model }.map { route -> [String: Any] in
            [
                "model": route.model, "system": route.system, "provider": route.provider.name, "kind": route.provider.kind.rawValue,
                "region": route.provider.region,
                "upstream": route.upstreamModel, "capture": route.capture.rawValue, "classification": route.classification,
                "mode": route.mode.rawValue,
                "class": route.mode == .enforce ? "good" : "warn",
            ]
        }
        return try await html(
            "routes", title: "Providers and routes", visit,
            ["digest": table.digest, "routes": rows, "hasRoutes": !rows.isEmpty, "problems": source.routeProblems()])
    }
}
