/// An answer that we make ourselves instead of a model's, in OpenAI's shape.
struct Refusal: Hashable, Sendable {
    let status: Int
    let type: StaticText
    let code: String?
    let message: String
    var parameter: String?
    /// What stands in the record.
    let reason: String
    /// Tell the caller when to come back.
    var isRetryable = false
    /// The connection cannot be used any more: the rest of the request was not read.
    var closes = false

    enum StaticText: String, Sendable {
        case invalidRequest = "invalid_request_error"
        case permission = "permission_error"
        case server = "server_error"
    }

    /// The request was read to its end all the same.
    func keeping() -> Refusal {
        var copy = self
        copy.closes = false
        return copy
    }

    func closing() -> Refusal {
        var copy = self
        copy.closes = true
        return copy
    }
}

// MARK: Before anybody is known

extension Refusal {
    static let noCredential = Refusal(
        status: 401, type: .invalidRequest, code: "invalid_api_key",
        message: "No API key was given. Send it as a bearer token: 'Authorization: Bearer YOUR_KEY'.", reason: "no_credential", closes: true)
    static let unknownCredential = Refusal(
        status: 401, type: .invalidRequest, code: "invalid_api_key", message: "The API key is not known here. Ask your administrator for a new one.",
        reason: "unknown_credential", closes: true)
    static let malformedHTTP = Refusal(
        status: 400, type: .invalidRequest, code: "malformed_request", message: "The request is not HTTP/1.1 that this server accepts.",
        reason: "malformed_http", closes: true)
    static let ambiguousLength = Refusal(
        status: 400, type: .invalidRequest, code: "malformed_request",
        message: "The length of the body is ambiguous: send one Content-Length, or Transfer-Encoding: chunked.", reason: "ambiguous_length",
        closes: true)
    static let unsupportedCoding = Refusal(
        status: 501, type: .invalidRequest, code: "malformed_request", message: "The only transfer coding understood here is chunked.",
        reason: "unsupported_coding", closes: true)
    static let unsupportedVersion = Refusal(
        status: 505, type: .invalidRequest, code: "malformed_request", message: "This server speaks HTTP/1.1 only.", reason: "unsupported_version",
        closes: true)
    static let unsupportedExpectation = Refusal(
        status: 417, type: .invalidRequest, code: "malformed_request", message: "The only expectation understood here is 100-continue.",
        reason: "unsupported_expectation", closes: true)
    static let headTooLarge = Refusal(
        status: 431, type: .invalidRequest, code: "malformed_request", message: "The headers of the request are too large.", reason: "head_too_large",
        closes: true)
    static let targetTooLong = Refusal(
        status: 414, type: .invalidRequest, code: "malformed_request", message: "The address of the request is too long.", reason: "target_too_long",
        closes: true)
    static let headTimeout = Refusal(
        status: 408, type: .invalidRequest, code: "request_timeout", message: "The head of the request did not arrive in time.",
        reason: "head_timeout",
        closes: true)
    static let tooManyConnections = Refusal(
        status: 503, type: .server, code: "overloaded", message: "Too many connections. Try again shortly.", reason: "too_many_connections",
        isRetryable: true, closes: true)
    static let unknownAddress = Refusal(
        status: 404, type: .invalidRequest, code: "unknown_url",
        message: "Unknown request URL. This server answers POST /v1/chat/completions and GET /v1/models.",
        reason: "unknown_url", closes: true)
}

// MARK: Refused to somebody we know

extension Refusal {
    static func refusedCredential(_ reason: String) -> Refusal {
        Refusal(
            status: 401, type: .invalidRequest, code: "invalid_api_key",
            message: "The API key is no longer valid. Ask your administrator for a new one.",
            reason: reason, closes: true)
    }

    static let bodyTooLarge = Refusal(
        status: 413, type: .invalidRequest, code: "request_too_large", message: "The body of the request is larger than this route allows.",
        reason: "body_too_large", closes: true)
    static let bodyTimeout = Refusal(
        status: 408, type: .invalidRequest, code: "request_timeout", message: "The body of the request did not arrive in time.",
        reason: "body_timeout",
        closes: true)
    /// Nobody is there to read this one.
    static let clientLeft = Refusal(
        status: 499, type: .invalidRequest, code: nil, message: "The client left before its request was complete.", reason: "client_left",
        closes: true)
    static let overloaded = Refusal(
        status: 503, type: .server, code: "overloaded", message: "The server is busy. Try again shortly.", reason: "overloaded", isRetryable: true,
        closes: true)
    static let missingModel = Refusal(
        status: 400, type: .invalidRequest, code: "missing_required_parameter", message: "You must provide a model, as a string.", parameter: "model",
        reason: "missing_model")
    static let invalidStream = Refusal(
        status: 400, type: .invalidRequest, code: "invalid_type", message: "'stream' must be true or false.", parameter: "stream",
        reason: "invalid_stream")
    static let invalidStreamOptions = Refusal(
        status: 400, type: .invalidRequest, code: "invalid_type", message: "'stream_options' must be an object.", parameter: "stream_options",
        reason: "invalid_stream_options")

    static func unknownModel() -> Refusal {
        // The name is not repeated: an answer never carries what somebody wrote.
        Refusal(
            status: 404, type: .invalidRequest, code: "model_not_found",
            message: "The model does not exist. GET /v1/models lists the ones you may use.",
            parameter: "model", reason: "unknown_model")
    }

    static func forbidden(_ reason: String) -> Refusal {
        Refusal(
            status: 403, type: .permission, code: "forbidden", message: "You may not use this model. Ask for a grant on its route.",
            parameter: "model",
            reason: reason)
    }
}

// MARK: The record, and the upstream

extension Refusal {
    static let unrecorded = Refusal(
        status: 503, type: .server, code: "not_recorded", message: "The request could not be recorded, so it was not answered. Try again shortly.",
        reason: "not_recorded", isRetryable: true)

    init(_ failure: UpstreamFailure) {
        switch failure {
        case .connectTimeout, .firstByteTimeout, .idleTimeout, .totalTimeout:
            self.init(
                status: 504, type: .server, code: "upstream_timeout", message: "The provider did not answer in time.", reason: failure.reason,
                isRetryable: true)
        case .busy:
            self.init(
                status: 503, type: .server, code: "overloaded", message: "Too many requests are waiting for the provider. Try again shortly.",
                reason: failure.reason, isRetryable: true)
        default:
            self.init(
                status: 502, type: .server, code: "bad_upstream", message: "The provider gave no usable answer.", reason: failure.reason)
        }
    }
}
