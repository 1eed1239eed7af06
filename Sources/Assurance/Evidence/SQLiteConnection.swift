import GRDBSQLite

/// One connection to a disposable SQLite file, for scripts that may come out of a bundle.
///
/// Such a script reaches nothing but its own file: `ATTACH`, triggers, virtual tables, extensions and pragmas are refused while it is
/// compiled, and a statement that runs longer than the time given is stopped. Used from one thread at a time; calls block.
final class SQLiteConnection {
    private let handle: OpaquePointer
    private let guardian: StatementGuardian

    /// - Parameters:
    ///   - path: a file, or `:memory:`.
    ///   - readOnly: opens an existing file and never writes it.
    ///   - secondsAllowed: for one statement.
    init(path: String, readOnly: Bool = false, secondsAllowed: Int64 = 1800) throws(AssuranceError) {
        var opened: OpaquePointer?
        let flags = (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            sqlite3_close_v2(opened)
            throw AssuranceError(.database, "cannot open the evidence database \(path): \(String(cString: sqlite3_errstr(code)))")
        }
        handle = opened
        guardian = StatementGuardian(microsecondsAllowed: secondsAllowed * 1_000_000)
        sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, 64 << 20)
        sqlite3_limit(opened, SQLITE_LIMIT_ATTACHED, 0)
        if readOnly {
            try run("PRAGMA trusted_schema=OFF; PRAGMA query_only=ON; PRAGMA cell_size_check=ON")
        } else {
            // The file is made again when it is lost, so nothing is synced and nothing rolled back.
            try run("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-65536")
        }
        guardian.install(on: opened)
    }

    deinit { sqlite3_close_v2(handle) }

    func fault(_ what: String) -> AssuranceError {
        let text = String(cString: sqlite3_errmsg(handle))
        if sqlite3_errcode(handle) == SQLITE_INTERRUPT { return AssuranceError(.tooLong, "\(what): stopped after the time allowed") }
        return AssuranceError(.database, "\(what): \(text)")
    }

    /// Runs each statement of a script in turn.
    /// - Parameter skippingQueries: leaves out statements that only answer rows.
    func run(_ script: String, named name: String = "statement", skippingQueries: Bool = false) throws(AssuranceError) {
        var script = script
        let failure: AssuranceError? = script.withUTF8 { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                var statement: OpaquePointer?
                let slice = UnsafeBufferPointer(rebasing: rest)
                var consumed = 0
                let code = slice.withMemoryRebound(to: CChar.self) { text -> CInt in
                    var tail: UnsafePointer<CChar>?
                    let code = sqlite3_prepare_v2(handle, text.baseAddress, CInt(text.count), &statement, &tail)
                    consumed = tail.flatMap { tail in text.baseAddress.map { tail - $0 } } ?? text.count
                    return code
                }
                defer { sqlite3_finalize(statement) }
                guard code == SQLITE_OK else { return fault(name) }
                guard let statement else { return nil }
                rest = rest.dropFirst(consumed)
                if skippingQueries, sqlite3_column_count(statement) > 0, sqlite3_stmt_readonly(statement) != 0 { continue }
                guardian.begin()
                while true {
                    let step = sqlite3_step(statement)
                    if step == SQLITE_ROW { continue }
                    if step == SQLITE_DONE { break }
                    return fault(name)
                }
            }
            return nil
        }
        if let failure { throw failure }
    }

    func prepare(_ sql: String) throws(AssuranceError) -> Statement {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else { throw fault("query") }
        return Statement(statement: statement, connection: self)
    }

    /// The first column of the first row, as text.
    func text(_ sql: String) throws(AssuranceError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? Row(statement: statement.statement).text(0) : nil
    }

    func integer(_ sql: String) throws(AssuranceError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() ? Row(statement: statement.statement).integer(0) : nil
    }

    /// A compiled statement; finalised with its last reference.
    final class Statement {
        fileprivate let statement: OpaquePointer
        private let connection: SQLiteConnection

        fileprivate init(statement: OpaquePointer, connection: SQLiteConnection) {
            self.statement = statement
            self.connection = connection
        }

        deinit { sqlite3_finalize(statement) }

        func bind(_ position: CInt, _ value: Int64?) {
            if let value { sqlite3_bind_int64(statement, position, value) } else { sqlite3_bind_null(statement, position) }
        }

        func bind(_ position: CInt, _ value: String) {
            // -1 is SQLITE_TRANSIENT: SQLite keeps a copy.
            sqlite3_bind_text(statement, position, value, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
        }

        /// Runs an insert whose last parameter is text in memory of the caller's, which is read before this returns.
        func run(text: UnsafeRawBufferPointer, at position: CInt) throws(AssuranceError) {
            let bytes = text.bindMemory(to: CChar.self)
            sqlite3_bind_text(statement, position, bytes.baseAddress, CInt(bytes.count), nil)
            defer { sqlite3_bind_null(statement, position) }
            try run()
        }

        func run() throws(AssuranceError) {
            defer { sqlite3_reset(statement) }
            connection.guardian.begin()
            guard sqlite3_step(statement) == SQLITE_DONE else { throw connection.fault("insert") }
        }

        /// The row that the last step reached.
        var row: Row { Row(statement: statement) }

        /// - Returns: whether there is another row.
        func step() throws(AssuranceError) -> Bool {
            connection.guardian.begin()
            switch sqlite3_step(statement) {
            case SQLITE_ROW: return true
            case SQLITE_DONE: return false
            default: throw connection.fault("query")
            }
        }
    }

    /// The row that a statement stands on; valid until its next step.
    struct Row {
        fileprivate let statement: OpaquePointer

        var columns: CInt { sqlite3_column_count(statement) }
        func type(_ column: CInt) -> CInt { sqlite3_column_type(statement, column) }
        func isNull(_ column: CInt) -> Bool { type(column) == SQLITE_NULL }
        func integer(_ column: CInt) -> Int64? { isNull(column) ? nil : sqlite3_column_int64(statement, column) }

        func text(_ column: CInt) -> String? {
            isNull(column) ? nil : withBytes(column) { String(decoding: $0, as: UTF8.self) }
        }

        func withBytes<R>(_ column: CInt, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
            let start = sqlite3_column_text(statement, column)
            return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
        }
    }
}
