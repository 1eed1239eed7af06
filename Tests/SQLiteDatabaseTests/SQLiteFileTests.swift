import Database
import DatabaseContract
import Foundation
import SQLiteDatabase
import Synchronization
import Testing

@Suite("SQLite files")
struct SQLiteFileTests {
    private let makeTable = "CREATE TABLE t (id BIGINT PRIMARY KEY, words TEXT NOT NULL)"

    private func code(opening path: String) async -> DatabaseError? {
        do {
            try await SQLiteDatabase.open(path: path).close()
            return nil
        } catch {
            return error
        }
    }

    private func filled(_ path: String) async throws {
        let database = try await SQLiteDatabase.open(path: path)
        try await database.write { [makeTable] transaction in
            try transaction.execute(makeTable)
            for id in 0..<500 {
                try transaction.execute(
                    "INSERT INTO t VALUES (?, ?)", [DatabaseValue(id), .text(String(repeating: "words ", count: 20))])
            }
        }
        try await database.close()
    }

    @Test("only the owner can read the file and its companions")
    func mode() async throws {
        let directory = try TemporaryDirectory()
        let database = try await SQLiteDatabase.open(path: directory.file("state.db"))
        try await database.write { [makeTable] in _ = try $0.execute(makeTable) }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(Set(names).isSuperset(of: ["state.db", "state.db-wal"]))
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.file(name))
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        try await database.close()
    }

    @Test("a file that others could read is closed to them")
    func modeIsRepaired() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("state.db")
        try await filled(path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(await code(opening: path) == nil)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    }

    @Test("writes are durable at commit: full synchronisation and foreign keys are on")
    func pragmas() async throws {
        let directory = try TemporaryDirectory()
        let database = try await SQLiteDatabase.open(path: directory.file("state.db"))
        for (pragma, value) in [("synchronous", 2), ("foreign_keys", 1), ("trusted_schema", 0)] as [(String, Int64)] {
            let found = try await database.write { try $0.first("PRAGMA \(pragma)")?.int64(0) }
            #expect(found == value, "\(pragma)")
        }
        #expect(try await database.write { try $0.first("PRAGMA journal_mode")?.text(0) } == "wal")
        try await database.close()
    }

    @Test("a damaged page is found at open", arguments: [4096 + 8, 3 * 4096 + 3, 8 * 4096 + 100])
    func damagedPage(offset: Int) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("state.db")
        try await filled(path)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(bytes.count > offset + 64)
        for index in offset..<offset + 64 { bytes[index] = 0xff }
        try bytes.write(to: URL(fileURLWithPath: path))
        let error = await code(opening: path)
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("damaged") == true && error?.message.contains(path) == true)
    }

    @Test("a truncated file is refused", arguments: [100, 4096, 5000])
    func truncated(length: Int) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("state.db")
        try await filled(path)
        try Data(contentsOf: URL(fileURLWithPath: path)).prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(await code(opening: path)?.code == .corrupt)
    }

    @Test("a file that is no database is refused")
    func noDatabase() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("state.db")
        try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: path))
        #expect(await code(opening: path)?.code == .corrupt)
    }

    @Test("another program's database is refused")
    func foreign() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("state.db")
        try await filled(path)
        let database = try await SQLiteDatabase.open(path: path)
        try await database.write { _ = try $0.execute("PRAGMA application_id = 7") }
        try await database.close()
        #expect(await code(opening: path)?.code == .schema)
    }

    @Test("a missing directory, a directory in its place and a symbolic link are refused")
    func cannotOpen() async throws {
        let directory = try TemporaryDirectory()
        #expect(await code(opening: directory.file("none/state.db"))?.code == .cannotOpen)
        #expect(await code(opening: directory.path)?.code == .cannotOpen)
        try FileManager.default.createSymbolicLink(atPath: directory.file("link.db"), withDestinationPath: directory.file("target.db"))
        #expect(await code(opening: directory.file("link.db"))?.code == .cannotOpen)
    }

    @Test("a directory that may not be written is refused", .enabled(if: geteuid() != 0, "root may write everywhere"))
    func readOnlyDirectory() async throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: directory.path)
        #expect(await code(opening: directory.file("state.db"))?.code == .cannotOpen)
    }

    @Test("what was committed is there in a copy taken without closing, as after a kill")
    func reopenedAfterKill() async throws {
        let directory = try TemporaryDirectory()
        let database = try await SQLiteDatabase.open(path: directory.file("state.db"))
        try await database.write { [makeTable] in _ = try $0.execute(makeTable) }
        for id in 0..<50 { try await database.write { _ = try $0.execute("INSERT INTO t VALUES (?, 'a')", [DatabaseValue(id)]) } }
        try FileManager.default.createDirectory(atPath: directory.file("copy"), withIntermediateDirectories: false)
        for name in ["state.db", "state.db-wal"] {
            try FileManager.default.copyItem(atPath: directory.file(name), toPath: directory.file("copy/" + name))
        }
        let copy = try await SQLiteDatabase.open(path: directory.file("copy/state.db"))
        #expect(try await copy.read { try $0.first("SELECT count(*) FROM t")?.int64(0) } == 50)
        try await copy.close()
        try await database.close()
    }

    @Test("two connections take turns, and each sees what the other committed")
    func twoConnections() async throws {
        let directory = try TemporaryDirectory()
        let one = try await SQLiteDatabase.open(path: directory.file("state.db"))
        let two = try await SQLiteDatabase.open(path: directory.file("state.db"))
        try await one.write { [makeTable] in _ = try $0.execute(makeTable) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in 0..<40 {
                let database = id.isMultiple(of: 2) ? one : two
                group.addTask { try await database.write { _ = try $0.execute("INSERT INTO t VALUES (?, 'a')", [DatabaseValue(id)]) } }
            }
            try await group.waitForAll()
        }
        for database in [one, two] {
            #expect(try await database.read { try $0.first("SELECT count(*) FROM t")?.int64(0) } == 40)
            try await database.close()
        }
    }

    @Test("a lock held too long is `busy`, after the attempts allowed; released, it is passed")
    func busy() async throws {
        let directory = try TemporaryDirectory()
        var options = SQLiteDatabase.Options()
        options.busyTimeoutMilliseconds = 1
        options.attempts = 2
        let holder = try await SQLiteDatabase.open(path: directory.file("state.db"))
        let other = try await SQLiteDatabase.open(path: directory.file("state.db"), options: options)
        let (held, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let holding = Task {
            try await holder.write { [makeTable] transaction in
                try transaction.execute(makeTable)
                held.signal()
                release.wait()
            }
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                held.wait()
                continuation.resume()
            }
        }
        let refused = await Task { try await other.write { _ = try $0.execute("INSERT INTO t VALUES (1, 'a')") } }.result
        #expect(throws: DatabaseError.self) { try refused.get() }
        if case .failure(let error as DatabaseError) = refused { #expect(error.code == .busy) }
        release.signal()
        try await holding.value
        try await other.write { _ = try $0.execute("INSERT INTO t VALUES (1, 'a')") }
        try await holder.close()
        try await other.close()
    }

    @Test("a closure that was busy is run again")
    func rerun() async throws {
        let directory = try TemporaryDirectory()
        let database = try await SQLiteDatabase.open(path: directory.file("state.db"))
        let runs = Atomic(0)
        try await database.write { [makeTable] transaction in
            let run = runs.add(1, ordering: .relaxed).newValue
            try transaction.execute(makeTable)
            if run == 1 { throw DatabaseError(.busy, "for the test") }
        }
        #expect(runs.load(ordering: .relaxed) == 2)
        try await database.close()
    }

    @Test("a transaction that outlives its closure does nothing")
    func escaped() async throws {
        struct Box: @unchecked Sendable { let transaction: any Transaction }
        let directory = try TemporaryDirectory()
        let database = try await SQLiteDatabase.open(path: directory.file("state.db"))
        let box = try await database.write { Box(transaction: $0) }
        #expect(throws: DatabaseError(.closed, "the transaction has ended")) { try box.transaction.query("SELECT 1") }
        try await database.close()
    }
}
