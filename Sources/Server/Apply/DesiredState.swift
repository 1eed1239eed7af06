package import Access
package import Gateway

/// What a document for `countersign apply` asks for.
package struct DesiredState: Sendable {
    package let gateway: GatewayDocument
    package let access: AccessDocument

    /// Names of the routes that it makes or keeps, for grants in a dry run.
    package var routeNames: Set<String> { Set(gateway.routes.map(\.specification.model)) }

    /// Reads a YAML document. Strict: an unknown or repeated key, a value of another type or a missing one is an error that names the line.
    ///
    /// - Parameter yaml: at most 1 MiB.
    package init(yaml: String) throws(DocumentError) {
        let root = try DocumentNode(yaml: yaml)
        let sections = try root.members(["providers", "routes", "users", "grants", "tokens"])
        gateway = GatewayDocument(
            providers: try Self.list(sections["providers"], Self.provider), routes: try Self.list(sections["routes"], Self.route))
        access = AccessDocument(
            users: try Self.list(sections["users"], Self.user), grants: try Self.list(sections["grants"], Self.grant),
            tokens: try Self.list(sections["tokens"], Self.token))
    }

    private static func list<T>(_ node: DocumentNode?, _ read: (DocumentNode) throws(DocumentError) -> T) throws(DocumentError) -> [T] {
        var out: [T] = []
        for element in try node?.elements() ?? [] { out.append(try read(element)) }
        return out
    }

    private static func provider(_ node: DocumentNode) throws(DocumentError) -> GatewayDocument.ProviderEntry {
        let members = try node.members([
            "name", "kind", "base_url", "credential_env", "credential_file", "region", "authority_file", "server_name", "rules",
            "default_answer",
        ])
        var credential: CredentialReference?
        if let name = try members["credential_env"]?.string() { credential = .environment(name) }
        if let path = members["credential_file"] {
            guard credential == nil else { throw path.fault("either credential_env or credential_file") }
            credential = .file(try path.string())
        }
        let rules = try list(members["rules"]) { rule throws(DocumentError) in
            let members = try rule.members(["pattern", "answer"])
            return RuleSet.Rule(
                pattern: try rule.required("pattern", members).string(), answer: try rule.required("answer", members).string())
        }
        return GatewayDocument.ProviderEntry(
            line: node.line,
            ProviderSpecification(
                name: try node.required("name", members).string(),
                kind: try node.required("kind", members).oneOf(["openai": .openai, "rules": .rules]),
                baseURL: try members["base_url"]?.string(), credential: credential, region: try members["region"]?.string() ?? "local",
                tls: UpstreamTLS(
                    authorityFile: try members["authority_file"]?.string(), serverName: try members["server_name"]?.string()),
                rules: rules, defaultAnswer: try members["default_answer"]?.string()))
    }

    private static func route(_ node: DocumentNode) throws(DocumentError) -> GatewayDocument.RouteEntry {
        let members = try node.members([
            "model", "system", "provider", "upstream_model", "capture", "include_usage", "classification", "mode", "timeouts_ms",
            "maximum_body_bytes",
        ])
        var specification = RouteSpecification(
            model: try node.required("model", members).string(), system: try node.required("system", members).string(),
            provider: try node.required("provider", members).string(), upstreamModel: try members["upstream_model"]?.string())
        let captures = Dictionary(uniqueKeysWithValues: CaptureMode.allCases.map { ($0.rawValue, $0) })
        let modes = Dictionary(uniqueKeysWithValues: RouteSpecification.Mode.allCases.map { ($0.rawValue, $0) })
        if let capture = members["capture"] { specification.capture = try capture.oneOf(captures) }
        if let usage = members["include_usage"] { specification.includeUsage = try usage.bool() }
        if let classification = members["classification"] { specification.classification = try classification.string() }
        if let mode = members["mode"] { specification.mode = try mode.oneOf(modes) }
        if let bytes = members["maximum_body_bytes"] { specification.maximumBodyBytes = try bytes.integer() }
        if let node = members["timeouts_ms"] {
            let times = try node.members(["connect", "first_byte", "idle", "total"])
            if let time = times["connect"] { specification.timeouts.connect = Int64(try time.integer()) }
            if let time = times["first_byte"] { specification.timeouts.firstByte = Int64(try time.integer()) }
            if let time = times["idle"] { specification.timeouts.idle = Int64(try time.integer()) }
            if let time = times["total"] { specification.timeouts.total = Int64(try time.integer()) }
        }
        return GatewayDocument.RouteEntry(line: node.line, specification)
    }

    private static func user(_ node: DocumentNode) throws(DocumentError) -> AccessDocument.UserEntry {
        let members = try node.members(["name", "kind", "roles", "owner", "state"])
        let kinds = Dictionary(uniqueKeysWithValues: User.Kind.allCases.map { ($0.rawValue, $0) })
        return AccessDocument.UserEntry(
            line: node.line, name: try node.required("name", members).string(), kind: try node.required("kind", members).oneOf(kinds),
            roles: try members["roles"].map { roles throws(DocumentError) in
                try list(roles) { role throws(DocumentError) in try role.string() }
            }, owner: try members["owner"]?.string(), isAbsent: try isAbsent(members))
    }

    private static func grant(_ node: DocumentNode) throws(DocumentError) -> AccessDocument.GrantEntry {
        let members = try node.members(["principal", "role", "route", "state"])
        return AccessDocument.GrantEntry(
            line: node.line, principal: try node.required("principal", members).string(), role: try node.required("role", members).string(),
            route: try members["route"]?.string(), isAbsent: try isAbsent(members))
    }

    private static func token(_ node: DocumentNode) throws(DocumentError) -> AccessDocument.TokenEntry {
        let members = try node.members(["name", "principal", "expires_in_days", "state"])
        return AccessDocument.TokenEntry(
            line: node.line, name: try node.required("name", members).string(), principal: try node.required("principal", members).string(),
            lifetimeDays: try members["expires_in_days"]?.integer() ?? 90, isAbsent: try isAbsent(members))
    }

    private static func isAbsent(_ members: [String: DocumentNode]) throws(DocumentError) -> Bool {
        try members["state"]?.oneOf(["present": false, "absent": true]) ?? false
    }
}
