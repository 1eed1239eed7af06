/// The body of an `add-checkpoint` request (C2SP tlog-witness): what the log asks a witness to cosign.
package struct WitnessRequest: Hashable, Sendable {
    /// The longest body that we read.
    package static let maximumBytes = SignedNote.maximumBytes + 4096

    /// The size that the log believes the witness cosigned last; 0 if none.
    package let oldSize: UInt64
    /// The consistency proof from `oldSize` to the checkpoint's size.
    package let proof: [MerkleHash]
    package let checkpoint: SignedCheckpoint

    /// - Throws: `malformedRequest` for more than 63 hashes or a size out of range.
    package init(oldSize: UInt64, proof: [MerkleHash], checkpoint: SignedCheckpoint) throws(MerkleLogError) {
        guard proof.count <= ProofFile.maximumHashes, oldSize <= Frontier.maximumSize else {
            throw MerkleLogError(.malformedRequest, "more than 63 hashes, or a size out of range")
        }
        self.oldSize = oldSize
        self.proof = proof
        self.checkpoint = checkpoint
    }

    /// Reads a body; what `encoded` gives are the same bytes.
    /// - Throws: `malformedRequest`, `malformedNote`, `malformedCheckpoint`.
    package init(parsing body: [UInt8]) throws(MerkleLogError) {
        guard body.count <= WitnessRequest.maximumBytes else { throw MerkleLogError(.malformedRequest, "the request is longer than allowed") }
        var lines = LineReader(body)
        guard let number = lines.next()?.dropping(prefix: "old "), let old = Decimal.parse(number, maximum: Frontier.maximumSize) else {
            throw MerkleLogError(.malformedRequest, "the request's first line is not an old size")
        }
        let proof = try hashLines(&lines, code: .malformedRequest)
        try self.init(oldSize: old, proof: proof, checkpoint: try SignedCheckpoint(parsing: Array(lines.rest)))
    }

    package var encoded: [UInt8] {
        var out: [UInt8] = Array("old ".utf8)
        Decimal.append(oldSize, to: &out)
        out.append(UInt8(ascii: "\n"))
        appendHashLines(proof, to: &out)
        out.append(contentsOf: checkpoint.encoded)
        return out
    }
}
