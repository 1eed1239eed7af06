package import Core

/// Why keys could not be made, loaded, found or destroyed. Names the file and what to do, never a key.
package struct KeyStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// There are keys already.
        case exists
        /// A file is not there.
        case missing
        /// Others may read the root key.
        case unsafe
        /// A file was changed, cut, or belongs to another root key.
        case damaged
        /// No such key here: of another data directory, or destroyed.
        case unknownKey = "unknown_key"
        /// The system refused a read or a write; see ``underlying``.
        case io
        /// A key is gone from use, but an old file that can open it could not be destroyed. Shredding again finishes it; so does a restart.
        case erasureIncomplete = "erasure_incomplete"
        /// More keys than the file may hold.
        case tooMany = "too_many"
    }
    package let code: Code
    package let message: String
    package let underlying: FileError?

    package init(_ code: Code, _ message: String, underlying: FileError? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    init(_ error: FileError) {
        self.init(error.isMissing ? .missing : .io, error.description, underlying: error)
    }

    package var description: String { message }
}
