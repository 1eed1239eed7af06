package import Core

extension EvidenceDatabase {
    /// Entries by type.
    package func countsByType() throws -> [String: Int64] {
        var counts: [String: Int64] = [:]
        let rows = try connection.prepare("SELECT type, count(*) FROM events GROUP BY type")
        while try rows.step() {
            if let type = rows.row.text(0) { counts[type] = rows.row.integer(1) }
        }
        return counts
    }

    /// The day manifests, with their index.
    package func dayManifests() throws -> [JSONValue] {
        var manifests: [JSONValue] = []
        let rows = try connection.prepare(
            "SELECT e.idx, l.json FROM events e JOIN leaf l ON l.idx = e.idx WHERE e.type = 'manifest.closed' ORDER BY e.idx")
        while try rows.step() {
            let event = try JSONParser.parse(rows.row.withBytes(1) { Array($0) })
            manifests.append(["event": event, "idx": .int(rows.row.integer(0) ?? 0)])
        }
        return manifests
    }

    /// Facts of origin `recomputed`.
    package func recomputedFacts() throws -> [EvidenceFact] {
        var facts: [EvidenceFact] = []
        let rows = try connection.prepare("SELECT name, item_id, value, method FROM fact WHERE origin = 'recomputed' ORDER BY 1, 2, 3, 4")
        while try rows.step() {
            let texts = (0..<4).map { rows.row.text(CInt($0)) ?? "" }
            facts.append(EvidenceFact(name: texts[0], itemID: texts[1], value: texts[2], method: texts[3]))
        }
        return facts
    }
}
