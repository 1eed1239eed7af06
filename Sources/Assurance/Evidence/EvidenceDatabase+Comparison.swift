import Crypto
import GRDBSQLite

extension EvidenceDatabase {
    private static let tables = ["meta", "leaf", "events", "fact", "period", "catalogue_test", "catalogue_parameter"]

    /// Compares every table, and the definitions of all tables and views, with another database.
    /// - Returns: what differs.
    func differences(from other: SQLiteConnection) throws -> [String] {
        var out: [String] = []
        let definitions = "SELECT type, name, tbl_name, sql FROM main.sqlite_master ORDER BY type, name"
        if try Self.digest(connection, definitions) != Self.digest(other, definitions) {
            // Nothing of a file that is built otherwise is read any further.
            return ["the enclosed evidence database has other tables or views"]
        }
        for table in Self.tables {
            let rows = "SELECT * FROM main.\(table) ORDER BY \(table == "fact" ? "name, item_id, origin, value, method, idx" : "1")"
            if try Self.digest(connection, rows) != Self.digest(other, rows) { out.append("the table \(table) of the enclosed evidence database") }
        }
        return out
    }

    /// Of every value of every row, its type and its bytes.
    private static func digest(_ connection: SQLiteConnection, _ query: String) throws -> SHA256.Digest {
        var hasher = SHA256()
        let rows = try connection.prepare(query)
        while try rows.step() {
            let row = rows.row
            for column in 0..<row.columns {
                let type = row.type(column)
                row.withBytes(column) { bytes in
                    withUnsafeBytes(of: (Int64(type), Int64(bytes.count))) { hasher.update(bufferPointer: $0) }
                    hasher.update(bufferPointer: bytes)
                }
            }
        }
        return hasher.finalize()
    }
}
