/// Transactional state: users, grants, routes, and the outbox of their events.
///
/// Stores are written once, in portable SQL over this protocol; each driver runs the same contract tests.
/// Portable SQL here means: `?` for parameters; the column types `BIGINT`, `TEXT` and `BLOB`; `RETURNING`; `ON CONFLICT`; no
/// functions of one engine only; no reserved words as names.
///
/// **A closure may be run more than once** (SQLite: the file was busy; PostgreSQL: the transaction could not be serialised). It must
/// have no effect but through its transaction. Closures run on a thread of the driver's own, where blocking is allowed.
package protocol Database: Sendable {
    /// Runs a closure on one consistent snapshot. Writing in it fails with ``DatabaseError/Code/readOnly``.
    /// - Throws: what the closure throws; ``DatabaseError`` where the database fails.
    func read<T: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> T) async throws -> T

    /// Runs a closure in one serialisable transaction, and returns when it is durable. An error rolls everything back.
    ///
    /// Not cancelled with the calling task: a write either happened or it threw.
    /// - Throws: what the closure throws; ``DatabaseError`` where the database fails.
    func write<T: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> T) async throws -> T

    /// Waits for running transactions and lets go of the database. Everything after it fails with ``DatabaseError/Code/closed``.
    func close() async throws(DatabaseError)
}

/// One transaction. Valid inside its closure only, and on that closure's thread.
package protocol Transaction {
    /// Runs one statement.
    /// - Parameters:
    ///   - sql: one statement; a constant text, so that its compiled form is found again.
    ///   - values: as many as there are `?`.
    /// - Returns: the number of rows inserted, changed or deleted.
    @discardableResult
    func execute(_ sql: String, _ values: [DatabaseValue]) throws(DatabaseError) -> Int

    /// Runs one statement that answers with rows, and fetches them all: bound it with `LIMIT` where it could be many.
    func query(_ sql: String, _ values: [DatabaseValue]) throws(DatabaseError) -> [DatabaseRow]
}

extension Transaction {
    @discardableResult
    package func execute(_ sql: String) throws(DatabaseError) -> Int { try execute(sql, []) }

    package func query(_ sql: String) throws(DatabaseError) -> [DatabaseRow] { try query(sql, []) }

    /// The first row; nil where there is none.
    package func first(_ sql: String, _ values: [DatabaseValue] = []) throws(DatabaseError) -> DatabaseRow? {
        try query(sql, values).first
    }
}
