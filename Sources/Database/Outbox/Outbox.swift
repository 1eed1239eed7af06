package import Core

/// The events of committed changes, until the log has them (I1).
///
/// A change and its event are one transaction: neither is ever without the other. The number of the event's source comes from a
/// counter row in that same transaction, so that the stream has no gap and a lost event would show.
package enum Outbox {
    package static let migrations = [
        Migration(
            room: "outbox", number: 1, name: "outbox and its counter",
            statements: [
                "CREATE TABLE outbox_counter (one BIGINT PRIMARY KEY CHECK (one = 1), next_number BIGINT NOT NULL)",
                "INSERT INTO outbox_counter (one, next_number) VALUES (1, 0)",
                """
                CREATE TABLE outbox (
                    number BIGINT PRIMARY KEY, id TEXT NOT NULL UNIQUE, leaf BLOB NOT NULL,
                    time_offset BIGINT NOT NULL, number_offset BIGINT NOT NULL, sealed BLOB NOT NULL)
                """,
            ]),
        Migration(
            room: "outbox", number: 2, name: "the log that the numbers belong to, once it is not the first",
            statements: ["ALTER TABLE outbox_counter ADD COLUMN log TEXT"]),
    ]

    /// The number that the next event will get: how many there have ever been.
    package static func nextNumber(_ transaction: any Transaction) throws(DatabaseError) -> Int64 {
        guard let row = try transaction.first("SELECT next_number FROM outbox_counter WHERE one = 1") else {
            throw DatabaseError(.corrupt, "the outbox has lost its counter: restore the state from a backup")
        }
        return try row.int64(0)
    }

    /// Begins the numbers anew, for a log that knows none of them: that of a new epoch. What waits was meant for the old log and is dropped;
    /// whoever calls this states the whole of the state again in the same transaction.
    package static func restart(for log: String, _ transaction: any Transaction) throws(DatabaseError) {
        try transaction.execute("DELETE FROM outbox")
        try transaction.execute("UPDATE outbox_counter SET next_number = 0, log = ? WHERE one = 1", [.text(log)])
    }

    /// Whether the numbers were begun for this log; false for the first log, which begins them by itself.
    package static func wasRestarted(for log: String, _ transaction: any Transaction) throws(DatabaseError) -> Bool {
        try transaction.first("SELECT one FROM outbox_counter WHERE log = ?", [.text(log)]) != nil
    }

    /// One record that waits.
    struct Entry: Sendable {
        let number: Int64
        let record: PreparedRecord
    }

    static func entries(from number: Int64, limit: Int, _ transaction: any Transaction) throws(DatabaseError) -> [Entry] {
        let rows = try transaction.query(
            "SELECT number, id, leaf, time_offset, number_offset, sealed FROM outbox WHERE number >= ? ORDER BY number LIMIT ?",
            [.int64(number), DatabaseValue(limit)])
        var entries: [Entry] = []
        entries.reserveCapacity(rows.count)
        for row in rows {
            let number = try row.int64(0)
            guard let timeOffset = Int(exactly: try row.int64(3)), let numberOffset = Int(exactly: try row.int64(4)),
                let leaf = LeafTemplate(bytes: try row.blob(2), timeOffset: timeOffset, numberOffset: numberOffset)
            else { throw DatabaseError(.corrupt, "event \(number) in the outbox is damaged: restore the state from a backup") }
            let record = PreparedRecord(id: try row.text(1), stream: .state, leaf: leaf, sealed: try row.blob(5))
            entries.append(Entry(number: number, record: record))
        }
        return entries
    }
}

extension Transaction {
    /// Puts an event beside the change that this transaction makes (I1).
    /// - Parameter record: prepared for ``EventStream/state``.
    /// - Returns: its number in that stream, from 0, without gaps.
    @discardableResult
    package func record(_ record: PreparedRecord) throws(DatabaseError) -> Int64 {
        guard record.stream == .state else {
            throw DatabaseError(.misuse, "an event in the outbox must be prepared for the stream `state`")
        }
        // A row that every writer updates: transactions that record are in an order, and the numbers follow it.
        let counter = try first("UPDATE outbox_counter SET next_number = next_number + 1 WHERE one = 1 RETURNING next_number - 1")
        guard let number = try counter?.int64(0) else {
            throw DatabaseError(.corrupt, "the outbox has lost its counter: restore the state from a backup")
        }
        try execute(
            "INSERT INTO outbox (number, id, leaf, time_offset, number_offset, sealed) VALUES (?, ?, ?, ?, ?, ?)",
            [
                .int64(number), .text(record.id), .blob(record.leaf.bytes), DatabaseValue(record.leaf.timeOffset),
                DatabaseValue(record.leaf.numberOffset), .blob(record.sealed),
            ])
        return number
    }
}
