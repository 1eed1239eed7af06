/// A tree head in the text of a note (C2SP tlog-checkpoint).
package struct Checkpoint: Hashable, Sendable {
    /// The log's identity.
    package let origin: String
    /// Leaves in the tree, up to 2^63 - 1.
    package let size: UInt64
    package let root: MerkleHash
    /// Opaque further lines.
    package let extensions: [String]

    /// - Throws: `malformedCheckpoint` if the origin or an extension is empty or more than one line, or the size is out of range.
    package init(origin: String, size: UInt64, root: MerkleHash, extensions: [String] = []) throws(MerkleLogError) {
        for line in [origin] + extensions {
            guard !line.isEmpty, noteText(Array(line.utf8)) != nil, !line.utf8.contains(UInt8(ascii: "\n")) else {
                throw MerkleLogError(.malformedCheckpoint, "a checkpoint's origin and extensions are non-empty lines")
            }
        }
        guard size <= Frontier.maximumSize else { throw MerkleLogError(.malformedCheckpoint, "a checkpoint of \(size) leaves") }
        self.origin = origin
        self.size = size
        self.root = root
        self.extensions = extensions
    }

    /// Reads a note's text; what `encoded` gives are the same bytes.
    /// - Throws: `malformedCheckpoint`.
    package init(parsing text: [UInt8]) throws(MerkleLogError) {
        guard text.count <= SignedNote.maximumBytes, noteText(text) != nil else {
            throw MerkleLogError(.malformedCheckpoint, "the checkpoint is not a note's text")
        }
        var reader = LineReader(text)
        var lines: [ArraySlice<UInt8>] = []
        while let line = reader.next() { lines.append(line) }
        guard reader.isAtEnd, lines.count >= 3, lines.allSatisfy({ !$0.isEmpty }) else {
            throw MerkleLogError(.malformedCheckpoint, "a checkpoint is at least three non-empty lines")
        }
        guard let size = Decimal.parse(lines[1], maximum: Frontier.maximumSize) else {
            throw MerkleLogError(.malformedCheckpoint, "the checkpoint's size is not a decimal number without leading zeros")
        }
        guard let root = MerkleHash(base64: lines[2]) else {
            throw MerkleLogError(.malformedCheckpoint, "the checkpoint's root is not 32 bytes in base 64")
        }
        self.origin = String(decoding: lines[0], as: UTF8.self)
        self.size = size
        self.root = root
        extensions = lines.dropFirst(3).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The note's text.
    package var encoded: [UInt8] {
        var out = Array(origin.utf8)
        out.append(UInt8(ascii: "\n"))
        Decimal.append(size, to: &out)
        out.append(UInt8(ascii: "\n"))
        StrictBase64.append(root.bytes, to: &out)
        out.append(UInt8(ascii: "\n"))
        for line in extensions {
            out.append(contentsOf: line.utf8)
            out.append(UInt8(ascii: "\n"))
        }
        return out
    }
}

/// A checkpoint and the note that it was read from.
package struct SignedCheckpoint: Hashable, Sendable {
    package let checkpoint: Checkpoint
    package private(set) var note: SignedNote

    /// Signs a checkpoint.
    /// - Throws: `malformedNote` if the checkpoint is too long for a note; an error of the crypto library.
    package init(_ checkpoint: Checkpoint, signedBy signer: NoteSigner) throws {
        self.checkpoint = checkpoint
        note = try SignedNote(text: checkpoint.encoded, signedBy: signer)
    }

    /// Reads a signed checkpoint without checking its signatures.
    /// - Throws: `malformedNote`, `malformedCheckpoint`.
    package init(parsing bytes: [UInt8]) throws(MerkleLogError) {
        note = try SignedNote(parsing: bytes)
        checkpoint = try Checkpoint(parsing: note.text)
    }

    /// Reads a signed checkpoint of the log that the key belongs to: the key's name is the log's origin.
    /// - Throws: `malformedNote`, `malformedCheckpoint`, `unsigned` (another origin included), `badSignature`.
    package init(parsing bytes: [UInt8], verifiedBy verifier: NoteVerifier) throws(MerkleLogError) {
        try self.init(parsing: bytes)
        try verify(with: verifier)
    }

    /// - Throws: `unsigned` (another origin included), `badSignature`.
    package func verify(with verifier: NoteVerifier) throws(MerkleLogError) {
        guard sameBytes(checkpoint.origin, verifier.name) else {
            throw MerkleLogError(.unsigned, "the checkpoint is of another log than \(verifier.name)")
        }
        try note.verify(with: [verifier])
    }

    /// With further signatures, those of witnesses.
    /// - Throws: `malformedNote` if they become too many.
    package func adding(_ signatures: [NoteSignature]) throws(MerkleLogError) -> SignedCheckpoint {
        var copy = self
        copy.note = try note.adding(signatures)
        return copy
    }

    /// The note's bytes.
    package var encoded: [UInt8] { note.encoded }
}
