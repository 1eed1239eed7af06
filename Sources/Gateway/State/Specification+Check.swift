import Core

extension ProviderSpecification {
    /// - Throws: ``GatewayError/Code/invalidConfiguration`` with what is wrong; values are named by their key only.
    func check() throws(GatewayError) {
        try require(isName(name), "name: 1 to 64 letters, digits and _ . -")
        try require(isName(region), "region: 1 to 64 letters, digits and _ . -")
        switch kind {
        case .openai:
            guard let baseURL else { throw GatewayError(.invalidConfiguration, "base_url is missing") }
            _ = try UpstreamOrigin(baseURL: baseURL)
            try require(rules.isEmpty && defaultAnswer == nil, "rules and default_answer belong to the kind `rules`")
        case .rules:
            try require(baseURL == nil && credential == nil && tls == UpstreamTLS(), "base_url, credentials and TLS belong to the kind `openai`")
            guard let defaultAnswer else { throw GatewayError(.invalidConfiguration, "default_answer is missing") }
            try require(rules.count <= 1000, "rules: at most 1,000")
            for rule in rules {
                try require((1...1024).contains(rule.pattern.utf8.count), "pattern: 1 to 1,024 bytes")
                try require(rule.answer.utf8.count <= 16_384, "answer: at most 16,384 bytes")
            }
            try require(defaultAnswer.utf8.count <= 16_384, "default_answer: at most 16,384 bytes")
        }
        switch credential {
        case .environment(let name): try require(isName(name), "credential_env: the name of an environment variable")
        case .file(let path): try require(path.hasPrefix("/") && path.utf8.count <= 4096, "credential_file: an absolute path")
        case nil: break
        }
    }
}

extension RouteSpecification {
    /// - Throws: as for providers.
    func check() throws(GatewayError) {
        try require((1...256).contains(model.utf8.count) && isPrintable(model), "model: 1 to 256 bytes without control characters")
        try require((1...256).contains(upstreamModel.utf8.count) && isPrintable(upstreamModel), "upstream_model: 1 to 256 bytes")
        try require(isName(system), "system: 1 to 64 letters, digits and _ . -")
        try require(Classification.all.contains(classification), "classification: one of \(Classification.all.joined(separator: ", "))")
        // The other two need guardrails, which are not built yet: accepting them would claim what is not done (I8).
        try require(capture == .full || capture == .hash, "capture: full or hash")
        for time in [timeouts.connect, timeouts.firstByte, timeouts.idle, timeouts.total] {
            try require((1...3_600_000).contains(time), "timeouts: 1 to 3,600,000 ms")
        }
        try require((1...(64 << 20)).contains(maximumBodyBytes), "maximum_body_bytes: 1 to 67,108,864")
    }
}

private func require(_ condition: Bool, _ message: String) throws(GatewayError) {
    guard condition else { throw GatewayError(.invalidConfiguration, message) }
}

private func isPrintable(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
}

/// Ids and names that stand in the log (I3): no room for words.
private func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
        && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            default: "_.-".utf8.contains(byte)
            }
        }
}
