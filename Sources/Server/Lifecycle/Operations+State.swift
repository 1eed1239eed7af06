import API
import Access
import Core
import Database
import Gateway

extension Operations {
    func apply(document: String, dryRun: Bool, by principal: Principal) async throws -> JSONValue {
        let desired: DesiredState
        do { desired = try DesiredState(yaml: document) } catch { throw Problem(422, "invalid_document", "\(error)") }
        do {
            // Each of the two is one transaction: a fault anywhere in the document is found before either is changed.
            let ids = try await installation.routes.routeIDs()
            _ = try await installation.access.apply(
                desired.access, routes: RouteNames(ids: ids, planned: desired.routeNames), dryRun: true, by: ChangeOrigin(principal))
            let routes = try await installation.routes.apply(desired.gateway, dryRun: dryRun, by: principal)
            let access = try await installation.access.apply(
                desired.access, routes: RouteNames(ids: routes.routeIDs, planned: dryRun ? desired.routeNames : []), dryRun: dryRun,
                by: ChangeOrigin(principal))
            return [
                "changes": .array((routes.plan.lines + access.plan.lines).map { JSONValue($0) }), "dry_run": JSONValue(dryRun),
                "tokens": .array(
                    access.issued.map { ["id": JSONValue($0.id), "name": JSONValue($0.name), "token": JSONValue($0.token.text)] }),
            ]
        } catch let error as GatewayError {
            throw Problem(error.code == .forbidden ? 403 : 422, error.code.rawValue, error.message)
        } catch let error as DatabaseError where error.code == .unrecorded {
            throw Problem(503, "unrecorded", "stored, and in force as soon as the log accepts the record: \(error)", retryAfter: 1)
        }
    }

    func configuration() async throws -> JSONValue {
        let table = installation.routeSwitch.current()
        return [
            "digest": JSONValue(table.digest),
            "routes": .array(
                table.routes.map { route in
                    [
                        "id": JSONValue(route.id), "model": JSONValue(route.model), "system": JSONValue(route.system),
                        "provider": JSONValue(route.provider.name), "provider_kind": JSONValue(route.provider.kind.rawValue),
                        "upstream_model": JSONValue(route.upstreamModel), "capture": JSONValue(route.capture.rawValue),
                        "classification": JSONValue(route.classification), "include_usage": JSONValue(route.includeUsage),
                        "mode": JSONValue(route.mode.rawValue), "digest": JSONValue(route.digest),
                    ]
                }),
            "problems": .array(installation.routes.problems.map { JSONValue($0) }),
        ]
    }
}
