import Core
import GRDBSQLite

/// Says what a script of a bundle may do, and for how long.
final class StatementGuardian {
    private let microsecondsAllowed: Int64
    private var deadline: Int64 = .max

    init(microsecondsAllowed: Int64) {
        self.microsecondsAllowed = microsecondsAllowed
    }

    /// A statement's step begins.
    func begin() { deadline = monotonicMicroseconds() + microsecondsAllowed }

    fileprivate var isLate: Bool { monotonicMicroseconds() > deadline }

    /// - Parameter handle: of the connection that owns this, and outlives none of its calls.
    func install(on handle: OpaquePointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_progress_handler(
            handle, 100_000,
            { context in
                guard let context else { return 1 }
                return Unmanaged<StatementGuardian>.fromOpaque(context).takeUnretainedValue().isLate ? 1 : 0
            }, context)
        sqlite3_set_authorizer(
            handle,
            { _, action, first, second, _, _ in
                switch action {
                case SQLITE_ATTACH, SQLITE_DETACH, SQLITE_CREATE_TRIGGER, SQLITE_CREATE_TEMP_TRIGGER, SQLITE_CREATE_VTABLE, SQLITE_DROP_VTABLE:
                    return SQLITE_DENY
                case SQLITE_PRAGMA:
                    // materialise.sql renames tables under views that name them.
                    return first.map { String(cString: $0) } == "legacy_alter_table" ? SQLITE_OK : SQLITE_DENY
                case SQLITE_FUNCTION:
                    let name = second.map { String(cString: $0) } ?? ""
                    return ["load_extension", "fts3_tokenizer", "writefile", "readfile", "edit"].contains(name) ? SQLITE_DENY : SQLITE_OK
                default: return SQLITE_OK
                }
            }, nil)
    }
}
