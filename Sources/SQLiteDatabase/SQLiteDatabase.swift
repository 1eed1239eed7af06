package import Database
import Dispatch
import GRDB
import Synchronization

/// State in one SQLite file: write-ahead log, `synchronous=FULL`, foreign keys and strict tables.
///
/// One writer and several readers, each on a thread of its own. The file is ours alone (mode 0600).
package final class SQLiteDatabase: Sendable {
    package struct Options: Sendable {
        /// How long one attempt waits for another connection's lock, in milliseconds.
        package var busyTimeoutMilliseconds = 5000
        /// How often a transaction is tried while the file is busy, at least 1.
        package var attempts = 3
        package var readers = 4
        /// For tests: every write runs twice, rolled back the first time, so that a closure with side effects is found.
        package var rehearsesWrites = false
        package init() {}
    }

    let pool: DatabasePool
    let options: Options
    private let isClosed = Atomic(false)

    init(pool: DatabasePool, options: Options) {
        self.pool = pool
        self.options = options
    }

    fileprivate func checkOpen() throws(StateError) {
        if isClosed.load(ordering: .acquiring) { throw StateError(.closed, "the database was closed") }
    }

    fileprivate func markClosed() -> Bool {
        !isClosed.exchange(true, ordering: .acquiringAndReleasing)
    }
}

extension SQLiteDatabase: StateDatabase {
    package func read<T: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> T) async throws -> T {
        try checkOpen()
        // Callbacks and not GRDB's async functions: those follow the task's cancellation.
        return try await withCheckedThrowingContinuation { continuation in
            pool.asyncRead { access in
                continuation.resume(
                    with: Result {
                        try StateError.translated {
                            let transaction = SQLiteTransaction(try access.get(), isWritable: false)
                            defer { transaction.end() }
                            return try body(transaction)
                        }
                    })
            }
        }
    }

    package func write<T: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> T) async throws -> T {
        try checkOpen()
        return try await withCheckedThrowingContinuation { continuation in
            pool.asyncWriteWithoutTransaction { [options] connection in
                continuation.resume(with: Result { try Self.attempt(body, options, on: connection) })
            }
        }
    }

    package func close() async throws(StateError) {
        guard markClosed() else { return }
        let result: Result<Void, StateError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [pool] in
                do {
                    try pool.close()
                    continuation.resume(returning: .success(()))
                } catch {
                    continuation.resume(returning: .failure(StateError(error)))
                }
            }
        }
        try result.get()
    }

    private static func attempt<T>(_ body: (any Transaction) throws -> T, _ options: Options, on connection: SQLiteConnection) throws -> T {
        var remaining = max(1, options.attempts)
        while true {
            remaining -= 1
            do {
                if options.rehearsesWrites { _ = try once(body, on: connection, completion: .rollback) }
                return try once(body, on: connection, completion: .commit)
            } catch let error as StateError where error.code == .busy && remaining > 0 {
                continue
            }
        }
    }

    private static func once<T>(
        _ body: (any Transaction) throws -> T, on connection: SQLiteConnection, completion: SQLiteConnection.TransactionCompletion
    ) throws -> T {
        var result: T?
        try StateError.translated {
            // Immediate: the write lock is taken before anything was read, so that nothing read can be out of date at commit.
            try connection.inTransaction(.immediate) {
                let transaction = SQLiteTransaction(connection, isWritable: true)
                defer { transaction.end() }
                result = try body(transaction)
                return completion
            }
        }
        guard let result else { throw StateError(.other, "the transaction ended without a result") }
        return result
    }
}
