package import Access
import Core
package import Gateway
import HTTPTypes
package import Hummingbird
package import Ledger
package import Logging
import MerkleLog
import NIOPosix

/// The console: server-rendered pages on the control plane, for people with a browser.
///
/// Reads only, so far. Whoever is signed in may see what their roles let them see through the API, and no more.
package struct Console: Sendable {
    /// What the console needs of rooms that it does not know, handed in by `Server`.
    package struct Source: Sendable {
        /// Why new requests are refused; nil while all is well.
        package var unreadiness: @Sendable () -> String?
        /// The routes in force.
        package var routes: @Sendable () -> RouteTable
        /// Why some routes are not served.
        package var routeProblems: @Sendable () -> [String]

        package init(
            unreadiness: @escaping @Sendable () -> String?, routes: @escaping @Sendable () -> RouteTable,
            routeProblems: @escaping @Sendable () -> [String]
        ) {
            self.unreadiness = unreadiness
            self.routes = routes
            self.routeProblems = routeProblems
        }

        /// Public model names by route id.
        func models() -> [String: String] {
            Dictionary(routes().routes.map { ($0.id, $0.model) }, uniquingKeysWith: { first, _ in first })
        }
    }

    let ledger: Ledger
    let access: AccessService
    let decisions: DecisionLog
    let source: Source
    let installation: String
    let logger: Logger
    let sessions = SessionStore()
    let templates: Templates
    let identifiers = IdentifierMaker()

    /// - Parameter installation: how the installation is called at the top of each page.
    package init(
        ledger: Ledger, access: AccessService, decisions: DecisionLog, source: Source, installation: String, logger: Logger
    ) throws {
        self.ledger = ledger
        self.access = access
        self.decisions = decisions
        self.source = source
        self.installation = installation
        self.logger = logger
        templates = try Templates()
    }

    package func add(to router: Router<BasicRequestContext>) {
        for (name, type) in [("console.css", "text/css; charset=utf-8"), ("proof.js", "text/javascript; charset=utf-8")] {
            router.get("/console/\(name)") { _, _ in
                guard let text = Templates.asset(name) else { throw HTTPError(.notFound) }
                return Page.response(text, type, caching: "private, max-age=300")
            }
        }
        router.get("/sign-in") { request, _ in signInPage(next: request.uri.queryParameters["next"].map(String.init) ?? "/") }
        router.post("/sign-in") { request, _ in await answer { try await signIn(request) } }
        router.post("/sign-out") { request, _ in await answer { try await signOut(request) } }
        page("/", .readStatus, router) { try await overview($0) }
        page("/requests", .readReceipts, router) { try await requests($0) }
        page("/requests/:id", .readReceipts, router) { try await request($0) }
        page("/requests/:id/proof.json", .readReceipts, router) { try await proof($0) }
        page("/routes", .readConfiguration, router) { try await routes($0) }
        page("/people", .readAccess, router) { try await people($0) }
        page("/evidence", .readLedger, router) { try await evidence($0) }
    }

    // MARK: Pages

    /// A request by somebody signed in who may see the page.
    struct Visit: Sendable {
        let person: Principal
        let name: String
        let session: SessionStore.Session
        let path: String
        let query: [String: String]
        let parameters: [String: String]
    }

    private func page(
        _ path: RouterPath, _ action: Action, _ router: Router<BasicRequestContext>,
        _ render: @escaping @Sendable (Visit) async throws -> Response
    ) {
        router.get(path) { request, context in
            await answer {
                guard let (session, person) = signedIn(request) else {
                    return Page.redirect(to: "/sign-in?next=" + Self.escaped(request.uri.description))
                }
                let asked = AccessRequest(principal: person, action: action)
                guard access.decider.decide(asked).allowed else {
                    // I4: a refusal is recorded before it is told.
                    _ = try await decisions.decide(asked)
                    return problem(
                        .forbidden, "This page is not for your roles", "It needs \(action.rawValue). Somebody who manages grants can give it.")
                }
                let name = try await access.state().users.first { $0.id == person.id }?.name ?? person.id
                var parameters: [String: String] = [:]
                for (name, value) in context.parameters { parameters[String(name)] = String(value) }
                var query: [String: String] = [:]
                for (name, value) in request.uri.queryParameters { query[String(name)] = String(value) }
                return try await render(
                    Visit(person: person, name: name, session: session, path: request.uri.path, query: query, parameters: parameters))
            }
        }
    }

    func answer(_ body: () async throws -> Response) async -> Response {
        do { return try await body() } catch let error as RecordError {
            return problem(.serviceUnavailable, "This could not be recorded, so it was not done", "\(error) Try again in a moment.")
        } catch let error as HTTPError where error.status == .notFound {
            return problem(.notFound, "Nothing is here", "The address is wrong, or what it names is not in the log yet: that takes about a second.")
        } catch let error as HTTPError where error.status == .contentTooLarge {
            return problem(.contentTooLarge, "This form is too long", "Nothing was done.")
        } catch let error as HTTPError where error.status.kind == .clientError {
            return problem(.badRequest, "This is not a form of the console", "Nothing was done. Open the page again and send its form.")
        } catch {
            logger.error("a page failed", metadata: ["error": "\(error)"])
            return problem(.internalServerError, "This page could not be made", "\(error)")
        }
    }

    func problem(_ status: HTTPResponse.Status, _ heading: String, _ detail: String) -> Response {
        Page.html(
            templates.render("problem", ["title": heading, "heading": heading, "detail": detail, "installation": installation]), status: status)
    }

    private static let navigation = [
        ("/", "Overview"), ("/requests", "Requests"), ("/routes", "Providers and routes"), ("/people", "People and tokens"),
        ("/evidence", "Evidence"),
    ]

    func html(_ template: String, title: String, _ visit: Visit, script: String? = nil, _ values: [String: Any]) async throws -> Response {
        var values = values
        let isWitnessed = try await blocking { [ledger] in try ledger.witnessedCheckpoint() != nil }
        values["title"] = title
        values["installation"] = installation
        if let script { values["script"] = script }
        values["person"] =
            [
                "name": visit.name, "csrf": visit.session.csrf, "claim": isWitnessed ? "Cosigned by a witness" : "Self-signed only",
                "claimClass": isWitnessed ? "good" : "warn",
            ] as [String: Any]
        values["navigation"] = Self.navigation.map { href, label in
            ["href": href, "label": label, "current": href == "/" ? visit.path == "/" : visit.path.hasPrefix(href)] as [String: Any]
        }
        return Page.html(templates.render(template, values))
    }

    func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    /// For a query: everything but letters, digits and a few marks as percent escapes.
    static func escaped(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            default: out += "%" + [byte].hex.uppercased()
            }
        }
        return out
    }
}
