package import Core
import Crypto
import MerkleLog

/// What making the evidence again showed.
package struct Reperformance: Sendable {
    /// What differs from the bundle; empty where everything was found again.
    package internal(set) var differences: [String] = []
    package internal(set) var results: [ControlTestResult] = []
    package internal(set) var entries: Int64 = 0
    /// Parts of the bundle that this program has otherwise: an older or a newer bundle.
    package internal(set) var foreignParts: [String] = []

    package var agrees: Bool { differences.isEmpty }

    package var lines: [String] {
        var out = ["The evidence database was made again from \(entries) entries."]
        out += foreignParts.map { "\($0) is not the one this program has: it was used as enclosed." }
        out += results.map { "\($0.testID): \($0.result) (\($0.items) items, \($0.failed) failed, \($0.errors) errors)" }
        out += differences.isEmpty ? ["It agrees with the enclosed one, table by table, and each test said the same of each item."] : []
        out += differences.map { "DIFFERS: \($0)" }
        return out
    }

    package var json: JSONValue {
        [
            "agrees": .bool(agrees), "differences": .array(differences.map { .string($0) }), "entries": .int(entries),
            "foreign_parts": .array(foreignParts.map { .string($0) }), "results": .array(results.map(\.json)),
        ]
    }
}

/// Makes the evidence database of a bundle again from its leaves, and runs its control tests again.
///
/// The bundle brings its own schema and tests; they run where they can touch nothing but the disposable file. It says nothing about
/// signatures: verify the bundle first.
package struct BundleReperformer {
    private let workingFolder: String?
    /// Facts of the reader's own; nil recomputes them from the leaves.
    private let facts: [EvidenceFact]?

    package init(workingFolder: String? = nil, facts: [EvidenceFact]? = nil) {
        self.workingFolder = workingFolder
        self.facts = facts
    }

    /// - Throws: `file`, `malformed_archive`, `invalid_bundle`, `malformed_leaf`, `database`.
    /// - Parameter item: is told of each item of each test.
    package func reperform(path: String, item told: (_ test: String, ControlTestResult.Item) -> Void = { _, _ in }) throws -> Reperformance {
        let archive = try ArchiveReader(path: path)
        let manifest = try BundleManifest(parsing: archive.bytes(of: BundleFormat.manifest, limit: BundleFormat.manifestLimit))
        func text(_ name: String) throws -> String {
            guard let text = String(validating: try archive.bytes(of: name, limit: BundleFormat.textLimit), as: UTF8.self) else {
                throw AssuranceError(.invalidBundle, "\(name) is no text")
            }
            return text
        }
        var found = Reperformance()
        let folder = try TemporaryFolder(in: workingFolder)
        let source = BundleLog(archive: archive)
        let schema = try text(BundleFormat.schema)
        let load = try text(BundleFormat.load)
        let materialise = try text(BundleFormat.materialise)
        for (name, enclosed, own) in [
            (BundleFormat.schema, schema, EvidenceResources.schema), (BundleFormat.load, load, EvidenceResources.load),
            (BundleFormat.materialise, materialise, EvidenceResources.materialise),
        ] where enclosed != own { found.foreignParts.append(name) }
        let database = try EvidenceDatabase(
            path: folder.file("mine.db"), origin: manifest.origin, first: manifest.first, period: manifest.period,
            catalogueSQL: text(BundleFormat.catalogue), schema: schema)
        try source.eachLeaf(in: manifest.first..<manifest.end, size: manifest.checkpointSize) { try database.add(leaf: $1, index: $0) }
        try database.load(script: load)
        if let facts {
            try database.add(facts: facts)
        } else {
            try database.recomputeChain(from: Frontier(decoding: archive.bytes(of: BundleFormat.frontier, limit: 4096)))
        }
        found.entries = database.leaves
        let enclosedPath = folder.file("enclosed.db")
        try archive.extract(BundleFormat.database, to: enclosedPath)
        found.differences += try database.differences(from: SQLiteConnection(path: enclosedPath, readOnly: true))
        if database.leaves >= EvidenceDatabase.materialisedFrom { try database.materialise(script: materialise) }
        try runTests(of: archive, on: database, folder, into: &found, told, text)
        return found
    }

    private func runTests(
        of archive: ArchiveReader, on database: EvidenceDatabase, _ folder: TemporaryFolder, into found: inout Reperformance,
        _ told: (String, ControlTestResult.Item) -> Void, _ text: (String) throws -> String
    ) throws {
        let prefix = "evidence/tests/"
        let own = try ControlTest.builtIn.get()
        for record in archive.records where record.name.hasPrefix(prefix) && record.name.hasSuffix(".sql") {
            let id = String(record.name.dropFirst(prefix.count).dropLast(4))
            let test = try ControlTest(id: id, sql: text(record.name))
            if own.first(where: { $0.id == id })?.digest != test.digest { found.foreignParts.append(record.name) }
            var hasher = SHA256()
            let result = database.run(test) { item in
                told(id, item)
                hasher.update(data: CanonicalJSON.encode(item.json))
                hasher.update(data: [UInt8(ascii: "\n")])
            }
            found.results.append(result)
            guard let items = archive.record(named: BundleFormat.items(id)) else {
                found.differences.append("the items of \(id) are missing")
                continue
            }
            var enclosed = SHA256()
            try archive.read(items) { enclosed.update(bufferPointer: $0) }
            if enclosed.finalize() != hasher.finalize() { found.differences.append("control test \(id) says something else of an item") }
        }
        let results = CanonicalJSON.encode(.array(found.results.map(\.json)))
        if try archive.bytes(of: BundleFormat.results, limit: BundleFormat.textLimit) != results {
            found.differences.append("evidence/results.json is not what the tests say")
        }
    }
}

/// The log's part of a bundle.
struct BundleLog: LogSource {
    let archive: ArchiveReader

    func checkpoint() throws -> [UInt8] { try archive.bytes(of: BundleFormat.checkpoint, limit: SignedNote.maximumBytes) }

    func bytes(of file: LogFile) throws -> [UInt8] {
        try archive.bytes(of: BundleFormat.log(file), limit: 256 * (EntryBundle.maximumEntryBytes + 2))
    }
}
