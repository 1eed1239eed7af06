import Database
import DatabaseContract
import SQLiteDatabase
import Testing

@Suite("The SQLite driver keeps the contract of databases")
struct SQLiteContractTests {
    @Test("contract", arguments: DatabaseContract.clauses)
    func clause(_ clause: DatabaseContract) async throws {
        let directory = try TemporaryDirectory()
        let database = try await SQLiteDatabase.open(path: directory.file("state.db"))
        try await clause.check(database)
        try await database.close()
    }

    @Test("contract, with every write closure run twice", arguments: DatabaseContract.clauses)
    func rehearsed(_ clause: DatabaseContract) async throws {
        let directory = try TemporaryDirectory()
        var options = SQLiteDatabase.Options()
        options.rehearsesWrites = true
        let database = try await SQLiteDatabase.open(path: directory.file("state.db"), options: options)
        try await clause.check(database)
        try await database.close()
    }
}
