import HTTPTypes
import Hummingbird
import NIOCore

/// Answers of the console, with the headers that every one of them carries.
enum Page {
    // No inline scripts or styles, nothing from elsewhere, in nobody's frame.
    private static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; "
        + "base-uri 'none'; frame-ancestors 'none'"

    static func html(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        response(text, "text/html; charset=utf-8", status: status)
    }

    static func response(_ text: String, _ type: String, status: HTTPResponse.Status = .ok, caching: String = "no-store") -> Response {
        var headers = HTTPFields()
        headers[.contentType] = type
        headers[.cacheControl] = caching
        headers[.contentSecurityPolicy] = policy
        for (name, value) in [
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ] {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    static func redirect(to path: String, cookie: String? = nil) -> Response {
        var response = response("", "text/plain", status: .seeOther)
        response.headers[.location] = own(path)
        if let cookie { response.headers[.setCookie] = cookie }
        return response
    }

    /// A path of this site as it is; for anything else the overview.
    static func own(_ path: String) -> String {
        let isOwn = path.hasPrefix("/") && !path.hasPrefix("//") && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }
        return isOwn ? path : "/"
    }
}
