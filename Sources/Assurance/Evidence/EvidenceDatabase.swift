import Core
import GRDBSQLite
package import MerkleLog

/// The evidence database: the log's leaves, byte for byte, and what plain SQL makes of them. Nothing else enters.
///
/// It is disposable: no journal, no sync. Memory stays bounded whatever the log's size: SQLite's cache is 64 MiB and nothing else grows.
/// For one thread at a time; calls block.
package final class EvidenceDatabase {
    /// Beyond this many leaves the costly views become tables.
    package static let materialisedFrom: Int64 = 100_000

    let connection: SQLiteConnection
    private let insertLeaf: SQLiteConnection.Statement
    package private(set) var leaves: Int64 = 0
    package let period: EvidencePeriod
    private var isOpenForLeaves = true

    /// Makes an empty evidence database.
    /// - Parameters:
    ///   - path: of a file that does not exist yet, or `:memory:`.
    ///   - origin: the log's, for `meta`.
    ///   - first: index of the first leaf that it will hold. What lies before is not judged: a source may begin within the log.
    ///   - schema: SQL of the tables and views; an old bundle brings its own.
    package init(
        path: String, origin: String, first: UInt64 = 0, period: EvidencePeriod, catalogueSQL: String? = nil,
        schema: String = EvidenceResources.schema
    ) throws {
        connection = try SQLiteConnection(path: path)
        self.period = period
        try connection.run(schema, named: "schema.sql")
        try connection.run(try catalogueSQL ?? EvidenceScripts.builtInCatalogue.get(), named: "catalogue.sql")
        try connection.run(EvidenceScripts.period(period), named: "period.sql")
        try connection.run(EvidenceScripts.meta(origin: origin, first: first), named: "meta.sql")
        insertLeaf = try connection.prepare("INSERT INTO leaf VALUES (?, ?)")
        try connection.run("BEGIN")
    }

    /// Adds one leaf, byte for byte.
    /// - Throws: `malformed_leaf` where it is no JSON text.
    package func add(leaf: UnsafeRawBufferPointer, index: UInt64) throws {
        precondition(isOpenForLeaves)
        insertLeaf.bind(1, Int64(clamping: index))
        do {
            try insertLeaf.run(text: leaf, at: 2)
        } catch {
            guard error.code == .database else { throw error }
            throw AssuranceError(.malformedLeaf, "entry \(index) cannot be loaded: \(error.message)")
        }
        leaves += 1
    }

    package func add(leaf: some Sequence<UInt8>, index: UInt64) throws {
        try Array(leaf).withUnsafeBytes { try add(leaf: $0, index: index) }
    }

    /// Fills `events` and `fact` from the leaves; no leaf can be added afterwards.
    package func load(script: String = EvidenceResources.load) throws {
        isOpenForLeaves = false
        try connection.run("COMMIT")
        try connection.run("BEGIN")
        try connection.run(script, named: "load.sql")
        try connection.run("COMMIT")
    }

    /// Turns the costly views into tables.
    package func materialise(script: String = EvidenceResources.materialise) throws {
        try connection.run(script, named: "materialise.sql")
    }

    /// Adds facts that the reader computed.
    package func add(facts: [EvidenceFact]) throws {
        let insert = try connection.prepare("INSERT INTO fact VALUES (?, ?, ?, ?, 'recomputed', NULL)")
        for fact in facts {
            for (position, text) in [fact.name, fact.itemID, fact.value, fact.method].enumerated() { insert.bind(CInt(position + 1), text) }
            try insert.run()
        }
    }

    /// Hashes every leaf again and adds the root at each size that a `log.verified` or an anchor speaks of, as the fact `chain`.
    /// - Parameter frontier: of the tree before the first leaf that is here; the empty one for a whole log.
    /// - Returns: the frontier after the last leaf.
    @discardableResult
    package func recomputeChain(from frontier: Frontier = Frontier()) throws -> Frontier {
        var wanted: Set<Int64> = []
        let sizes = try connection.prepare("SELECT tree_size FROM v_log_check UNION SELECT tree_size FROM v_anchor")
        while try sizes.step() {
            if let size = sizes.row.integer(0) { wanted.insert(size) }
        }
        var frontier = frontier
        var facts: [EvidenceFact] = []
        if wanted.contains(Int64(clamping: frontier.size)) { facts.append(Self.chainFact(frontier)) }
        let rows = try connection.prepare("SELECT idx, json FROM leaf ORDER BY idx")
        while try rows.step() {
            guard rows.row.integer(0) == Int64(clamping: frontier.size) else {
                throw AssuranceError(.outOfRange, "entry \(frontier.size) is missing: the tree cannot be rebuilt")
            }
            frontier.append(rows.row.withBytes(1) { TreeHashing.leafHash(of: $0) })
            if wanted.contains(Int64(clamping: frontier.size)) { facts.append(Self.chainFact(frontier)) }
        }
        try add(facts: facts)
        return frontier
    }

    private static func chainFact(_ frontier: Frontier) -> EvidenceFact {
        EvidenceFact(
            name: "chain", itemID: "\(frontier.size)", value: "sha256:" + frontier.root.bytes.hex,
            method: "rfc6962 rebuild of the tree from the leaves")
    }
}
