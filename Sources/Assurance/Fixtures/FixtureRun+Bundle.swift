import Core
import MerkleLog

extension FixtureFile {
    /// Runs a case from a bundle: its leaves become a signed log, the log a bundle, and the bundle is verified and reperformed.
    ///
    /// A leaf that a case lost was never logged: what follows it has another index than in ``run(_:materialise:)``.
    /// - Parameter path: for the bundle; the file must not exist.
    package func runFromBundle(_ fixtureCase: FixtureCase, path: String) throws -> FixtureOutcome {
        let expanded = try expand(fixtureCase)
        let signer = try NoteSigner(name: "fixture.example/log", seed: Array(repeating: 7, count: 32))
        let log = try MemoryLog(leaves: expanded.leaves.map(\.bytes), signer: signer)
        let test = try test
        let request = BundleRequest(
            range: 0..<UInt64(expanded.leaves.count), period: expanded.period, tests: [test], facts: fixtureCase.recomputed,
            createdAt: expanded.period.end, generator: "countersign control fixture", vkey: signer.verifier.vkey)
        let exported = try BundleExporter(source: log, request: request, signer: log.sign).export(to: path)
        let report = try BundleVerifier(key: signer.verifier).verify(path: path)
        if let fault = report.fault { throw AssuranceError(.invalidBundle, fault) }
        var items: [String: String] = [:]
        let found = try BundleReperformer(facts: fixtureCase.recomputed).reperform(path: path) { _, item in
            items[item.id] = item.result == "pass" ? "pass" : "\(item.result):\(item.reasonCode)"
        }
        guard found.agrees, let result = found.results.first, result == exported.results.first else {
            throw AssuranceError(.invalidBundle, found.differences.joined(separator: "; "))
        }
        if let failure = result.failure { throw AssuranceError(.malformedTest, failure) }
        return FixtureOutcome(summary: result.result, items: items)
    }

    /// The scripts with which the stock `sqlite3` runs a case: in this order.
    package func scripts(of fixtureCase: FixtureCase) throws -> [(name: String, sql: String)] {
        let expanded = try expand(fixtureCase)
        let leaves = expanded.leaves.map { EvidenceScripts.leaf(index: $0.index, json: String(decoding: $0.bytes, as: UTF8.self)) }
        return [
            ("schema.sql", EvidenceResources.schema),
            ("meta.sql", EvidenceScripts.meta(origin: "fixture", first: 0)),
            ("catalogue.sql", try EvidenceScripts.builtInCatalogue.get()),
            ("period.sql", EvidenceScripts.period(expanded.period)),
            ("leaves.sql", "BEGIN;\n" + leaves.joined() + "COMMIT;\n"),
            ("load.sql", EvidenceResources.load),
            ("facts.sql", EvidenceScripts.facts(fixtureCase.recomputed)),
            ("test.sql", try test.sql),
        ]
    }
}
