import Core
import NIOCore
import NIOHTTP1

/// Writes the heads of answers.
enum ResponseHead {
    /// The status line of a status.
    static func begin(_ status: Int, capacity: Int = 512) -> ByteBuffer {
        var out = ByteBufferAllocator().buffer(capacity: capacity)
        if status == 200 {
            out.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            // The phrase is ours: an upstream's own text is not relayed where clients' parsers look.
            let known = HTTPResponseStatus(statusCode: status)
            out.writeString("HTTP/1.1 \(status) \(known.reasonPhrase.isEmpty ? "Status" : known.reasonPhrase)\r\n")
        }
        return out
    }

    /// Relays an upstream's header where its name is allowed (I10).
    ///
    /// Allowed: the content's type and language, caching, the request's ids, rate limits, when to come back, and OpenAI's own, apart from
    /// the organisation and the project, which are those of our credential and not of the caller.
    static func relay(_ name: String, _ value: String, to out: inout ByteBuffer) {
        guard isAllowed(name), value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else { return }
        out.writeString(name)
        out.writeStaticString(": ")
        out.writeString(value)
        out.writeStaticString("\r\n")
    }

    private static func isAllowed(_ name: String) -> Bool {
        switch name.utf8.first.map({ $0 | 0x20 }) {
        case UInt8(ascii: "c"): name.isHeader("content-type") || name.isHeader("content-language") || name.isHeader("cache-control")
        case UInt8(ascii: "o"):
            name.hasHeaderPrefix("openai-") && !name.isHeader("openai-organization") && !name.isHeader("openai-project")
        case UInt8(ascii: "r"):
            name.isHeader("retry-after") || name.isHeader("retry-after-ms") || name.isHeader("request-id") || name.hasHeaderPrefix("ratelimit")
        case UInt8(ascii: "x"): name.isHeader("x-request-id") || name.hasHeaderPrefix("x-ratelimit-") || name.isHeader("x-should-retry")
        default: false
        }
    }

    /// An error in OpenAI's shape, whole.
    static func refusal(_ refusal: Refusal, receipt: String?, date: [UInt8], retryAfter: Int, closes: Bool) -> ByteBuffer {
        let body = errorBody(refusal)
        var out = begin(refusal.status, capacity: 512 + body.count)
        out.writeStaticString("content-type: application/json\r\n")
        if refusal.status == 401 { out.writeStaticString("www-authenticate: Bearer\r\n") }
        if refusal.isRetryable { out.writeString("retry-after: \(retryAfter)\r\n") }
        finish(&out, receipt: receipt, date: date, closes: closes)
        out.writeString("content-length: \(body.count)\r\n\r\n")
        out.writeBytes(body)
        return out
    }

    static func errorBody(_ refusal: Refusal) -> [UInt8] {
        CanonicalJSON.encode([
            "error": [
                "code": refusal.code.map { JSONValue($0) } ?? .null, "message": JSONValue(refusal.message),
                "param": refusal.parameter.map { JSONValue($0) } ?? .null, "type": JSONValue(refusal.type.rawValue),
            ]
        ])
    }

    /// The headers that every answer has, framing left out.
    static func finish(_ out: inout ByteBuffer, receipt: String?, date: [UInt8], closes: Bool) {
        if let receipt {
            out.writeStaticString("countersign-receipt: ")
            out.writeString(receipt)
            out.writeStaticString("\r\n")
        }
        out.writeBytes(date)
        if closes { out.writeStaticString("connection: close\r\n") }
    }
}
