import Database
import GRDB

extension StateError {
    /// Runs a closure and turns SQLite's errors into ours; others pass as they are.
    static func translated<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as SQLiteFault {
            throw StateError(error)
        }
    }

    /// SQLite's messages name tables and columns; values, which its errors carry apart, are left out.
    init(_ error: any Error) {
        switch error {
        case let error as StateError: self = error
        case let error as SQLiteFault: self.init(Self.code(error.resultCode), error.message ?? "SQLite error \(error.extendedResultCode)")
        default: self.init(.other, "unexpected error of type \(type(of: error))")
        }
    }

    private static func code(_ result: ResultCode) -> Code {
        switch result {
        case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH: .constraint
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
        case .SQLITE_FULL: .full
        case .SQLITE_IOERR: .io
        case .SQLITE_READONLY: .readOnly
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: .cannotOpen
        case .SQLITE_SCHEMA: .schema
        case .SQLITE_ERROR, .SQLITE_MISUSE, .SQLITE_RANGE: .misuse
        default: .other
        }
    }
}
