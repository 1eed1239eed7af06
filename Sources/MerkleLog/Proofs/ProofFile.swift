/// A proof that an entry is in a log, to be checked offline (C2SP tlog-proof): index, audit path, signed checkpoint. Files end in `.tlog-proof`.
package struct ProofFile: Hashable, Sendable {
    /// The longest file that we read.
    package static let maximumBytes = 2 * SignedNote.maximumBytes
    /// The longest audit path of a tree of 2^63 - 1 leaves.
    static let maximumHashes = 63

    /// The entry's index, from 0.
    package let index: UInt64
    /// The audit path, from the leaf's sibling to the root's child.
    package let hashes: [MerkleHash]
    package let checkpoint: SignedCheckpoint
    /// Opaque, and not authenticated by anything; nil if there is none.
    package let extra: [UInt8]?

    /// - Throws: `malformedProof` if the path is longer than any tree's, the index is outside the tree, or the extra data are empty.
    package init(index: UInt64, hashes: [MerkleHash], checkpoint: SignedCheckpoint, extra: [UInt8]? = nil) throws(MerkleLogError) {
        guard hashes.count <= ProofFile.maximumHashes else { throw MerkleLogError(.malformedProof, "the proof has too many hashes") }
        guard index < checkpoint.checkpoint.size else { throw MerkleLogError(.malformedProof, "the proof's index is not in its tree") }
        guard extra?.isEmpty != true else { throw MerkleLogError(.malformedProof, "the proof's extra data are empty") }
        self.index = index
        self.hashes = hashes
        self.checkpoint = checkpoint
        self.extra = extra
    }

    /// Reads a file; what `encoded` gives are the same bytes.
    /// - Throws: `malformedProof`, `malformedNote`, `malformedCheckpoint`.
    package init(parsing bytes: [UInt8]) throws(MerkleLogError) {
        guard bytes.count <= ProofFile.maximumBytes else { throw MerkleLogError(.malformedProof, "the proof is longer than allowed") }
        var lines = LineReader(bytes)
        guard let first = lines.next(), first.elementsEqual("c2sp.org/tlog-proof@v1".utf8) else {
            throw MerkleLogError(.malformedProof, "not a tlog-proof of version 1")
        }
        var line = lines.next()
        var extra: [UInt8]?
        if let text = line?.dropping(prefix: "extra ") {
            extra = StrictBase64.decode(text)
            guard extra != nil else { throw MerkleLogError(.malformedProof, "the proof's extra data are not base 64") }
            line = lines.next()
        }
        guard let number = line?.dropping(prefix: "index "), let index = Decimal.parse(number, maximum: Frontier.maximumSize) else {
            throw MerkleLogError(.malformedProof, "the proof has no index")
        }
        let hashes = try hashLines(&lines, code: .malformedProof)
        let checkpoint = try SignedCheckpoint(parsing: Array(lines.rest))
        try self.init(index: index, hashes: hashes, checkpoint: checkpoint, extra: extra)
    }

    package var encoded: [UInt8] {
        var out: [UInt8] = Array("c2sp.org/tlog-proof@v1\n".utf8)
        if let extra {
            out.append(contentsOf: "extra ".utf8)
            StrictBase64.append(extra, to: &out)
            out.append(UInt8(ascii: "\n"))
        }
        out.append(contentsOf: "index ".utf8)
        Decimal.append(index, to: &out)
        out.append(UInt8(ascii: "\n"))
        appendHashLines(hashes, to: &out)
        out.append(contentsOf: checkpoint.encoded)
        return out
    }

    /// Checks that a leaf is in the log at `index`: the log's signature, the path, and the cosignatures of known witnesses.
    /// - Parameters:
    ///   - leaf: the entry's leaf hash.
    ///   - log: the log's key, from the caller, never from the file's side.
    /// - Returns: the cosignatures that hold; whether they are enough is the caller's policy.
    /// - Throws: `unsigned`, `badSignature`, `wrongRoot`.
    @discardableResult
    package func verify(leaf: MerkleHash, log: NoteVerifier, witnesses: [CosignatureVerifier] = []) throws(MerkleLogError) -> [Cosignature] {
        try checkpoint.verify(with: log)
        let head = checkpoint.checkpoint
        guard TreeVerification.includes(leaf: leaf, index: index, size: head.size, root: head.root, proof: hashes) else {
            throw MerkleLogError(.wrongRoot, "the entry is not at index \(index) of the tree of \(head.size)")
        }
        return try checkpoint.cosignatures(by: witnesses)
    }
}

/// Reads up to 63 lines of one hash each and the empty line after them (C2SP tlog-proof, tlog-witness).
func hashLines(_ lines: inout LineReader, code: MerkleLogError.Code) throws(MerkleLogError) -> [MerkleHash] {
    var hashes: [MerkleHash] = []
    while let line = lines.next() {
        if line.isEmpty { return hashes }
        guard hashes.count < ProofFile.maximumHashes else { throw MerkleLogError(code, "more than 63 hashes") }
        guard let hash = MerkleHash(base64: line) else {
            throw MerkleLogError(code, "hash line \(hashes.count + 1) is not 32 bytes in base 64")
        }
        hashes.append(hash)
    }
    throw MerkleLogError(code, "no empty line after the hashes")
}

/// Writes hashes a line each, and the empty line after them.
func appendHashLines(_ hashes: [MerkleHash], to out: inout [UInt8]) {
    for hash in hashes {
        StrictBase64.append(hash.bytes, to: &out)
        out.append(UInt8(ascii: "\n"))
    }
    out.append(UInt8(ascii: "\n"))
}
