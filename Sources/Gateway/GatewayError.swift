/// What this room throws. Requests are answered in their caller's protocol and never throw.
package struct GatewayError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A provider or a route is not what it must be.
        case invalidConfiguration = "invalid_configuration"
        /// The principal may not change providers and routes.
        case forbidden
        /// The log would not take a change's record, so nothing was changed (I1).
        case unrecordable
        /// The listener could not be bound.
        case notListening = "not_listening"
        /// The server was shut down, or started twice.
        case wrongState = "wrong_state"
    }
    package let code: Code
    package let message: String
    package let underlying: (any Error)?

    package init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    package var description: String { message }
}
