package import Access
package import Core
import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore

/// Makes the control plane's router out of endpoints: authenticates, authorises on parsed values, renders. No rules here.
package struct ControlRouter: Sendable {
    private let authenticator: any Authenticator
    private let decisions: DecisionLog
    private let authorizer: any Authorizer
    private let logger: Logger

    package init(authenticator: any Authenticator, authorizer: any Authorizer, decisions: DecisionLog, logger: Logger) {
        self.authenticator = authenticator
        self.authorizer = authorizer
        self.decisions = decisions
        self.logger = logger
    }

    package func router(_ endpoints: [Endpoint]) -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        for endpoint in endpoints {
            let (path, rest) = Self.routerPath(endpoint.path)
            router.on(RouterPath(path), method: HTTPRequest.Method(rawValue: endpoint.method) ?? .get) { request, context in
                await respond(endpoint, rest, request, context)
            }
        }
        router.add(middleware: NotServed(endpoints: endpoints))
        return router
    }

    /// `{name}` is Hummingbird's own form; `{name...}` is its `**`.
    private static func routerPath(_ path: String) -> (path: String, rest: String?) {
        guard path.hasSuffix("...}"), let brace = path.lastIndex(of: "{") else { return (path, nil) }
        return (String(path[..<brace]) + "**", String(path[path.index(after: brace)...].dropLast(4)))
    }

    private func respond(_ endpoint: Endpoint, _ rest: String?, _ request: Request, _ context: BasicRequestContext) async -> Response {
        do {
            let principal = try await admit(endpoint, request)
            var parameters: [String: String] = [:]
            for (name, value) in context.parameters where name != "**" { parameters[String(name)] = String(value) }
            if let rest { parameters[rest] = context.parameters.getCatchAll().joined(separator: "/") }
            var query: [String: String] = [:]
            for (name, value) in request.uri.queryParameters { query[String(name)] = String(value) }
            let call = Call(principal: principal, parameters: parameters, query: query, body: try await body(of: request), members: endpoint.members)
            return Self.render(try await endpoint.handle(call), status: endpoint.status)
        } catch let problem as Problem {
            return problem.response
        } catch let error as AccessError {
            return Self.problem(error).response
        } catch let error as RecordError {
            return Problem(503, "not_recorded", "this could not be recorded, so it was not done: \(error)", retryAfter: 1).response
        } catch {
            logger.error("an operation failed", metadata: ["operation": "\(endpoint.operationID)", "error": "\(error)"])
            return Problem(500, "internal", "\(error)").response
        }
    }

    private func admit(_ endpoint: Endpoint, _ request: Request) async throws -> Principal? {
        if case .open = endpoint.guardian { return nil }
        guard let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer ") else {
            throw Problem(401, "unauthenticated", "a bearer token is needed: Authorization: Bearer cs_…")
        }
        let principal: Principal
        switch authenticator.authenticate(bearer: String(header.dropFirst(7))) {
        case .stranger: throw Problem(401, "unauthenticated", "this token is not known here")
        case .refused(_, let reason): throw Problem(401, "credential_refused", "this token no longer counts: \(reason)")
        case .known(let known): principal = known
        }
        guard case .action(let action) = endpoint.guardian else { return principal }
        let asked = AccessRequest(principal: principal, action: action)
        // I4: a refusal is recorded before it is told; what is allowed is recorded by what it does.
        if authorizer.decide(asked).allowed { return principal }
        _ = try await decisions.decide(asked)
        throw Problem(403, "forbidden", "\(action.rawValue) is not granted to you; somebody who manages grants can give it")
    }

    private func body(of request: Request) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            bytes.append(contentsOf: buffer.readableBytesView)
            guard bytes.count <= Endpoint.maximumBodyBytes else {
                throw Problem(413, "too_large", "the body is longer than \(Endpoint.maximumBodyBytes) bytes")
            }
        }
        return bytes
    }

    private static func problem(_ error: AccessError) -> Problem {
        switch error.code {
        case .forbidden: Problem(403, "forbidden", error.message)
        case .notFound: .notFound(error.message)
        case .conflict: Problem(409, "conflict", error.message)
        default: Problem(422, "\(error.code)", error.message)
        }
    }

    private static func render(_ answer: Answer, status: Int) -> Response {
        var headers = HTTPFields()
        headers[.cacheControl] = "no-store"
        headers[HTTPField.Name("X-Content-Type-Options") ?? .accept] = "nosniff"
        switch answer {
        case .json(let value):
            headers[.contentType] = "application/json"
            return Response(
                status: .init(code: status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: CanonicalJSON.encode(value))))
        case .bytes(let bytes, let type):
            headers[.contentType] = type
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        case .file(let path, let type, let name):
            headers[.contentType] = type
            headers[.contentDisposition] = "attachment; filename=\"\(name)\""
            return Response(status: .ok, headers: headers, body: FileBody.body(path))
        }
    }
}

/// Paths and methods that nobody serves answer in our own shape.
private struct NotServed: RouterMiddleware {
    let endpoints: [Endpoint]

    func handle(
        _ request: Request, context: BasicRequestContext, next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let error as HTTPError where error.status == .notFound {
            let methods = Set(endpoints.filter { $0.matches(request.uri.path) }.map(\.method)).sorted()
            guard !methods.isEmpty else { return Problem.notFound("nothing is served here; /openapi.json lists what is").response }
            var problem = Problem(405, "method_not_allowed", "this path is served for \(methods.joined(separator: ", ")) only")
            problem.allow = methods
            return problem.response
        }
    }
}

extension Endpoint {
    /// Whether a path is one of this endpoint's.
    fileprivate func matches(_ path: String) -> Bool {
        let (own, other) = (self.path.split(separator: "/"), path.split(separator: "/"))
        if let last = own.last, last.hasSuffix("...}") { return other.count >= own.count && Self.match(own.dropLast(), other.prefix(own.count - 1)) }
        return own.count == other.count && Self.match(own[...], other[...])
    }

    private static func match(_ own: ArraySlice<Substring>, _ other: ArraySlice<Substring>) -> Bool {
        zip(own, other).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
    }
}
