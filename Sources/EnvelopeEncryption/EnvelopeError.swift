/// Why something could not be sealed, opened, wrapped or read. Says where, never what was inside.
package struct EnvelopeError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The bytes are not an envelope or a container of this version.
        case malformed
        /// The key given is not the one that the header names.
        case wrongKey
        /// The wrapped data key does not open: another key, or changed bytes.
        case keyDoesNotOpen
        /// The content was changed, cut, reordered or extended, or the header was.
        case authenticationFailed
        /// The content would be longer than an envelope can hold.
        case tooLarge
        /// The caller gave a key, an identifier or names that are not allowed.
        case invalidArgument
        /// A container does not match the commitments of its leaf.
        case commitmentMismatch
    }
    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
