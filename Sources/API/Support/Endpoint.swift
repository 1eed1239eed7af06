package import Access
package import Core
import HTTPTypes
import Hummingbird
import NIOCore

/// A request of the control plane, after its caller was authenticated and authorised.
package struct Call: Sendable {
    /// Who calls; nil only where the endpoint is open.
    package var principal: Principal?
    /// What stands for `{name}` in the path, decoded.
    package var parameters: [String: String]
    package var query: [String: String]
    package var body: [UInt8]
    /// The members that the body may have.
    var members: Set<String> = []

    package func parameter(_ name: String) throws -> String {
        guard let value = parameters[name], !value.isEmpty else { throw Problem.invalid("\(name) is missing from the path") }
        return value
    }

    /// The body as an object with no members but those that the operation describes.
    package func object() throws -> JSONValue {
        do {
            let value = try JSONParser.parse(body, maximumBytes: Endpoint.maximumBodyBytes)
            guard let object = value.object else { throw Problem.invalid("the body must be a JSON object") }
            guard members.isSuperset(of: object.keys) else {
                throw Problem.invalid("the body may have these members and no others: \(members.sorted().joined(separator: ", "))")
            }
            return value
        } catch let error as JSONError {
            throw Problem.invalid("the body is not the JSON expected: \(error)")
        }
    }

    /// The known principal.
    package func caller() throws -> Principal {
        guard let principal else { throw Problem(401, "unauthenticated", "a bearer token is needed") }
        return principal
    }
}

/// What an endpoint answers.
package enum Answer: Sendable {
    case json(JSONValue)
    case bytes([UInt8], contentType: String)
    case file(path: String, contentType: String, name: String)
}

/// One operation of the API. The router and the OpenAPI document are made from the same table.
package struct Endpoint: Sendable {
    static let maximumBodyBytes = 1 << 20

    /// Who may call.
    package enum Guardian: Sendable {
        /// Anybody.
        case open
        /// Anybody with a valid token; the operation asks for rights itself.
        case known
        /// Whoever has this action on the installation.
        case action(Action)
    }

    package var method: String
    /// With `{name}` for parameters; a last `{name...}` takes the rest of the path.
    package var path: String
    package var operationID: String
    package var summary: String
    package var guardian: Guardian
    /// JSON schema of the request's body; nil where there is none.
    package var requestSchema: JSONValue?
    /// Media type and JSON schema of the answer.
    package var responseType = "application/json"
    package var responseSchema: JSONValue?
    /// Of an answer that is no problem.
    package var status = 200
    package var handle: @Sendable (Call) async throws -> Answer

    /// The members of the request's body.
    var members: Set<String> { Set((requestSchema?["properties"]?.object ?? [:]).keys) }

    package init(
        _ method: String, _ path: String, _ operationID: String, _ summary: String, _ guardian: Guardian, request: JSONValue? = nil,
        responseType: String = "application/json", response: JSONValue? = nil, status: Int = 200,
        handle: @escaping @Sendable (Call) async throws -> Answer
    ) {
        self.method = method
        self.path = path
        self.operationID = operationID
        self.summary = summary
        self.guardian = guardian
        requestSchema = request
        self.responseType = responseType
        responseSchema = response
        self.status = status
        self.handle = handle
    }
}
