/// Where a provider listens: scheme, host, port and the path that precedes `/chat/completions`.
package struct UpstreamOrigin: Hashable, Sendable, CustomStringConvertible {
    package let isTLS: Bool
    /// A name or an address; an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// Starts with `/` unless empty, never ends with one.
    package let pathPrefix: String

    /// Reads a base URL such as `https://api.example.com/v1`.
    ///
    /// Strict: `http` or `https`, a host, an optional port, a path of unreserved characters. No user, query or fragment.
    /// - Throws: ``GatewayError/Code/invalidConfiguration``.
    package init(baseURL: String) throws(GatewayError) {
        func fault(_ why: String) -> GatewayError { GatewayError(.invalidConfiguration, "base_url: \(why)") }
        guard baseURL.utf8.count <= 2048 else { throw fault("longer than 2,048 bytes") }
        var rest = Substring(baseURL)
        if rest.hasPrefix("https://") {
            isTLS = true
            rest = rest.dropFirst(8)
        } else if rest.hasPrefix("http://") {
            isTLS = false
            rest = rest.dropFirst(7)
        } else {
            throw fault("must start with http:// or https://")
        }
        let authority = rest.prefix { $0 != "/" }
        var path = rest.dropFirst(authority.count)
        var portText: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw fault("an IPv6 address must end with ]") }
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw fault("unexpected text after ]") }
            portText = after.isEmpty ? nil : after.dropFirst()
            guard host.utf8.allSatisfy({ Self.isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }) else {
                throw fault("not an IPv6 address")
            }
        } else {
            let colon = authority.firstIndex(of: ":")
            host = authority[..<(colon ?? authority.endIndex)].lowercased()
            portText = colon.map { authority[authority.index(after: $0)...] }
            guard host.utf8.allSatisfy({ Self.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }) else {
                throw fault("the host may hold letters, digits, - and . only")
            }
        }
        guard !host.isEmpty, host.utf8.count <= 255 else { throw fault("no host") }
        if let portText {
            guard let number = UInt16(portText), number > 0 else { throw fault("the port must be 1 to 65535") }
            port = Int(number)
        } else {
            port = isTLS ? 443 : 80
        }
        while path.hasSuffix("/") { path = path.dropLast() }
        guard path.utf8.allSatisfy({ Self.isAlphanumeric($0) || "/-._~".utf8.contains($0) }), !path.contains("//"), !path.contains("..") else {
            throw fault("the path may hold letters, digits and / - . _ ~ only")
        }
        pathPrefix = String(path)
    }

    package var description: String { "\(isTLS ? "https" : "http")://\(authority)\(pathPrefix)" }

    /// The value of the Host header.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
        default: false
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: false
        }
    }
}
