import Access
import Core
import HTTPTypes
import Hummingbird
import Ledger
import MerkleLog
import NIOCore

/// Signing in with a person's token, and out.
extension Console {
    private static let cookieName = "countersign_session"
    private static let maximumForm = 8192

    private struct SignInForm: Decodable {
        var token: String
        var next: String?
    }

    private struct SignOutForm: Decodable { var csrf: String }

    func signInPage(next: String, error: String? = nil, status: HTTPResponse.Status = .ok) -> Response {
        var values: [String: Any] = ["title": "Sign in", "installation": installation, "next": next]
        if let error { values["error"] = error }
        return Page.html(templates.render("sign-in", values), status: status)
    }

    /// Whose session the request carries; its token is asked anew each time.
    func signedIn(_ request: Request) -> (SessionStore.Session, Principal)? {
        guard let cookie = Self.cookie(request), let session = sessions.session(cookie: cookie),
            case .known(var person) = access.decider.authenticate(bearer: session.bearer)
        else { return nil }
        person.session = session.id
        return (session, person)
    }

    func signIn(_ request: Request) async throws -> Response {
        guard Self.isFromHere(request) else {
            return problem(.forbidden, "This form came from another site", "Open the sign-in page here and try again.")
        }
        let form = try await Self.form(SignInForm.self, request)
        // A right token is never kept out by the wrong ones of others.
        func refused(_ why: String) -> Response {
            guard sessions.hearsAttempts else {
                return signInPage(next: form.next ?? "/", error: "Too many attempts. Wait a minute.", status: .tooManyRequests)
            }
            sessions.noteFailure()
            return signInPage(next: form.next ?? "/", error: why, status: .unauthorized)
        }
        let token = form.token.filter { !$0.isWhitespace }
        switch access.decider.authenticate(bearer: token) {
        case .stranger: return refused("This token is not known here.")
        case .refused(_, let reason): return refused("This token no longer counts: \(reason).")
        case .known(let person):
            guard person.kind == .user, person.human != nil else { return refused("This token belongs to a service. The console is for people.") }
            let id = identifiers.make("ses").text
            // I1: the record first, then the session.
            try await ledger.record(
                Event(
                    id: identifiers.make("evt").text, type: .sessionStarted,
                    actor: Actor(type: person.kind.rawValue, id: person.id, human: person.human, session: id),
                    resource: Resource(type: "session", id: id), policy: access.decider.snapshot.digest, assurance: .enforced,
                    data: CanonicalObject([
                        "aal": 1, "interactive": true, "method": "token", "principal_id": JSONValue(person.id), "recovery_code": false,
                        "role_ids": .array(person.roles.map { JSONValue($0) }),
                    ])))
            let secret = sessions.begin(id: id, bearer: token)
            return Page.redirect(to: form.next ?? "/", cookie: Self.cookie(secret, lifetime: SessionStore.lifeLimit / 1_000_000))
        }
    }

    func signOut(_ request: Request) async throws -> Response {
        guard let cookie = Self.cookie(request), let (session, person) = signedIn(request) else { return Page.redirect(to: "/sign-in") }
        let form = try await Self.form(SignOutForm.self, request)
        guard Self.isFromHere(request), constantTimeEqual(Array(form.csrf.utf8), Array(session.csrf.utf8)) else {
            return problem(.forbidden, "This form is not of your session", "Go back to the console and sign out there.")
        }
        try await ledger.record(
            Event(
                id: identifiers.make("evt").text, type: .sessionEnded, actor: person.actor, resource: Resource(type: "session", id: session.id),
                assurance: .enforced, data: CanonicalObject(["reason": "sign_out"])))
        sessions.end(cookie: cookie)
        return Page.redirect(to: "/sign-in", cookie: Self.cookie("", lifetime: 0))
    }

    // MARK: Cookies and forms

    private static func cookie(_ value: String, lifetime: Int64) -> String {
        "\(cookieName)=\(value); Path=/; Max-Age=\(lifetime); HttpOnly; SameSite=Strict"
    }

    private static func cookie(_ request: Request) -> String? {
        for header in request.headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0] == cookieName, parts[1].utf8.count == 64 { return String(parts[1]) }
            }
        }
        return nil
    }

    /// A form that another site sent has another origin; browsers say which.
    private static func isFromHere(_ request: Request) -> Bool {
        if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ request.headers[$0] }), site != "same-origin", site != "none" { return false }
        guard let origin = request.headers[.origin] else { return true }
        guard let host = request.head.authority else { return false }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }

    private static func form<Form: Decodable>(_ type: Form.Type, _ request: Request) async throws -> Form {
        var request = request
        let body: ByteBuffer
        do { body = try await request.collectBody(upTo: maximumForm) } catch is NIOTooManyBytesError { throw HTTPError(.contentTooLarge) }
        do {
            return try URLEncodedFormDecoder().decode(type, from: String(buffer: body))
        } catch {
            throw HTTPError(.badRequest)
        }
    }
}
