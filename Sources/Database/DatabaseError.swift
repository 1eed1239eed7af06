/// Why the state could not be read or changed. The message names tables, columns and files, never values.
package struct DatabaseError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let name: String
        package var description: String { name }

        /// Another process or connection holds the lock; it was tried again for as long as allowed.
        package static let busy = Code(name: "busy")
        /// A unique, foreign key, check or type constraint forbids the change.
        package static let constraint = Code(name: "constraint")
        /// The file is damaged, or no database at all.
        package static let corrupt = Code(name: "corrupt")
        /// No room on the disk.
        package static let full = Code(name: "full")
        /// The operating system failed to read or write.
        package static let io = Code(name: "io")
        /// The tables are not those of this program: a migration was changed, or a newer program made them.
        package static let schema = Code(name: "schema")
        /// The database was closed, or a transaction was used after its end.
        package static let closed = Code(name: "closed")
        /// A write in a read, or a file that may not be written.
        package static let readOnly = Code(name: "read_only")
        /// The file cannot be opened: it is missing, or not ours to open.
        package static let cannotOpen = Code(name: "cannot_open")
        /// A column holds another type than the reader expects.
        package static let type = Code(name: "type")
        /// The SQL is wrong, or it was called wrongly.
        package static let misuse = Code(name: "misuse")
        /// The change is committed and its event is not yet in the log: it takes effect once it is.
        package static let unrecorded = Code(name: "unrecorded")
        /// The log and the outbox contradict each other; nothing is delivered until somebody looked.
        package static let diverged = Code(name: "diverged")
        /// Anything else.
        package static let other = Code(name: "other")
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
