import Assurance
import Core
import Foundation
import MerkleLog
import Testing

@Suite("Evidence bundles")
struct BundleTests {
    private func export(_ synthetic: SyntheticLog, _ log: MemoryLog, _ request: BundleRequest, _ folder: TemporaryFolder, _ name: String = "b.zip")
        throws
        -> String
    {
        let path = folder.file(name)
        try BundleExporter(source: log, request: request, signer: log.sign).export(to: path)
        return path
    }

    @Test("a bundle of a whole log verifies, and its evidence is found again", arguments: [1, 255, 256, 257, 700])
    func whole(size: Int) throws {
        let synthetic = try SyntheticLog(requests: 350)
        let folder = try TemporaryFolder()
        let log = try synthetic.log(size)
        let path = try export(synthetic, log, synthetic.request(0..<UInt64(size)), folder)
        let report = try BundleVerifier(key: synthetic.signer.verifier).verify(path: path)
        #expect(report.fault == nil)
        #expect(report.findings == [])
        #expect(report.entries == UInt64(size))
        #expect(report.anchoring == .selfSignedOnly)
        let found = try BundleReperformer().reperform(path: path)
        #expect(found.differences == [])
        #expect(found.foreignParts == [])
        #expect(found.entries == Int64(size))
    }

    @Test("the same evidence gives the same bytes")
    func deterministic() throws {
        let synthetic = try SyntheticLog(requests: 20)
        let folder = try TemporaryFolder()
        let request = try synthetic.request(0..<UInt64(synthetic.leaves.count))
        let paths = try ["a.zip", "b.zip"].map { try export(synthetic, synthetic.log(), request, folder, $0) }
        #expect(try Data(contentsOf: URL(filePath: paths[0])) == Data(contentsOf: URL(filePath: paths[1])))
    }

    @Test("a range within the log verifies up to a later checkpoint", arguments: [(300, 600), (256, 512), (0, 300), (1400, 1403), (513, 514)])
    func ranges(first: Int, end: Int) throws {
        let synthetic = try SyntheticLog(requests: 700)
        let folder = try TemporaryFolder()
        let log = try synthetic.log()
        let older = try synthetic.log(550)
        let path = try export(synthetic, log, synthetic.request(UInt64(first)..<UInt64(end), first: older.note), folder)
        let report = try BundleVerifier(key: synthetic.signer.verifier).verify(path: path)
        #expect(report.fault == nil)
        #expect(report.findings == [])
        #expect(report.manifest?.first == UInt64(first / 256 * 256))
        let found = try BundleReperformer().reperform(path: path)
        #expect(found.differences == [])
    }

    @Test("a witness whose key the reader has makes it independently witnessed")
    func witnessed() throws {
        let synthetic = try SyntheticLog(requests: 5)
        let folder = try TemporaryFolder()
        let witness = try CosignatureSigner(name: "witness.example/w", seed: Array(repeating: 9, count: 32))
        let path = try export(synthetic, synthetic.log(witnesses: [witness]), synthetic.request(0..<10), folder)
        let key = synthetic.signer.verifier
        #expect(try BundleVerifier(key: key).verify(path: path).anchoring == .selfSignedOnly)
        #expect(try BundleVerifier(key: key, witnesses: [witness.verifier]).verify(path: path).anchoring == .independentlyWitnessed)
    }

    @Test("another key, or a log of another history, is refused")
    func otherKeys() throws {
        let synthetic = try SyntheticLog(requests: 5)
        let folder = try TemporaryFolder()
        let path = try export(synthetic, synthetic.log(), synthetic.request(0..<10), folder)
        let stranger = try NoteSigner(name: "countersign.example/log", seed: Array(repeating: 4, count: 32))
        #expect(try BundleVerifier(key: stranger.verifier).verify(path: path).fault != nil)
        let forked = try MemoryLog(leaves: Array(synthetic.leaves.prefix(4).reversed()), signer: synthetic.signer)
        let request = try synthetic.request(0..<10, first: forked.note)
        let two = try export(synthetic, synthetic.log(), request, folder, "two.zip")
        #expect(try BundleVerifier(key: synthetic.signer.verifier).verify(path: two).fault?.contains("two histories") == true)
    }

    @Test("any flipped bit fails verification")
    func flippedBits() throws {
        let synthetic = try SyntheticLog(requests: 5)
        let folder = try TemporaryFolder()
        let path = try export(synthetic, synthetic.log(), synthetic.request(0..<10, tests: ["RUN-01c"]), folder)
        let good = try Data(contentsOf: URL(filePath: path))
        let verifier = BundleVerifier(key: synthetic.signer.verifier)
        #expect(try verifier.verify(path: path).isSound)
        // The contents are large; what stands between them, and the directory at the end, is tried bit by bit.
        var places: Set<Int> = Set((good.count - 3000)..<good.count)
        let signature = Data([0x50, 0x4b, 0x03, 0x04])
        var at = good.startIndex
        while let hit = good.range(of: signature, in: at..<good.endIndex) {
            places.formUnion(hit.lowerBound..<min(hit.lowerBound + 64, good.count))
            at = hit.upperBound
        }
        places.formUnion(stride(from: 0, to: good.count, by: 4999))
        let bad = folder.file("bad.zip")
        var passed: [Int] = []
        for place in places.sorted() {
            var bytes = good
            bytes[place] ^= 1 << UInt8(place % 8)
            try bytes.write(to: URL(filePath: bad))
            if try verifier.verify(path: bad).fault == nil { passed.append(place) }
        }
        #expect(passed == [])
    }

    @Test("a longer, shorter or padded file fails", arguments: [-1, 1, 100])
    func lengths(change: Int) throws {
        let synthetic = try SyntheticLog(requests: 5)
        let folder = try TemporaryFolder()
        let path = try export(synthetic, synthetic.log(), synthetic.request(0..<10, tests: ["RUN-01c"]), folder)
        var bytes = try Data(contentsOf: URL(filePath: path))
        if change < 0 { bytes.removeLast(-change) } else { bytes.append(Data(count: change)) }
        let bad = folder.file("bad.zip")
        try bytes.write(to: URL(filePath: bad))
        #expect(try BundleVerifier(key: synthetic.signer.verifier).verify(path: bad).fault != nil)
    }

    @Test("records that break their own rules are findings", arguments: ["gap", "twice", "orphan", "backwards", "manifest"])
    func findings(kind: String) throws {
        let synthetic = try SyntheticLog(requests: 5)
        var leaves = synthetic.leaves.map { String(decoding: $0, as: UTF8.self) }
        switch kind {
        case "gap": leaves.remove(at: 4)
        case "twice": leaves[5] = leaves[5].replacingOccurrences(of: "inf_0_1", with: "inf_0_0")
        case "orphan": leaves[3] = leaves[3].replacingOccurrences(of: "\"request_id\":\"inf_0_0\"", with: "\"request_id\":\"inf_x\"")
        case "backwards": leaves[6] = leaves[6].replacingOccurrences(of: "2026-03-02T", with: "2026-03-01T")
        default: leaves[12] = leaves[12].replacingOccurrences(of: "\"config.changed\":1", with: "\"config.changed\":2")
        }
        let log = try MemoryLog(leaves: leaves.map { Array($0.utf8) }, signer: synthetic.signer)
        let folder = try TemporaryFolder()
        let path = try export(synthetic, log, synthetic.request(0..<UInt64(leaves.count), tests: ["RUN-01a"]), folder)
        let report = try BundleVerifier(key: synthetic.signer.verifier).verify(path: path)
        #expect(report.fault == nil)
        #expect(!report.findings.isEmpty)
        #expect(!report.isSound)
    }

    @Test("the archive is one that unzip opens, and the stock sqlite3 gives the same answers from it")
    func stockTools() throws {
        let synthetic = try SyntheticLog(requests: 300)
        let folder = try TemporaryFolder()
        let log = try synthetic.log()
        let path = folder.file("b.zip")
        let exported = try BundleExporter(source: log, request: synthetic.request(0..<UInt64(synthetic.leaves.count)), signer: log.sign).export(
            to: path)
        let script = """
            set -e; d=$(mktemp -d); trap 'rm -rf $d' EXIT; cd $d; unzip -q \(path)
            python3 evidence/leaves.py log 0 > leaves.sql
            for f in evidence/schema.sql evidence/meta.sql evidence/catalogue.sql evidence/period.sql leaves.sql evidence/load.sql evidence/facts.sql
            do sqlite3 mine.db < $f; done
            for t in evidence/tests/*.sql; do
              (cat $t; echo ".print =="; echo "SELECT result FROM summary;") | sqlite3 mine.db | tail -1
              (cat $t; echo ".print =="; echo "SELECT result FROM summary;") | sqlite3 -readonly evidence/evidence.db | tail -1
            done
            python3 - <<'P'
            import json, hashlib
            bad = [n for n, f in json.load(open("manifest.json"))["files"].items()
                   if "sha256:" + hashlib.sha256(open(n, "rb").read()).hexdigest() != f["digest"]]
            print("bad", bad)
            P
            """
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", script]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(output == exported.results.map { "\($0.result)\n\($0.result)\n" }.joined() + "bad []\n")
    }
}
