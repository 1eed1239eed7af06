package import Core
import GRDB

/// Requests, as lists of them are read: the intent with its outcome, if it has one.
extension SearchIndex {
    package struct Request: Sendable {
        package var intent: Row
        /// nil while the request is open.
        package var outcome: Row?
    }

    /// What a list is narrowed to.
    package struct RequestFilter: Sendable {
        /// The outcome's type; nil for any, open ones included.
        package var outcome: EventType?
        package var system: String?

        package init(outcome: EventType? = nil, system: String? = nil) {
            self.outcome = outcome
            self.system = system
        }
    }

    /// Requests, the newest first. Blocks.
    /// - Parameters:
    ///   - index: only those before it; nil for the newest.
    ///   - limit: 1 to 500.
    package func requests(_ filter: RequestFilter = RequestFilter(), before index: UInt64? = nil, limit: Int) throws -> [Request] {
        var conditions = ["e.type = ?"]
        var arguments: [any DatabaseValueConvertible] = [EventType.inferenceRequested.name]
        if let index {
            conditions.append("e.idx < ?")
            arguments.append(Int64(clamping: index))
        }
        if let system = filter.system {
            conditions.append("e.system = ?")
            arguments.append(system)
        }
        if let outcome = filter.outcome {
            conditions.append("o.type = ?")
            arguments.append(outcome.name)
        }
        arguments.append(min(max(limit, 1), 500))
        // Other events answer a request too (an unsealing does): only its outcome is joined.
        let outcomes = EventType.inferenceOutcomes.map { "'\($0.name)'" }.sorted().joined(separator: ",")
        let sql = """
            SELECT e.idx, o.idx AS outcome_idx
            FROM entry e LEFT JOIN entry o ON o.request_id = e.id AND o.type IN (\(outcomes))
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY e.idx DESC LIMIT ?
            """
        return try read { db in
            try GRDB.Row.fetchAll(db, sql: sql, arguments: StatementArguments(arguments)).compactMap { found -> Request? in
                guard let intent = try Self.entry(found["idx"], db) else { return nil }
                let outcome: Int64? = found["outcome_idx"]
                return Request(intent: intent, outcome: try outcome.flatMap { try Self.entry($0, db) })
            }
        }
    }

    /// How many outcomes of each type there were in `[from, to)`, by equal parts of that time. Blocks.
    /// - Returns: for each part, counts by type.
    package func outcomes(from: Timestamp, to: Timestamp, parts: Int) throws -> [[String: Int64]] {
        var counts = [[String: Int64]](repeating: [:], count: parts)
        guard parts > 0, from < to, let first = try firstIndex(at: from) else { return counts }
        let width = (to.microseconds - from.microseconds + Int64(parts) - 1) / Int64(parts)
        let outcomes = EventType.inferenceOutcomes.map { "'\($0.name)'" }.sorted().joined(separator: ",")
        let rows = try read { db in
            try GRDB.Row.fetchAll(
                db,
                sql: """
                    SELECT (at_us - ?) / ? AS part, type, count(*) AS n FROM entry
                    WHERE idx >= ? AND at_us < ? AND type IN (\(outcomes)) GROUP BY 1, 2
                    """, arguments: [from.microseconds, width, Int64(first), to.microseconds])
        }
        for row in rows {
            let part: Int = row["part"]
            if counts.indices.contains(part) { counts[part][row["type"], default: 0] += row["n"] as Int64 }
        }
        return counts
    }
}
