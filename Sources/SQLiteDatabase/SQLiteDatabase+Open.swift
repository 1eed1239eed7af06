import Database
import Dispatch
import GRDB

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension SQLiteDatabase {
    /// Marks our files (`PRAGMA application_id`): "CtSn".
    static let applicationID: Int64 = 0x4374_536e

    /// Opens or creates a database, and looks whether it is whole.
    ///
    /// - Parameter path: of the file; its directory must exist.
    /// - Throws: ``DatabaseError`` with code `corrupt`, `cannotOpen`, `readOnly`, `full`, `io`, `busy`, or `schema` where the file belongs
    ///   to another program. The message names the file.
    package static func open(path: String, options: Options = Options()) async throws(StateError) -> SQLiteDatabase {
        let result: Result<SQLiteDatabase, StateError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                do {
                    continuation.resume(returning: .success(try openBlocking(path: path, options: options)))
                } catch {
                    continuation.resume(returning: .failure(Self.explained(StateError(error), path: path)))
                }
            }
        }
        return try result.get()
    }

    private static func openBlocking(path: String, options: Options) throws -> SQLiteDatabase {
        try prepareFile(path)
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(Double(options.busyTimeoutMilliseconds) / 1000)
        configuration.maximumReaderCount = max(1, options.readers)
        configuration.label = "countersign.state"
        configuration.prepareDatabase { connection in
            // A schema is data: a planted view or trigger must not call functions with side effects.
            try connection.execute(sql: "PRAGMA trusted_schema = OFF")
            try connection.execute(sql: "PRAGMA cell_size_check = ON")
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        do {
            try pool.writeWithoutTransaction { connection in
                // After the pool was made, because it lowers this to NORMAL, which loses commits with the power.
                try connection.execute(sql: "PRAGMA synchronous = FULL")
                try check(connection)
            }
        } catch {
            try? pool.close()
            throw error
        }
        return SQLiteDatabase(pool: pool, options: options)
    }

    /// Creates the file with its mode before SQLite would with the umask's; its companions take over the mode.
    private static func prepareFile(_ path: String) throws(StateError) {
        // An existing file is not opened here: closing it again would drop the locks of our other connections to it (POSIX).
        let descriptor = openFile(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor >= 0 {
            closeFile(descriptor)
        } else if errno == EEXIST {
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw StateError(.cannotOpen, "it is not a regular file")
            }
            if status.st_mode & 0o077 != 0, chmod(path, 0o600) != 0 {
                throw StateError(.cannotOpen, "others may read it, and its mode cannot be changed: \(String(cString: strerror(errno)))")
            }
        } else {
            let code: StateError.Code = errno == ENOSPC ? .full : errno == EROFS ? .readOnly : .cannotOpen
            throw StateError(code, "it cannot be created: \(String(cString: strerror(errno)))")
        }
    }

    private static func check(_ connection: SQLiteConnection) throws {
        let findings = try String.fetchAll(connection, sql: "PRAGMA quick_check(1)")
        guard findings == ["ok"] else { throw StateError(.corrupt, findings.first ?? "the check gave no answer") }
        let identity = try Int64.fetchOne(connection, sql: "PRAGMA application_id") ?? 0
        guard identity != applicationID else { return }
        let tables = try Int64.fetchOne(connection, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard identity == 0, tables == 0 else { throw StateError(.schema, "it is another program's database") }
        try connection.execute(sql: "PRAGMA application_id = \(applicationID)")
    }

    private static func explained(_ error: StateError, path: String) -> StateError {
        let advice =
            switch error.code {
            case .corrupt: "the state database \(path) is damaged (\(error.message)). Restore it from a backup."
            case .busy: "the state database \(path) is in use by another process"
            case .full: "no room on the disk for the state database \(path)"
            default: "the state database \(path) cannot be opened: \(error.message)"
            }
        return StateError(error.code, advice)
    }
}

// The C functions, which the static function of the same name would hide.
private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
private func closeFile(_ descriptor: Int32) { _ = close(descriptor) }
