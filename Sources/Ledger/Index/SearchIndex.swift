package import Core
import GRDB

/// Finds records by id in a database of its own: unsynced, deletable, rebuilt from the log, and never authoritative.
///
/// Calls block. Writes come from the integrator's thread only; reads from anywhere.
package final class SearchIndex: Sendable {
    /// One entry, as the index keeps it.
    package struct Row: Sendable {
        package var index: UInt64
        package var id: String
        package var type: String
        /// Microseconds since 1970.
        package var recordedAt: Int64
        package var requestID: String?
        package var system: String?
        package var outcome: String
        /// Where the sealed contents lie; nil where there are none.
        package var payload: PayloadLocation?
    }

    private let pool: DatabasePool
    private let path: String
    private static let version = 3

    /// Opens the index; one that is damaged, of another log or of another version is thrown away.
    /// - Parameters:
    ///   - path: of the database file.
    ///   - origin: of the log.
    package init(path: String, origin: String) throws {
        self.path = path
        func open() throws -> DatabasePool {
            var configuration = Configuration()
            configuration.maximumReaderCount = 4
            configuration.prepareDatabase { db in
                try db.execute(sql: "PRAGMA synchronous=OFF")
                try db.execute(sql: "PRAGMA trusted_schema=OFF")
                try db.execute(sql: "PRAGMA cache_size=-4096")
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.write { db in try Self.prepare(db, origin: origin) }
            return pool
        }
        do {
            pool = try open()
        } catch {
            for suffix in ["", "-wal", "-shm"] { _ = try DurableFile.remove(path + suffix) }
            do { pool = try open() } catch { throw LedgerError(.io, "the search index \(path) cannot be made: \(error)") }
        }
    }

    private static func prepare(_ db: GRDB.Database, origin: String) throws {
        try db.execute(sql: "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT")
        let known = try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key='log'")
        let wanted = "\(version) \(origin)"
        if let known, known != wanted { throw LedgerError(.invalid, "the index is of another log or version") }
        if known == nil {
            try db.execute(
                sql: """
                    CREATE TABLE entry (
                      idx INTEGER PRIMARY KEY,
                      id TEXT NOT NULL,
                      type TEXT NOT NULL,
                      at_us INTEGER NOT NULL,
                      request_id TEXT,
                      system TEXT,
                      outcome TEXT NOT NULL,
                      segment INTEGER,
                      offset INTEGER,
                      length INTEGER
                    ) STRICT;
                    CREATE UNIQUE INDEX entry_id ON entry(id);
                    CREATE INDEX entry_request ON entry(request_id) WHERE request_id IS NOT NULL;
                    -- Small, for most requests complete: what is looked for among the many.
                    CREATE INDEX entry_unusual ON entry(type, idx) WHERE \(unusual);
                    CREATE TABLE tally (
                      minute INTEGER NOT NULL,
                      type TEXT NOT NULL,
                      entries INTEGER NOT NULL,
                      PRIMARY KEY (minute, type)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE pack (
                      segment INTEGER PRIMARY KEY,
                      digest TEXT NOT NULL
                    ) STRICT;
                    INSERT INTO meta VALUES ('size', '0');
                    """)
            try db.execute(sql: "INSERT INTO meta VALUES ('log', ?)", arguments: [wanted])
        }
    }

    /// Entries indexed so far.
    package func size() throws -> UInt64 {
        try pool.read { db in try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key='size'").flatMap { UInt64($0) } ?? 0 }
    }

    /// Forgets everything; the log will be read again.
    func reset() throws {
        try write { db in
            try db.execute(sql: "DELETE FROM entry; DELETE FROM tally; DELETE FROM pack; UPDATE meta SET value='0' WHERE key='size'")
        }
    }

    /// Adds the entries up to a size.
    func add(_ rows: [Row], size: UInt64) throws {
        try write { db in
            let insert = try IndexInsertion(db.cachedStatement(sql: "INSERT OR REPLACE INTO entry VALUES (?,?,?,?,?,?,?,?,?,?)"))
            for row in rows { try insert.run(row) }
            try Self.tally(rows, db)
            try db.execute(sql: "UPDATE meta SET value=? WHERE key='size'", arguments: [String(size)])
        }
    }

    /// Counts by minute and type: what a page shows of a day must not be counted over its every entry.
    private static func tally(_ rows: [Row], _ db: GRDB.Database) throws {
        struct Key: Hashable {
            let minute: Int64
            let type: String
        }
        var counts: [Key: Int64] = [:]
        for row in rows { counts[Key(minute: row.recordedAt / minute, type: row.type), default: 0] += 1 }
        let statement = try db.cachedStatement(
            sql: "INSERT INTO tally VALUES (?,?,?) ON CONFLICT DO UPDATE SET entries = entries + excluded.entries")
        for (key, count) in counts { try statement.execute(arguments: [key.minute, key.type, count]) }
    }

    /// What the partial index holds. A query must say it in these very words for the planner to use the index.
    static let unusual = "type IN ('inference.denied', 'inference.failed', 'inference.aborted')"

    /// Microseconds.
    static let minute: Int64 = 60_000_000

    /// A transaction; what goes wrong in it names the file.
    private func write(_ body: (GRDB.Database) throws -> Void) throws {
        do { try pool.write(body) } catch { throw LedgerError(.io, "the search index \(path): \(error)") }
    }

    /// Reads what is missing from the log's bundles.
    func catchUp(to size: UInt64, store: TreeStore) throws {
        var at = try self.size()
        if at > size { throw LedgerError(.inconsistent, "the index knows \(at) entries, the log \(size)") }
        while at < size {
            let next = min(size, at + 65_536)
            var rows: [Row] = []
            try store.forEachEntry(from: at, through: next, size: size) { index, leaf in
                rows.append(try Row(index: index, leaf: leaf, payload: nil))
            }
            at = next
            try add(rows, size: at)
        }
    }

    /// Notes where sealed contents lie.
    func locate(_ found: [(index: UInt64, location: PayloadLocation)]) throws {
        guard !found.isEmpty else { return }
        try write { db in
            let statement = try db.cachedStatement(sql: "UPDATE entry SET segment=?, offset=?, length=? WHERE idx=?")
            for (index, location) in found {
                statement.setUncheckedArguments([Int64(location.segment), location.offset, location.length, Int64(index)])
                try statement.execute()
            }
        }
    }

    /// Notes which pack a segment became.
    func name(pack: String, of segment: UInt64) throws {
        try write { db in try db.execute(sql: "INSERT OR REPLACE INTO pack VALUES (?,?)", arguments: [Int64(segment), pack]) }
    }

    // MARK: Reading

    /// The entry of an event.
    package func entry(id: String) throws -> Row? {
        try pool.read { db in
            try GRDB.Row.fetchOne(db, sql: Self.select + " WHERE e.id=?", arguments: [id]).map(Self.row)
        }
    }

    /// The entries that answer a request, in order; at most 100.
    package func answers(to requestID: String) throws -> [Row] {
        try pool.read { db in
            try GRDB.Row.fetchAll(db, sql: Self.select + " WHERE e.request_id=? ORDER BY e.idx LIMIT 100", arguments: [requestID]).map(Self.row)
        }
    }

    /// The first index recorded at or after a moment; nil if there is none.
    package func firstIndex(at time: Timestamp) throws -> UInt64? {
        // recorded_at is monotone with the index (I6): a binary search needs no index on it.
        try pool.read { db in
            var low: Int64 = 0
            var high = try Int64.fetchOne(db, sql: "SELECT coalesce(max(idx)+1,0) FROM entry") ?? 0
            let end = high
            while low < high {
                let middle = (low + high) / 2
                let at = try Int64.fetchOne(db, sql: "SELECT at_us FROM entry WHERE idx=?", arguments: [middle]) ?? .max
                if at < time.microseconds { low = middle + 1 } else { high = middle }
            }
            return low < end ? UInt64(low) : nil
        }
    }

    /// How many entries of a type were recorded in `[from, to)`.
    package func count(of type: String, from: Timestamp, to: Timestamp) throws -> Int64 {
        guard let first = try firstIndex(at: from) else { return 0 }
        let end = try firstIndex(at: to).map { Int64($0) } ?? .max
        return try pool.read { db in
            try Int64.fetchOne(
                db, sql: "SELECT count(*) FROM entry WHERE idx>=? AND idx<? AND type=?", arguments: [Int64(first), end, type]) ?? 0
        }
    }

    /// How many entries of each type there are.
    package func counts() throws -> [String: Int] {
        try pool.read { db in
            let rows = try GRDB.Row.fetchAll(db, sql: "SELECT type, sum(entries) AS n FROM tally GROUP BY type")
            return Dictionary(rows.map { ($0["type"] as String, $0["n"] as Int) }, uniquingKeysWith: +)
        }
    }

    func read<Result>(_ body: (GRDB.Database) throws -> Result) throws -> Result { try pool.read(body) }

    static func entry(_ index: Int64, _ db: GRDB.Database) throws -> Row? {
        try GRDB.Row.fetchOne(db, sql: select + " WHERE e.idx=?", arguments: [index]).map(row)
    }

    private static let select = """
        SELECT e.idx, e.id, e.type, e.at_us, e.request_id, e.system, e.outcome, e.segment, p.digest AS pack, e.offset, e.length
        FROM entry e LEFT JOIN pack p ON p.segment=e.segment
        """

    private static func row(_ row: GRDB.Row) -> Row {
        let segment: Int64? = row["segment"]
        return Row(
            index: UInt64(row["idx"] as Int64), id: row["id"], type: row["type"], recordedAt: row["at_us"], requestID: row["request_id"],
            system: row["system"], outcome: row["outcome"],
            payload: segment.map { PayloadLocation(segment: UInt64($0), pack: row["pack"], offset: row["offset"], length: row["length"]) })
    }
}

extension SearchIndex.Row {
    init(_ record: StoredRecord, _ fields: LeafFields) {
        self.init(
            index: record.index, fields: fields,
            payload: record.sealed.isEmpty ? nil : PayloadLocation(record))
    }

    init(index: UInt64, leaf: UnsafeRawBufferPointer, payload: PayloadLocation?) throws {
        guard let fields = LeafFields(leaf: leaf) else { throw LedgerError(.inconsistent, "entry \(index) is no event") }
        self.init(index: index, fields: fields, payload: payload)
    }

    private init(index: UInt64, fields: LeafFields, payload: PayloadLocation?) {
        self.init(
            index: index, id: fields.id, type: fields.type, recordedAt: fields.recordedAt.microseconds, requestID: fields.requestID,
            system: fields.system, outcome: fields.outcome, payload: payload)
    }
}

extension LeafFields {
    init(_ record: StoredRecord) throws {
        guard let fields = LeafFields(leaf: record.leaf) else { throw LedgerError(.inconsistent, "record \(record.index) is no event") }
        self = fields
    }
}
