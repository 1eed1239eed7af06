import Core
import Crypto
package import MerkleLog

/// Checks a bundle offline, every byte of it, with keys that come from the reader and never from the bundle.
///
/// The archive is made again from what was parsed and compared; every file has the digest that the manifest gives, and the manifest the
/// log's signature; the leaves lead to the root of the log's signed checkpoint. Blocks; memory stays bounded.
package struct BundleVerifier {
    private let key: NoteVerifier
    private let witnesses: [CosignatureVerifier]

    package init(key: NoteVerifier, witnesses: [CosignatureVerifier] = []) {
        self.key = key
        self.witnesses = witnesses
    }

    /// - Returns: the report; a bundle that is not valid is one whose report has a fault.
    /// - Throws: `file` where the file cannot be read at all.
    package func verify(path: String) throws(AssuranceError) -> BundleReport {
        var report = BundleReport()
        do {
            try verify(ArchiveReader(path: path), into: &report)
        } catch let error as AssuranceError {
            if error.code == .file { throw error }
            report.fault = error.message
        } catch {
            report.fault = "\(error)"
        }
        return report
    }

    private func verify(_ archive: ArchiveReader, into report: inout BundleReport) throws {
        let bytes = try archive.bytes(of: BundleFormat.manifest, limit: BundleFormat.manifestLimit)
        let manifest = try BundleManifest(parsing: bytes)
        try checkSignature(archive, manifest: bytes, origin: manifest.origin)
        try checkFiles(archive, manifest, into: &report)
        let checkpointNote = try archive.bytes(of: BundleFormat.checkpoint, limit: SignedNote.maximumBytes)
        let signed = try SignedCheckpoint(parsing: checkpointNote, verifiedBy: key)
        let checkpoint = signed.checkpoint
        guard signed.encoded == checkpointNote, checkpoint.size == manifest.checkpointSize, SHA256Digest(checkpoint.root) == manifest.checkpointRoot
        else { throw AssuranceError(.invalidBundle, "the manifest speaks of another checkpoint than log/checkpoint") }
        let audit = try checkLeaves(archive, manifest, checkpoint)
        try checkContents(archive, manifest, audit)
        report.manifest = manifest
        report.entries = manifest.end - manifest.first
        report.findings = audit.allFindings
        report.sources = audit.sourceCount
        report.intents = audit.intents
        report.openIntents = audit.open
        report.answeredBefore = audit.answeredBefore
        report.dayManifests = audit.dayManifests.count
        report.firstTime = audit.firstTime
        report.lastTime = audit.lastTime
        try judgeAnchoring(signed, audit, into: &report)
    }

    private func checkSignature(_ archive: ArchiveReader, manifest: [UInt8], origin: String) throws {
        let bytes = try archive.bytes(of: BundleFormat.signature, limit: SignedNote.maximumBytes)
        let note = try SignedNote(parsing: bytes)
        guard note.signatures.count == 1, note.encoded == bytes, note.text == BundleFormat.signedText(origin: origin, manifest: manifest) else {
            throw AssuranceError(.invalidBundle, "manifest.sig signs another manifest")
        }
        try note.verify(with: [key])
        guard Array(origin.utf8) == Array(key.name.utf8) else { throw AssuranceError(.invalidBundle, "the bundle is of another log than the key") }
    }

    private func checkFiles(_ archive: ArchiveReader, _ manifest: BundleManifest, into report: inout BundleReport) throws {
        var previous: String?
        for record in archive.records {
            if let previous, !BundleFormat.precedes(previous, record.name) { throw AssuranceError(.invalidBundle, "\(record.name) is out of order") }
            previous = record.name
            report.files += 1
            report.bytes += record.size
            if [BundleFormat.manifest, BundleFormat.signature].contains(record.name) { continue }
            guard let said = manifest.files[record.name] else { throw AssuranceError(.invalidBundle, "\(record.name) is not in the manifest") }
            var hasher = SHA256()
            try archive.read(record) { hasher.update(bufferPointer: $0) }
            guard record.size == said.bytes, SHA256Digest(hasher.finalize()) == said.digest else {
                throw AssuranceError(.invalidBundle, "\(record.name) is not what the manifest says")
            }
        }
        guard archive.records.count == manifest.files.count + 2 else {
            let missing = manifest.files.keys.sorted().first { archive.record(named: $0) == nil } ?? ""
            throw AssuranceError(.invalidBundle, "the manifest names \(missing), which is not there")
        }
    }

    /// From the leaves to the root of the signed checkpoint; every tile on the way is compared.
    private func checkLeaves(_ archive: ArchiveReader, _ manifest: BundleManifest, _ checkpoint: Checkpoint) throws -> LeafAudit {
        let frontier = try Frontier(decoding: archive.bytes(of: BundleFormat.frontier, limit: 4096))
        guard frontier.size == manifest.first else { throw AssuranceError(.invalidBundle, "the frontier is not where the range begins") }
        var expected: Set<String> = []
        var audit = LeafAudit(first: manifest.first)
        var tiles = RangeTiles(frontier: frontier, end: manifest.end, treeSize: checkpoint.size)
        let first = try firstCheckpoint(archive, manifest)
        func compare(_ tile: Tile, _ hashes: [MerkleHash]) throws {
            let name = BundleFormat.log(.tile(tile))
            expected.insert(name)
            guard try archive.bytes(of: name, limit: tile.byteCount) == hashes.tileBytes else {
                throw AssuranceError(.invalidBundle, "\(name) does not hold the hashes of the leaves")
            }
        }
        func compareFirst() throws {
            guard let first, first.size == tiles.frontier.size else { return }
            guard first.root == tiles.frontier.root else {
                throw AssuranceError(.invalidBundle, "the older checkpoint of size \(first.size) has another root than the leaves: two histories")
            }
        }
        try compareFirst()
        while tiles.frontier.size < manifest.end {
            let index = tiles.frontier.size
            guard let name = BundleName(index: index / 256, inTreeOf: checkpoint.size) else { break }
            let path = BundleFormat.log(.bundle(name))
            expected.insert(path)
            let bundle = try archive.bytes(of: path, limit: 256 * (EntryBundle.maximumEntryBytes + 2))
            for leaf in try EntryBundle.decode(bundle, width: name.width) {
                let leaf = Array(leaf)
                try audit.add(leaf, index: tiles.frontier.size)
                try tiles.append(TreeHashing.leafHash(of: leaf), filled: compare)
                try compareFirst()
            }
        }
        try tiles.partials(compare)
        for record in archive.records where record.name.hasPrefix("log/tile/") && !expected.contains(record.name) {
            throw AssuranceError(.invalidBundle, "\(record.name) does not belong to the range")
        }
        let proof = try BundleFormat.decodeProof(archive.bytes(of: BundleFormat.consistency, limit: 8192))
        guard
            TreeVerification.extends(
                oldSize: manifest.end, oldRoot: tiles.frontier.root, newSize: checkpoint.size, newRoot: checkpoint.root, proof: proof)
        else { throw AssuranceError(.invalidBundle, "the leaves do not lead to the root of the signed checkpoint") }
        return audit
    }

    private func firstCheckpoint(_ archive: ArchiveReader, _ manifest: BundleManifest) throws -> Checkpoint? {
        guard let size = manifest.firstCheckpointSize else {
            guard archive.record(named: BundleFormat.firstCheckpoint) == nil else {
                throw AssuranceError(.invalidBundle, "an older checkpoint that the manifest does not speak of")
            }
            return nil
        }
        let note = try archive.bytes(of: BundleFormat.firstCheckpoint, limit: SignedNote.maximumBytes)
        let first = try SignedCheckpoint(parsing: note, verifiedBy: key).checkpoint
        let latest = try SignedCheckpoint(parsing: archive.bytes(of: BundleFormat.checkpoint, limit: SignedNote.maximumBytes)).checkpoint
        let proof = try BundleFormat.decodeProof(archive.bytes(of: BundleFormat.firstConsistency, limit: 8192))
        guard first.size == size,
            TreeVerification.extends(oldSize: first.size, oldRoot: first.root, newSize: latest.size, newRoot: latest.root, proof: proof)
        else { throw AssuranceError(.invalidBundle, "the checkpoint does not extend the older one: two histories") }
        return first
    }

    /// What can be made again from the leaves and the manifest must be what is enclosed.
    private func checkContents(_ archive: ArchiveReader, _ manifest: BundleManifest, _ audit: LeafAudit) throws {
        let counts = BundleCounts.json(audit.counts, range: manifest.first..<manifest.end)
        let made: [(String, [UInt8])] = [
            (BundleFormat.counts, CanonicalJSON.encode(counts)),
            (BundleFormat.dayManifests, CanonicalJSON.encode(.array(audit.dayManifests))),
            (BundleFormat.period, Array(EvidenceScripts.period(manifest.period).utf8)),
            (BundleFormat.meta, Array(EvidenceScripts.meta(origin: manifest.origin, first: manifest.first).utf8)),
        ]
        for (name, bytes) in made {
            guard try archive.bytes(of: name, limit: BundleFormat.textLimit) == bytes else {
                throw AssuranceError(.invalidBundle, "\(name) is not what the leaves give")
            }
        }
        guard manifest.counts == audit.counts else { throw AssuranceError(.invalidBundle, "the manifest's counts are not those of the leaves") }
    }

    private func judgeAnchoring(_ signed: SignedCheckpoint, _ audit: LeafAudit, into report: inout BundleReport) throws {
        let cosignatures = try signed.cosignatures(by: witnesses)
        report.anchors = cosignatures.map {
            "witness \($0.verifier.name) signed this checkpoint at \(Timestamp(microseconds: Int64(clamping: $0.timestamp) * 1_000_000))"
        }
        if !cosignatures.isEmpty {
            report.anchoring = .independentlyWitnessed
            return
        }
        let apart = audit.anchors.filter(\.isApart)
        if let latest = apart.last {
            report.anchoring = .externallyAnchored
            report.anchors.append(
                "the log records \(apart.count) anchors with others, the last a \(latest.kind) of \(latest.administrator) at size \(latest.size),"
                    + " root \(latest.root): ask them whether they hold it")
        } else {
            report.anchoring = .selfSignedOnly
        }
        if !witnesses.isEmpty { report.notes.append("None of the witnesses whose keys were given has signed this checkpoint.") }
    }
}
