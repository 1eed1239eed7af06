package import Core

/// Why an object could not be stored, read or removed. Names the object.
package struct ObjectStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case notFound = "not_found"
        /// The bytes are not those that the name says.
        case corrupted
        case tooLarge = "too_large"
        /// No room for the object.
        case noSpace = "no_space"
        /// The store refused or failed; see ``underlying``.
        case io
    }
    package let code: Code
    package let message: String
    /// The object concerned; nil where it is the store as a whole.
    package let object: SHA256Digest?
    package let underlying: FileError?

    package init(_ code: Code, _ message: String, object: SHA256Digest? = nil, underlying: FileError? = nil) {
        self.code = code
        self.message = message
        self.object = object
        self.underlying = underlying
    }

    init(_ error: FileError, object: SHA256Digest?) {
        let what = object.map { "object \($0)" } ?? "the object store"
        self.init(error.isNoSpace ? .noSpace : .io, "\(what): \(error)", object: object, underlying: error)
    }

    package var description: String { message }
}
