package import Database

/// What every driver must do. Each clause gets an open, empty database and throws where the driver fails it.
package struct DatabaseContract: Sendable, CustomStringConvertible {
    package let name: String
    package let check: @Sendable (any Database) async throws -> Void

    init(_ name: String, _ check: @escaping @Sendable (any Database) async throws -> Void) {
        self.name = name
        self.check = check
    }

    package var description: String { name }

    package static let clauses: [DatabaseContract] = transactions + errors + migrations + outbox
}

/// A clause that was broken.
package struct ContractViolation: Error, CustomStringConvertible {
    package let description: String
}

func require(_ condition: Bool, _ message: String) throws {
    guard condition else { throw ContractViolation(description: message) }
}

func requireError(_ code: DatabaseError.Code, _ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as DatabaseError {
        try require(error.code == code, "expected \(code), got \(error.code): \(error.message)")
        return
    }
    throw ContractViolation(description: "expected \(code), got no error")
}

let makeThing = "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, bytes BLOB, parent BIGINT REFERENCES thing (id))"
let addThing = "INSERT INTO thing (id, name, bytes) VALUES (?, ?, ?)"
let countThings = "SELECT count(*) FROM thing"

extension Database {
    func count(_ sql: String) async throws -> Int64 {
        try await read { try $0.first(sql)?.int64(0) ?? -1 }
    }
}
