/// Why access could not be changed. Messages hold ids, codes and lines of documents, never names of people or secrets.
package struct AccessError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        package let name: String
        package var description: String { name }

        /// The principal may not do this.
        package static let forbidden = Code(name: "forbidden")
        /// No such user, grant or token, or it has ended already.
        package static let notFound = Code(name: "not_found")
        /// There is one already.
        package static let conflict = Code(name: "conflict")
        /// A value is not what it must be.
        package static let invalid = Code(name: "invalid")
        /// It would leave nobody who can administer.
        package static let lastAdministrator = Code(name: "last_administrator")
        /// The log would not take the change's record, so nothing was changed (I1).
        package static let unrecordable = Code(name: "unrecordable")
        /// The stored state contradicts itself.
        package static let corrupt = Code(name: "corrupt")
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
