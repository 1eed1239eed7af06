package import Core
import MerkleLog
import ObjectStore

/// What the log can say of one event: its leaf, whether it is integrated, its proof, and the events that answer it.
package struct Receipt: Sendable {
    /// One entry with its proof.
    package struct Entry: Sendable {
        package var index: UInt64
        package var id: String
        package var type: String
        package var outcome: String
        package var recordedAt: Timestamp
        /// The leaf, byte for byte.
        package var leaf: [UInt8]
        /// C2SP tlog-proof: what a stranger checks with the leaf and the log's key.
        package var proof: [UInt8]
        /// Whether sealed contents lie beside it.
        package var hasPayload: Bool
    }

    package var entry: Entry
    /// The events that name it in `data.request_id`, in order; an intent has exactly one outcome among them once it is closed.
    package var answers: [Entry]
}

extension Ledger {
    /// The receipt of an event.
    /// - Returns: nil while the event is not integrated, or where there is none of that id. Blocks.
    package func receipt(_ id: String) throws -> Receipt? {
        guard let row = try index.entry(id: id), let head = checkpoint, row.index < head.checkpoint.size else { return nil }
        let answers = try index.answers(to: id).filter { $0.index < head.checkpoint.size }
        return Receipt(entry: try entry(row, head), answers: try answers.map { try entry($0, head) })
    }

    private func entry(_ row: SearchIndex.Row, _ head: SignedCheckpoint) throws -> Receipt.Entry {
        let size = head.checkpoint.size
        var prover = TreeProver(size: size, reader: store)
        let leaf = try store.entry(row.index, size: size)
        let hashes = try prover.inclusionProof(index: row.index, size: size)
        guard
            TreeVerification.includes(
                leaf: TreeHashing.leafHash(of: leaf), index: row.index, size: size, root: head.checkpoint.root, proof: hashes)
        else {
            throw LedgerError(.inconsistent, "\(store.directory): the proof of entry \(row.index) does not lead to the signed root")
        }
        return Receipt.Entry(
            index: row.index, id: row.id, type: row.type, outcome: row.outcome, recordedAt: Timestamp(microseconds: row.recordedAt), leaf: leaf,
            proof: try ProofFile(index: row.index, hashes: hashes, checkpoint: head).encoded, hasPayload: row.payload != nil)
    }

    /// The sealed contents of an event, opened and checked against the commitments of its leaf. Blocks.
    ///
    /// Whoever calls this has asked whether it may, and records the unsealing *before* it hands the contents on (I1).
    /// - Throws: ``LedgerError`` `notFound` where there are none, or what opening throws: an erased content has no key any more.
    package func unseal(_ id: String) throws -> [Content] {
        guard let row = try index.entry(id: id), let head = checkpoint, row.index < head.checkpoint.size, let location = row.payload else {
            throw LedgerError(.notFound, "no sealed contents are stored for \(id)")
        }
        let leaf = try JSONParser.parse(try store.entry(row.index, size: head.checkpoint.size), maximumBytes: LeafTemplate.maximumLeafBytes)
        let commitments = (leaf["commitments"]?.object ?? [:]).compactMap { name, value in
            value.string.flatMap { SHA256Digest(parsing: $0) }.map { (name: name, digest: $0) }
        }
        return try sealing.open(try sealedBytes(location, id: id), commitments: commitments)
    }

    private func sealedBytes(_ location: PayloadLocation, id: String) throws -> [UInt8] {
        if let pack = location.pack.flatMap({ SHA256Digest(parsing: $0) }) {
            let bytes = try objects.get(pack)
            guard location.offset >= 0, location.length >= 0, location.offset + location.length <= bytes.count else {
                throw LedgerError(.inconsistent, "the index points outside the pack \(pack)")
            }
            return Array(bytes[location.offset..<location.offset + location.length])
        }
        guard try DurableFile.status(segments.segmentPath(location.segment)) != nil else {
            // Packed since, or the index lost that it was: it is not synced, and never authoritative.
            try payloads.reindex(size: checkpoint?.checkpoint.size ?? 0)
            guard let found = try index.entry(id: id)?.payload, found.pack != nil else {
                throw LedgerError(.notFound, "the sealed contents of \(id) are in no pack and no segment")
            }
            return try sealedBytes(found, id: id)
        }
        var reader = try SegmentReader(path: segments.segmentPath(location.segment))
        return Array(try reader.bytes(at: location.offset, count: location.length))
    }
}
