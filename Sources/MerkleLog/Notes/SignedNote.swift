/// A text with signature lines (C2SP signed-note). Parsed is not verified: the text means nothing until a trusted key's signature holds.
package struct SignedNote: Hashable, Sendable {
    /// The longest note that we read, as Go's reader has it.
    package static let maximumBytes = 1_000_000
    /// The most signatures that we read.
    package static let maximumSignatures = 100

    /// What is signed: UTF-8, ends with a newline.
    package let text: [UInt8]
    /// At least one; in the order of the note.
    package private(set) var signatures: [NoteSignature]

    /// - Throws: `malformedNote` if the text is not one that a note can hold, or the signatures are none or too many.
    package init(text: [UInt8], signatures: [NoteSignature]) throws(MerkleLogError) {
        guard text.last == UInt8(ascii: "\n"), noteText(text) != nil else {
            throw MerkleLogError(.malformedNote, "a note's text is UTF-8 without control characters and ends with a newline")
        }
        guard (1...SignedNote.maximumSignatures).contains(signatures.count) else {
            throw MerkleLogError(.malformedNote, "a note has 1 to \(SignedNote.maximumSignatures) signatures, not \(signatures.count)")
        }
        self.text = text
        self.signatures = signatures
        guard encoded.count <= SignedNote.maximumBytes else { throw MerkleLogError(.malformedNote, "the note is longer than allowed") }
    }

    /// Reads a note; what `encoded` gives are the same bytes.
    /// - Throws: `malformedNote`.
    package init(parsing bytes: [UInt8]) throws(MerkleLogError) {
        guard bytes.count <= SignedNote.maximumBytes else { throw MerkleLogError(.malformedNote, "the note is longer than allowed") }
        guard noteText(bytes) != nil else { throw MerkleLogError(.malformedNote, "the note is not UTF-8, or has a control character") }
        let newline = UInt8(ascii: "\n")
        guard bytes.last == newline else { throw MerkleLogError(.malformedNote, "the note does not end with a newline") }
        // The last empty line divides text and signatures.
        guard let blank = bytes.indices.dropFirst().last(where: { bytes[$0] == newline && bytes[$0 - 1] == newline }) else {
            throw MerkleLogError(.malformedNote, "the note has no empty line before its signatures")
        }
        var lines = LineReader(bytes[(blank + 1)...])
        var signatures: [NoteSignature] = []
        while let line = lines.next() {
            guard signatures.count < SignedNote.maximumSignatures else { throw MerkleLogError(.malformedNote, "the note has too many signatures") }
            guard let signature = NoteSignature(line: line) else {
                throw MerkleLogError(.malformedNote, "signature line \(signatures.count + 1) of the note is malformed")
            }
            signatures.append(signature)
        }
        guard !signatures.isEmpty else { throw MerkleLogError(.malformedNote, "the note has no signature") }
        text = Array(bytes[..<blank])
        self.signatures = signatures
    }

    /// Signs a text.
    /// - Throws: `malformedNote` if the text is not one that a note can hold; an error of the crypto library.
    package init(text: [UInt8], signedBy signer: NoteSigner) throws {
        try self.init(text: text, signatures: [try signer.sign(text)])
    }

    package var encoded: [UInt8] {
        var out = text
        out.append(UInt8(ascii: "\n"))
        for signature in signatures { out.append(contentsOf: signature.line) }
        return out
    }

    /// The note with signatures added at its end; those of a key that has signed it already take the older one's place.
    /// - Throws: `malformedNote` if they become too many.
    package func adding(_ added: [NoteSignature]) throws(MerkleLogError) -> SignedNote {
        var signatures = signatures
        for signature in added {
            signatures.removeAll { $0.keyID == signature.keyID && sameBytes($0.name, signature.name) }
            signatures.append(signature)
        }
        return try SignedNote(text: text, signatures: signatures)
    }

    /// Checks the signatures of known keys and ignores those of unknown ones.
    /// - Returns: the keys whose signatures hold, at least one.
    /// - Throws: `badSignature` if a signature that names a known key does not verify; `unsigned` if none names one.
    @discardableResult
    package func verify(with verifiers: [NoteVerifier]) throws(MerkleLogError) -> [NoteVerifier] {
        var holding: [NoteVerifier] = []
        for signature in signatures {
            guard let verifier = verifiers.first(where: { $0.key.made(signature) }) else { continue }
            guard verifier.verify(signature, over: text) else {
                throw MerkleLogError(.badSignature, "the note's signature by \(verifier.name) does not verify")
            }
            if !holding.contains(verifier) { holding.append(verifier) }
        }
        guard !holding.isEmpty else { throw MerkleLogError(.unsigned, "the note has no signature of a known key") }
        return holding
    }
}
