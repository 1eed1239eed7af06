import Core
import HTTPTypes
import Hummingbird
import NIOCore

/// An error of our own REST API: problem details (RFC 9457) with a stable `code`.
package struct Problem: Error, Sendable {
    package var status: Int
    /// Stable, snake case; what programs look at.
    package var code: String
    /// For people: what was wrong and what to do. No secrets, no content.
    package var detail: String
    package var retryAfter: Int?
    /// The methods that are served, for 405.
    var allow: [String] = []

    private static let titles = [
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
        413: "Content Too Large", 422: "Unprocessable Content", 500: "Internal Server Error", 503: "Service Unavailable",
    ]

    package init(_ status: Int, _ code: String, _ detail: String, retryAfter: Int? = nil) {
        self.status = status
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
    }

    package static func notFound(_ detail: String) -> Problem { Problem(404, "not_found", detail) }
    package static func invalid(_ detail: String) -> Problem { Problem(400, "invalid_request", detail) }

    var response: Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/problem+json"
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
        if !allow.isEmpty { headers[.allow] = allow.sorted().joined(separator: ", ") }
        if status == 401 { headers[.wwwAuthenticate] = "Bearer" }
        let body = CanonicalJSON.encode([
            "code": JSONValue(code), "detail": JSONValue(detail), "status": JSONValue(status),
            "title": JSONValue(Self.titles[status] ?? "Error"),
            "type": JSONValue("urn:countersign:problem:\(code)"),
        ])
        return Response(status: .init(code: status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
