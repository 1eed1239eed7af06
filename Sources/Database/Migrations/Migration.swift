package import Core

/// One step of the tables of one room, from one version to the next. A released migration never changes.
package struct Migration: Hashable, Sendable {
    /// Whose tables: `outbox`, `access`, `gateway`, …; rooms are numbered apart, so that they can grow apart.
    package let room: String
    /// From 1, without gaps.
    package let number: Int64
    /// What it does, in a few words.
    package let name: String
    /// Portable statements, in order.
    package let statements: [String]

    package init(room: String, number: Int64, name: String, statements: [String]) {
        self.room = room
        self.number = number
        self.name = name
        self.statements = statements
    }

    /// Over everything that it does; stored with it and compared at each start.
    package var digest: SHA256Digest {
        let parts = [room, String(number), name] + statements
        return SHA256Digest(hashing: CanonicalJSON.encode(.array(parts.map { .string($0) })))
    }
}
