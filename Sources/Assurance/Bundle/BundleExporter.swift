package import Core
import MerkleLog

/// What goes into a bundle.
package struct BundleRequest: Sendable {
    /// Leaves asked for; rounded outwards to whole entry bundles of 256.
    ///
    /// Begin with 0 unless size forbids it: results over a narrower range judge what the range holds, and what was configured before it
    /// is not there.
    package var range: Range<UInt64>
    package var period: EvidencePeriod
    package var tests: [ControlTest]
    /// Facts of the reader's own; nil recomputes them from the leaves.
    package var facts: [EvidenceFact]?
    /// An older signed checkpoint of this log, with which the newer one is shown to be consistent.
    package var firstCheckpoint: [UInt8]?
    package var createdAt: Timestamp
    package var generator: String
    /// The log's key, named in the manifest for information.
    package var vkey: String

    package init(
        range: Range<UInt64>, period: EvidencePeriod, tests: [ControlTest], facts: [EvidenceFact]? = nil, firstCheckpoint: [UInt8]? = nil,
        createdAt: Timestamp, generator: String, vkey: String
    ) {
        self.range = range
        self.period = period
        self.tests = tests
        self.facts = facts
        self.firstCheckpoint = firstCheckpoint
        self.createdAt = createdAt
        self.generator = generator
        self.vkey = vkey
    }
}

/// Writes an evidence bundle: every leaf of a range, what proves them, the evidence database and the results. Blocks; memory stays bounded.
package struct BundleExporter {
    private let source: any LogSource
    private let request: BundleRequest
    /// Signs a text with the log's key; answers a note.
    private let signer: (_ text: [UInt8]) throws -> [UInt8]
    /// Where the evidence database is made meanwhile.
    private let workingFolder: String?

    package init(
        source: any LogSource, request: BundleRequest, workingFolder: String? = nil, signer: @escaping (_ text: [UInt8]) throws -> [UInt8]
    ) {
        self.source = source
        self.request = request
        self.workingFolder = workingFolder
        self.signer = signer
    }

    /// - Parameter path: of a file that does not exist yet.
    /// - Returns: the manifest, and the results of the control tests.
    @discardableResult
    package func export(to path: String) throws -> (manifest: BundleManifest, results: [ControlTestResult]) {
        let note = try source.checkpoint()
        let checkpoint = try SignedCheckpoint(parsing: note).checkpoint
        let size = checkpoint.size
        guard request.range.upperBound <= size, size == 0 || !request.range.isEmpty else {
            throw AssuranceError(.outOfRange, "the log has \(size) entries under its last checkpoint; \(request.range) is not among them")
        }
        let first = request.range.lowerBound / 256 * 256
        let end = min(size, (request.range.upperBound + 255) / 256 * 256)
        let range = first..<end

        var prover = TreeProver(size: size, reader: SourceTiles(source: source))
        let frontier = try prover.frontier(size: first)
        let folder = try TemporaryFolder(in: workingFolder)
        let databasePath = folder.file("evidence.db")
        let database = try EvidenceDatabase(path: databasePath, origin: checkpoint.origin, first: first, period: request.period)
        var dayManifests: [JSONValue] = []
        try source.eachLeaf(in: range, size: size) { index, leaf in try database.add(leaf: leaf, index: index) }
        try database.load()
        if let facts = request.facts { try database.add(facts: facts) } else { try database.recomputeChain(from: frontier) }
        let counts = try database.countsByType()
        dayManifests = try database.dayManifests()

        let contents = try BundleContents(path: path)
        try contents.add(BundleFormat.readme, BundleReadme.text(origin: checkpoint.origin, range: range, size: size, period: request.period))
        try contents.add(BundleFormat.counts, CanonicalJSON.encode(BundleCounts.json(counts, range: range)))
        try contents.add(BundleFormat.vocabulary, EvidenceResources.vocabulary)
        try contents.add(BundleFormat.catalogue, EvidenceScripts.builtInCatalogue.get())
        try contents.add(BundleFormat.database, fileAt: databasePath)
        try contents.add(BundleFormat.facts, EvidenceScripts.facts(try database.recomputedFacts()))
        if database.leaves >= EvidenceDatabase.materialisedFrom { try database.materialise() }
        let results = try run(database, folder, contents)
        try contents.add(BundleFormat.leavesScript, EvidenceResources.text("bundle/leaves.py"))
        try contents.add(BundleFormat.load, EvidenceResources.load)
        try contents.add(BundleFormat.materialise, EvidenceResources.materialise)
        try contents.add(BundleFormat.meta, EvidenceScripts.meta(origin: checkpoint.origin, first: first))
        try contents.add(BundleFormat.period, EvidenceScripts.period(request.period))
        try contents.add(BundleFormat.results, CanonicalJSON.encode(.array(results.map(\.json))))
        try contents.add(BundleFormat.schema, EvidenceResources.schema)
        for test in request.tests.sorted(by: { $0.id < $1.id }) { try contents.add(BundleFormat.test(test.id), test.sql) }

        let firstSize = try addProofs(to: contents, note: note, end: end, size: size, frontier: frontier, prover: &prover)
        try addTiles(to: contents, range: range, frontier: frontier, checkpoint: checkpoint)
        try contents.add(BundleFormat.dayManifests, CanonicalJSON.encode(.array(dayManifests)))
        let manifest = BundleManifest(
            origin: checkpoint.origin, vkey: request.vkey, first: first, end: end, checkpoint: checkpoint, firstCheckpointSize: firstSize,
            period: request.period, createdAt: request.createdAt, generator: request.generator, counts: counts, files: contents.files)
        let bytes = manifest.encoded
        try contents.add(BundleFormat.manifest, bytes)
        try contents.add(BundleFormat.signature, signer(BundleFormat.signedText(origin: checkpoint.origin, manifest: bytes)))
        try contents.finish()
        return (manifest, results)
    }

    /// Runs the tests; the items of each go into a file of their own.
    private func run(_ database: EvidenceDatabase, _ folder: TemporaryFolder, _ contents: BundleContents) throws -> [ControlTestResult] {
        var results: [ControlTestResult] = []
        for test in request.tests.sorted(by: { $0.id < $1.id }) {
            let path = folder.file("items.\(test.id)")
            let items = try ItemFile(path: path)
            results.append(database.run(test) { try items.add($0) })
            try items.finish()
            try contents.add(BundleFormat.items(test.id), fileAt: path)
        }
        return results
    }

    private func addProofs(
        to contents: BundleContents, note: [UInt8], end: UInt64, size: UInt64, frontier: Frontier, prover: inout TreeProver<SourceTiles>
    ) throws -> UInt64? {
        try contents.add(BundleFormat.checkpoint, note)
        var firstSize: UInt64?
        if let first = request.firstCheckpoint {
            firstSize = try SignedCheckpoint(parsing: first).checkpoint.size
            try contents.add(BundleFormat.firstCheckpoint, first)
        }
        try contents.add(BundleFormat.consistency, BundleFormat.encode(prover.consistencyProof(old: end, new: size)))
        if let firstSize {
            try contents.add(BundleFormat.firstConsistency, BundleFormat.encode(prover.consistencyProof(old: firstSize, new: size)))
        }
        try contents.add(BundleFormat.frontier, frontier.encoded)
        return firstSize
    }

    /// Entry bundles and tiles, as the log has them. Their order is that of their names, in which `tile/0/x001/000` comes after `tile/0/999`.
    private func addTiles(to contents: BundleContents, range: Range<UInt64>, frontier: Frontier, checkpoint: Checkpoint) throws {
        var files: [LogFile] = []
        var index = range.lowerBound / 256
        while let name = BundleName(index: index, inTreeOf: checkpoint.size), index * 256 < range.upperBound {
            files.append(.bundle(name))
            index += 1
        }
        var tiles = RangeTiles(frontier: frontier, end: range.upperBound, treeSize: checkpoint.size)
        for case .bundle(let name) in files {
            for leaf in try EntryBundle.leafHashes(in: source.bytes(of: .bundle(name)), width: name.width) {
                try tiles.append(leaf) { tile, _ in files.append(.tile(tile)) }
            }
        }
        try tiles.partials { tile, _ in files.append(.tile(tile)) }
        let root = tiles.frontier.root
        guard range.upperBound < checkpoint.size || root == checkpoint.root else {
            throw AssuranceError(.invalidBundle, "the leaves do not lead to the root of the log's checkpoint")
        }
        for (name, file) in files.map({ (BundleFormat.log($0), $0) }).sorted(by: { BundleFormat.precedes($0.0, $1.0) }) {
            try contents.add(name, source.bytes(of: file))
        }
    }
}

/// The tiles of a source, for proofs.
struct SourceTiles: TileReader {
    let source: any LogSource

    func tile(_ tile: Tile) throws -> [UInt8] { try source.bytes(of: .tile(tile)) }
}
