import NIOHTTP1

/// What the data plane reads of a request's head, and what is wrong with it.
struct RequestHead {
    enum Endpoint { case chatCompletions, models, unknown }

    let endpoint: Endpoint
    private(set) var bearer: String?
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var expectsContinue = false
    private(set) var contentType: String?
    private(set) var accept: String?
    private(set) var betaFeatures: String?
    /// The framing is not one that two readers agree on, or something is not supported.
    private(set) var fault: Refusal?
    let keepsAlive: Bool
    private var isAnUpgrade = false

    var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

    /// Smuggling lives on lengths that two readers take differently: what RFC 9112, section 6.3, lets us repair is refused here.
    init(_ head: HTTPRequestHead, maximumTargetBytes: Int) {
        let path = head.uri.utf8.firstIndex(of: UInt8(ascii: "?")).map { head.uri[..<$0] } ?? head.uri[...]
        switch (head.method, path) {
        case (.POST, "/v1/chat/completions"): endpoint = .chatCompletions
        case (.GET, "/v1/models"): endpoint = .models
        default: endpoint = .unknown
        }
        var hosts = 0
        var lengths = 0
        var codings = 0
        var authorizations = 0
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where name.isHeader("host"): hosts += 1
            case 6 where name.isHeader("accept"): accept = value
            case 6 where name.isHeader("expect"):
                if value.isHeader("100-continue") { expectsContinue = true } else { fault = .unsupportedExpectation }
            case 7 where name.isHeader("upgrade"): isAnUpgrade = true
            case 11 where name.isHeader("openai-beta"): betaFeatures = value
            case 12 where name.isHeader("content-type"): contentType = value
            case 13 where name.isHeader("authorization"):
                authorizations += 1
                bearer = Self.bearerToken(value)
            case 14 where name.isHeader("content-length"):
                lengths += 1
                contentLength = value.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 } ? Int(value) : nil
                if contentLength == nil { fault = .ambiguousLength }
            case 17 where name.isHeader("transfer-encoding"):
                codings += 1
                isChunked = value.isHeader("chunked")
                if !isChunked { fault = .unsupportedCoding }
            default: break
            }
        }
        if authorizations > 1 {
            bearer = nil
            fault = .malformedHTTP
        }
        if lengths > 1 || codings > 1 || (lengths > 0 && codings > 0) { fault = .ambiguousLength }
        if hosts != 1 { fault = .malformedHTTP }
        if head.version != .http1_1 { fault = .unsupportedVersion }
        if head.uri.utf8.count > maximumTargetBytes { fault = .targetTooLong }
        keepsAlive = head.isKeepAlive && !isAnUpgrade
    }

    private static func bearerToken(_ value: String) -> String? {
        let bytes = value.utf8
        guard bytes.count > 7, bytes.count <= 4096, value[..<value.utf8.index(value.startIndex, offsetBy: 7)].isHeader("bearer ") else { return nil }
        let token = value[value.utf8.index(value.startIndex, offsetBy: 7)...]
        return token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } ? String(token) : nil
    }
}

extension StringProtocol {
    /// Whether this is the name, without regard to ASCII case.
    /// - Parameter name: in lower case.
    func isHeader(_ name: StaticString) -> Bool {
        guard utf8.count == name.utf8CodeUnitCount else { return false }
        var at = 0
        for byte in utf8 {
            let lowered = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
            guard lowered == name.utf8Start[at] else { return false }
            at += 1
        }
        return true
    }

    /// Whether this starts with the prefix, without regard to ASCII case.
    /// - Parameter prefix: in lower case.
    func hasHeaderPrefix(_ prefix: StaticString) -> Bool {
        var at = 0
        for byte in utf8 {
            if at == prefix.utf8CodeUnitCount { return true }
            let lowered = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
            guard lowered == prefix.utf8Start[at] else { return false }
            at += 1
        }
        return at == prefix.utf8CodeUnitCount
    }
}
