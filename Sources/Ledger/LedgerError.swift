/// What went wrong with the log. The message says what, where, and what to do.
package struct LedgerError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The directory holds no log.
        case missing
        /// The directory is in use by another process.
        case locked
        /// Files disagree with each other or with the signed head; the log does not start.
        case inconsistent
        /// The disk refused.
        case io
        /// The arguments make no sense.
        case invalid
        /// Nothing under that name.
        case notFound = "not_found"
        /// A witness knows a newer head than this directory holds.
        case rolledBack = "rolled_back"
    }
    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Any error, as one of the log's.
    package init(_ error: any Error) {
        self = error as? LedgerError ?? LedgerError(.io, "\(error)")
    }

    package var description: String { message }
}
