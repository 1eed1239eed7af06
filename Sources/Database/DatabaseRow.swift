/// One row of an answer; columns are read by their position, from 0.
package struct DatabaseRow: Hashable, Sendable {
    package let values: [DatabaseValue]

    package init(_ values: [DatabaseValue]) { self.values = values }

    /// - Throws: ``DatabaseError/Code/type`` where the column is missing, null or of another type; so do the others below.
    package func int64(_ column: Int) throws(DatabaseError) -> Int64 {
        guard case .int64(let value) = try value(column) else { throw mismatch(column, "an integer") }
        return value
    }

    package func text(_ column: Int) throws(DatabaseError) -> String {
        guard case .text(let value) = try value(column) else { throw mismatch(column, "text") }
        return value
    }

    package func blob(_ column: Int) throws(DatabaseError) -> [UInt8] {
        guard case .blob(let value) = try value(column) else { throw mismatch(column, "a blob") }
        return value
    }

    package func optionalInt64(_ column: Int) throws(DatabaseError) -> Int64? {
        try value(column) == .null ? nil : int64(column)
    }

    package func optionalText(_ column: Int) throws(DatabaseError) -> String? {
        try value(column) == .null ? nil : text(column)
    }

    package func optionalBlob(_ column: Int) throws(DatabaseError) -> [UInt8]? {
        try value(column) == .null ? nil : blob(column)
    }

    private func value(_ column: Int) throws(DatabaseError) -> DatabaseValue {
        guard values.indices.contains(column) else { throw DatabaseError(.type, "the answer has no column \(column)") }
        return values[column]
    }

    private func mismatch(_ column: Int, _ expected: String) -> DatabaseError {
        DatabaseError(.type, "column \(column) of the answer is not \(expected)")
    }
}
