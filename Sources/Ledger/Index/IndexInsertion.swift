import GRDB
import GRDBSQLite

/// The one statement that runs for every record, bound without the driver's boxes: they cost as much as the insertion itself.
struct IndexInsertion {
    private let statement: OpaquePointer

    init(_ statement: Statement) { self.statement = statement.sqliteStatement }

    func run(_ row: SearchIndex.Row) throws {
        bind(1, Int64(row.index))
        bind(2, row.id)
        bind(3, row.type)
        bind(4, row.recordedAt)
        bind(5, row.requestID)
        bind(6, row.system)
        bind(7, row.outcome)
        bind(8, row.payload.map { Int64($0.segment) })
        bind(9, row.payload.map { Int64($0.offset) })
        bind(10, row.payload.map { Int64($0.length) })
        let code = sqlite3_step(statement)
        let connection = sqlite3_db_handle(statement)
        let message = code == SQLITE_DONE ? nil : "\(String(cString: sqlite3_errmsg(connection))) (\(sqlite3_extended_errcode(connection)))"
        sqlite3_reset(statement)
        if let message { throw LedgerError(.io, "entry \(row.index): \(message)") }
    }

    private func bind(_ place: Int32, _ value: Int64?) {
        if let value { sqlite3_bind_int64(statement, place, value) } else { sqlite3_bind_null(statement, place) }
    }

    private func bind(_ place: Int32, _ value: String?) {
        guard var value else {
            sqlite3_bind_null(statement, place)
            return
        }
        value.withUTF8 { bytes in
            // Copied at once. An empty text has no address, and no address would bind NULL.
            _ = bytes.withMemoryRebound(to: CChar.self) { text in
                sqlite3_bind_text(statement, place, text.baseAddress ?? UnsafePointer(bitPattern: 1), Int32(text.count), Self.transient)
            }
        }
    }

    /// `SQLITE_TRANSIENT`, a macro that is not imported.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}
