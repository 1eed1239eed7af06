import Assurance
import Core
import Foundation
import Ledger
import MerkleLog

/// Makes the evidence database of a whole log from its leaves alone and runs the control tests over it: what `inference-log` left in DIR.
struct EvidenceBenchmark {
    let directory: String

    func run() throws -> String {
        let store = TreeStore(directory: directory + "/ledger")
        guard let note = try store.checkpoint() else { throw LedgerError(.missing, "no checkpoint in \(directory)/ledger") }
        let checkpoint = try SignedCheckpoint(parsing: note)
        let size = checkpoint.checkpoint.size
        let source = TreeLogSource(store: store, checkpoint: checkpoint)
        let now = SystemClock().now().microseconds / Timestamp.day * Timestamp.day
        let period = try EvidencePeriod(
            start: Timestamp(microseconds: now - Timestamp.day), end: Timestamp(microseconds: now + Timestamp.day))
        let folder = try TemporaryFolder(in: directory)
        let path = folder.file("evidence.db")
        var times: [(String, Double)] = []
        func measured(_ name: String, _ body: () throws -> Void) rethrows {
            let start = monotonicMicroseconds()
            try body()
            times.append((name, Double(monotonicMicroseconds() - start) / 1_000_000))
        }
        let database = try EvidenceDatabase(path: path, origin: checkpoint.checkpoint.origin, period: period)
        try measured("leaves_s") { try source.eachLeaf(in: 0..<size, size: size) { try database.add(leaf: $1, index: $0) } }
        try measured("load_s") { try database.load() }
        try measured("chain_s") {
            guard try database.recomputeChain().root == checkpoint.checkpoint.root else { throw LedgerError(.invalid, "another root") }
        }
        if database.leaves >= EvidenceDatabase.materialisedFrom { try measured("views_s") { try database.materialise() } }
        let materialise = times.reduce(0) { $0 + $1.1 }
        var results: [ControlTestResult] = []
        let tests = try ControlTest.named([])
        measured("tests_s") {
            for test in tests {
                let start = monotonicMicroseconds()
                results.append(database.run(test))
                let seconds = Double(monotonicMicroseconds() - start) / 1_000_000
                FileHandle.standardError.write(Data("\(test.id) \(String(format: "%.2f", seconds)) s\n".utf8))
            }
        }
        if let failed = results.first(where: { $0.failure != nil }) { throw LedgerError(.invalid, failed.failure ?? "") }
        let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        times += [
            ("materialise_s", materialise), ("peak_rss_mib", Self.peakMebibytes), ("file_mib", Double(bytes) / 1_048_576),
            ("entries", Double(size)), ("tests", Double(results.count)),
        ]
        return times.map { "\($0.0)=\(String(format: "%.2f", $0.1))" }.joined(separator: " ")
    }

    private static var peakMebibytes: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(0), &usage)
        return Double(usage.ru_maxrss) / 1024
    }
}
