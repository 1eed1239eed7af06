import Core

// The stored form: canonical JSON, strict on the way back.

extension StoredProvider {
    var json: JSONValue {
        var credential: JSONValue?
        switch specification.credential {
        case .environment(let name): credential = ["environment": JSONValue(name)]
        case .file(let path): credential = ["file": JSONValue(path)]
        case nil: break
        }
        return .compact([
            "authority_file": specification.tls.authorityFile.map { JSONValue($0) }, "base_url": specification.baseURL.map { JSONValue($0) },
            "credential": credential, "credential_id": credentialID.map { JSONValue($0) },
            "default_answer": specification.defaultAnswer.map { JSONValue($0) }, "kind": JSONValue(specification.kind.rawValue),
            "name": JSONValue(specification.name), "region": JSONValue(specification.region),
            "rules": .array(specification.rules.map { ["answer": JSONValue($0.answer), "pattern": JSONValue($0.pattern)] }),
            "server_name": specification.tls.serverName.map { JSONValue($0) },
        ])
    }

    init?(id: String, version: Int64, json: JSONValue) {
        guard let name = json["name"]?.string, let kind = json["kind"]?.string.flatMap(Provider.Kind.init), let region = json["region"]?.string,
            let rules = json["rules"]?.array
        else { return nil }
        var parsed: [RuleSet.Rule] = []
        for rule in rules {
            guard let pattern = rule["pattern"]?.string, let answer = rule["answer"]?.string else { return nil }
            parsed.append(RuleSet.Rule(pattern: pattern, answer: answer))
        }
        var credential: CredentialReference?
        if let stored = json["credential"] {
            if let name = stored["environment"]?.string {
                credential = .environment(name)
            } else if let path = stored["file"]?.string {
                credential = .file(path)
            } else {
                return nil
            }
        }
        self.id = id
        self.version = version
        credentialID = json["credential_id"]?.string
        specification = ProviderSpecification(
            name: name, kind: kind, baseURL: json["base_url"]?.string, credential: credential, region: region,
            tls: UpstreamTLS(authorityFile: json["authority_file"]?.string, serverName: json["server_name"]?.string), rules: parsed,
            defaultAnswer: json["default_answer"]?.string)
    }
}

extension StoredRoute {
    var json: JSONValue {
        [
            "capture": JSONValue(specification.capture.rawValue), "classification": JSONValue(specification.classification),
            "created_at": JSONValue(createdAt), "deployment_id": JSONValue(deploymentID), "digest": JSONValue(digest),
            "include_usage": JSONValue(specification.includeUsage), "maximum_body_bytes": JSONValue(specification.maximumBodyBytes),
            "mode": JSONValue(specification.mode.rawValue), "model": JSONValue(specification.model),
            "provider": JSONValue(specification.provider), "provider_id": JSONValue(providerID), "system": JSONValue(specification.system),
            "timeouts_ms": [
                "connect": JSONValue(specification.timeouts.connect), "first_byte": JSONValue(specification.timeouts.firstByte),
                "idle": JSONValue(specification.timeouts.idle), "total": JSONValue(specification.timeouts.total),
            ],
            "upstream_model": JSONValue(specification.upstreamModel),
        ]
    }

    init?(id: String, version: Int64, json: JSONValue) {
        guard let model = json["model"]?.string, let system = json["system"]?.string, let provider = json["provider"]?.string,
            let providerID = json["provider_id"]?.string, let upstreamModel = json["upstream_model"]?.string,
            let capture = json["capture"]?.string.flatMap(CaptureMode.init), let classification = json["classification"]?.string,
            let includeUsage = json["include_usage"]?.bool, let mode = json["mode"]?.string.flatMap(RouteSpecification.Mode.init),
            let bytes = json["maximum_body_bytes"]?.int.flatMap({ Int(exactly: $0) }), let deploymentID = json["deployment_id"]?.string,
            let createdAt = json["created_at"]?.int, let digest = json["digest"]?.string, let times = json["timeouts_ms"],
            let connect = times["connect"]?.int, let firstByte = times["first_byte"]?.int, let idle = times["idle"]?.int,
            let total = times["total"]?.int
        else { return nil }
        self.id = id
        self.version = version
        self.deploymentID = deploymentID
        self.providerID = providerID
        self.createdAt = createdAt
        self.digest = digest
        specification = RouteSpecification(
            model: model, system: system, provider: provider, upstreamModel: upstreamModel, capture: capture, includeUsage: includeUsage,
            classification: classification, mode: mode,
            timeouts: RouteTimeouts(connect: connect, firstByte: firstByte, idle: idle, total: total), maximumBodyBytes: bytes)
    }
}

extension StoredCapture {
    var json: JSONValue { ["mode": JSONValue(mode.rawValue)] }

    init?(system: String, version: Int64, json: JSONValue) {
        guard let mode = json["mode"]?.string.flatMap(CaptureMode.init) else { return nil }
        self.init(system: system, version: version, mode: mode)
    }
}
