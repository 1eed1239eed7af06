import Core

/// What a document would change, in the order in which it is done: providers, what is kept of each system, routes.
package struct GatewayPlan: Sendable, CustomStringConvertible {
    enum Change: Sendable {
        case provider(before: StoredProvider?, after: StoredProvider)
        case capture(before: StoredCapture?, after: StoredCapture)
        case route(before: StoredRoute?, after: StoredRoute, region: String)
    }

    let changes: [Change]
    /// What will be, once applied.
    let state: GatewayState

    package var isEmpty: Bool { changes.isEmpty }
    /// One for each change: `+ route m`, `~ provider stub: base_url`.
    package var lines: [String] { changes.map(\.line) }
    package var description: String { lines.joined(separator: "\n") }
}

extension GatewayPlan {
    /// Compares what is with what shall be. Pure but for the ids of what is new.
    /// - Throws: ``GatewayError/Code/invalidConfiguration``, with the document's line.
    init(from state: GatewayState, to document: GatewayDocument, identifiers: IdentifierMaker, at now: Timestamp) throws(GatewayError) {
        var (next, changes) = (state, [Change]())
        try next.mergeProviders(document.providers, identifiers, &changes)
        let wanted = try next.wantedRoutes(document.routes)
        try next.mergeCaptures(wanted, &changes)
        try next.mergeRoutes(wanted, identifiers, now, &changes)
        self.changes = changes
        self.state = next
    }
}

extension GatewayState {
    fileprivate mutating func mergeProviders(
        _ entries: [GatewayDocument.ProviderEntry], _ identifiers: IdentifierMaker, _ changes: inout [GatewayPlan.Change]
    ) throws(GatewayError) {
        var seen: Set<String> = []
        for entry in entries {
            let wanted = entry.specification
            try atLine(entry.line) { () throws(GatewayError) in try wanted.check() }
            guard seen.insert(wanted.name).inserted else { throw fault(entry.line, "this provider is in the document already") }
            let index = providers.firstIndex { $0.specification.name == wanted.name }
            let before = index.map { providers[$0] }
            guard before?.specification != wanted else { continue }
            var credentialID = before?.credentialID
            if before == nil || before?.specification.credential != wanted.credential {
                credentialID = wanted.credential == nil ? nil : identifiers.make("pck").text
            }
            let after = StoredProvider(
                id: before?.id ?? identifiers.make("prv").text, version: (before?.version ?? 0) + 1, credentialID: credentialID,
                specification: wanted)
            if let index { providers[index] = after } else { providers.append(after) }
            changes.append(.provider(before: before, after: after))
        }
    }

    /// Every route as it shall be, with the line that says so; 0 for those that the document leaves alone.
    fileprivate func wantedRoutes(_ entries: [GatewayDocument.RouteEntry]) throws(GatewayError) -> [(line: Int, RouteSpecification)] {
        var wanted = routes.map { (line: 0, $0.specification) }
        for entry in entries {
            try atLine(entry.line) { () throws(GatewayError) in try entry.specification.check() }
            if let index = wanted.firstIndex(where: { $0.1.model == entry.specification.model }) {
                guard wanted[index].line == 0 else { throw fault(entry.line, "this route is in the document already") }
                wanted[index] = (entry.line, entry.specification)
            } else {
                wanted.append((entry.line, entry.specification))
            }
        }
        return wanted
    }

    /// What is kept is decided for a system as a whole, so its routes must agree.
    fileprivate mutating func mergeCaptures(
        _ wanted: [(line: Int, RouteSpecification)], _ changes: inout [GatewayPlan.Change]
    ) throws(GatewayError) {
        var modes: [String: CaptureMode] = [:]
        // Those of the document last: its line is the one to name.
        for (line, route) in wanted.filter({ $0.line == 0 }) + wanted.filter({ $0.line != 0 }) where route.mode != .disabled {
            if let other = modes[route.system], other != route.capture {
                throw fault(line, "capture: another route of the same system says \(other.rawValue), and a system has one way")
            }
            modes[route.system] = route.capture
        }
        for (system, mode) in modes.sorted(by: { $0.key < $1.key }) {
            let index = captures.firstIndex { $0.system == system }
            let before = index.map { captures[$0] }
            guard before?.mode != mode else { continue }
            let after = StoredCapture(system: system, version: (before?.version ?? 0) + 1, mode: mode)
            if let index { captures[index] = after } else { captures.append(after) }
            changes.append(.capture(before: before, after: after))
        }
    }

    fileprivate mutating func mergeRoutes(
        _ wanted: [(line: Int, RouteSpecification)], _ identifiers: IdentifierMaker, _ now: Timestamp, _ changes: inout [GatewayPlan.Change]
    ) throws(GatewayError) {
        for (line, specification) in wanted {
            guard let provider = providers.first(where: { $0.specification.name == specification.provider }) else {
                throw fault(line, "provider: there is none of this name")
            }
            let index = routes.firstIndex { $0.specification.model == specification.model }
            let before = index.map { routes[$0] }
            // Another model behind the same name is another deployment.
            let isSameDeployment = before?.providerID == provider.id && before?.specification.upstreamModel == specification.upstreamModel
            let deploymentID = before.flatMap { isSameDeployment ? $0.deploymentID : nil } ?? identifiers.make("dep").text
            let id = before?.id ?? identifiers.make("rte").text
            let createdAt = before?.createdAt ?? now.microseconds / 1_000_000
            // A changed provider changes the digest, and so makes a new version of each route on it.
            let digest = StoredRoute.route(id, deploymentID, createdAt, specification, try provider.provider()).digest
            guard before?.digest != digest || before?.specification != specification else { continue }
            let after = StoredRoute(
                id: id, version: (before?.version ?? 0) + 1, deploymentID: deploymentID, providerID: provider.id, createdAt: createdAt,
                specification: specification, digest: digest)
            if let index { routes[index] = after } else { routes.append(after) }
            changes.append(.route(before: before, after: after, region: provider.specification.region))
        }
    }
}

private func fault(_ line: Int, _ message: String) -> GatewayError {
    GatewayError(.invalidConfiguration, line == 0 ? message : "line \(line): \(message)")
}

private func atLine(_ line: Int, _ body: () throws(GatewayError) -> Void) throws(GatewayError) {
    do {
        try body()
    } catch {
        throw fault(line, error.message)
    }
}

extension GatewayPlan.Change {
    var line: String {
        switch self {
        case .provider(let before, let after):
            Self.line("provider \(after.specification.name)", "(\(after.specification.kind.rawValue))", before?.json, after.json)
        case .capture(let before, let after):
            "\(before == nil ? "+" : "~") capture \(after.system) \(before.map { "\($0.mode.rawValue) → " } ?? "")\(after.mode.rawValue)"
        case .route(let before, let after, _):
            Self.line("route \(after.specification.model)", "→ \(after.specification.provider)", before?.json, after.json)
        }
    }

    /// A new thing with its kind, or an old one with the keys that change; values may be long, or nobody else's business.
    private static func line(_ name: String, _ kind: String, _ before: JSONValue?, _ after: JSONValue) -> String {
        guard let before = before?.object, let after = after.object else { return "+ \(name) \(kind)" }
        let keys = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] && $0 != "digest" && !$0.hasSuffix("_id") }
        return "~ \(name): " + (keys.isEmpty ? "its provider" : keys.sorted().joined(separator: ", "))
    }
}
