package import Core
import GRDB

/// Requests, as lists of them are read: the intent with its outcome, if it has one.
extension SearchIndex {
    package struct Request: Sendable {
        package var intent: Row
        /// nil while the request is open.
        package var outcome: Row?
        /// Where a list goes on after this request.
        package var cursor: UInt64
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

    /// Requests, the newest first; those of an unusual outcome by its time. Blocks.
    /// - Parameters:
    ///   - cursor: of the last request of the page before; nil for the newest.
    ///   - limit: 1 to 500.
    package func requests(_ filter: RequestFilter = RequestFilter(), before cursor: UInt64? = nil, limit: Int) throws -> [Request] {
        var arguments: [any DatabaseValueConvertible] = []
        var conditions: [String] = []
        // Unusual outcomes have an index of their own: the search goes from them to their intents, not the other way.
        let isUnusual = filter.outcome.map { $0 != .inferenceCompleted } ?? false
        let driving = isUnusual ? "o" : "e"
        let types = isUnusual ? [filter.outcome ?? .inferenceDenied] : [.inferenceRequested]
        if isUnusual { conditions.append("o." + Self.unusual) }
        conditions.append("\(driving).type IN (\(Self.list(types)))")
        if let cursor {
            conditions.append("\(driving).idx < ?")
            arguments.append(Int64(clamping: cursor))
        }
        if let system = filter.system {
            conditions.append("\(driving).system = ?")
            arguments.append(system)
        }
        if !isUnusual, let outcome = filter.outcome {
            conditions.append("o.type = ?")
            arguments.append(outcome.name)
        }
        arguments.append(min(max(limit, 1), 500))
        // Other events answer a request too (an unsealing does): only its outcome is joined.
        let tables =
            isUnusual
            ? "entry o JOIN entry e ON e.id = o.request_id"
            : "entry e LEFT JOIN entry o ON o.request_id = e.id AND o.type IN (\(Self.list(EventType.inferenceOutcomes)))"
        let sql = """
            SELECT e.idx, o.idx AS outcome_idx FROM \(tables)
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(driving).idx DESC LIMIT ?
            """
        return try read { db in
            try GRDB.Row.fetchAll(db, sql: sql, arguments: StatementArguments(arguments)).compactMap { found -> Request? in
                guard let intent = try Self.entry(found["idx"], db) else { return nil }
                let outcome = try (found["outcome_idx"] as Int64?).flatMap { try Self.entry($0, db) }
                return Request(intent: intent, outcome: outcome, cursor: isUnusual ? outcome?.index ?? intent.index : intent.index)
            }
        }
    }

    private static func list(_ types: some Sequence<EventType>) -> String {
        types.map { "'\($0.name)'" }.sorted().joined(separator: ",")
    }

    /// How many outcomes of each type there were in whole minutes of `[from, to)`, by equal parts of that time. Blocks.
    /// - Returns: for each part, counts by type.
    package func outcomes(from: Timestamp, to: Timestamp, parts: Int) throws -> [[String: Int64]] {
        var counts = [[String: Int64]](repeating: [:], count: max(parts, 0))
        let (first, end) = (from.microseconds / Self.minute, (to.microseconds + Self.minute - 1) / Self.minute)
        guard parts > 0, first < end else { return counts }
        let width = (end - first + Int64(parts) - 1) / Int64(parts)
        let rows = try read { db in
            try GRDB.Row.fetchAll(
                db,
                sql: """
                    SELECT (minute - ?) / ? AS part, type, sum(entries) AS n FROM tally
                    WHERE minute >= ? AND minute < ? AND type IN (\(Self.list(EventType.inferenceOutcomes))) GROUP BY 1, 2
                    """, arguments: [first, width, first, end])
        }
        for row in rows {
            let part: Int = row["part"]
            if counts.indices.contains(part) { counts[part][row["type"], default: 0] += row["n"] as Int64 }
        }
        return counts
    }
}
