import Crypto

/// What a witness states by cosigning (C2SP tlog-cosignature, cosignature/v1): at that time this was the largest consistent tree it had seen.
package struct Cosignature: Hashable, Sendable {
    /// The witness's key.
    package let verifier: CosignatureVerifier
    /// Seconds since the Unix epoch.
    package let timestamp: UInt64

    /// What is signed: two lines, then the checkpoint's note text.
    static func message(timestamp: UInt64, text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = Array("cosignature/v1\ntime ".utf8)
        Decimal.append(timestamp, to: &out)
        out.append(UInt8(ascii: "\n"))
        out.append(contentsOf: text)
        return out
    }
}

/// A witness's signing key. Its key must not be used under another name: the message does not commit to the name.
package struct CosignatureSigner: Sendable {
    package let verifier: CosignatureVerifier
    private let privateKey: Curve25519.Signing.PrivateKey

    /// - Parameters:
    ///   - name: the witness's name, a URL without scheme by custom.
    ///   - seed: the private key of RFC 8032: 32 random bytes.
    /// - Throws: `malformedKey`.
    package init(name: String, seed: some Collection<UInt8>) throws(MerkleLogError) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: Array(seed)) else {
            throw MerkleLogError(.malformedKey, "a signing key's seed is 32 bytes")
        }
        verifier = try CosignatureVerifier(name: name, publicKey: Array(key.publicKey.rawRepresentation))
        privateKey = key
    }

    package var name: String { verifier.name }

    /// Cosigns a checkpoint's note text.
    /// - Parameter timestamp: seconds since the Unix epoch, at most 2^63 - 1.
    /// - Throws: `outOfRange` for a later time; an error of the crypto library.
    package func cosign(_ text: [UInt8], at timestamp: UInt64) throws -> NoteSignature {
        guard timestamp <= UInt64(Int64.max) else { throw MerkleLogError(.outOfRange, "a cosignature's time is out of range") }
        let signature = try privateKey.signature(for: Cosignature.message(timestamp: timestamp, text: text))
        let time = (0..<8).map { UInt8(truncatingIfNeeded: timestamp >> UInt64(56 - 8 * $0)) }
        return NoteSignature(name: name, keyID: verifier.keyID, signature: time + Array(signature))
    }
}

/// A witness's public key.
package struct CosignatureVerifier: Hashable, Sendable, CustomStringConvertible {
    let key: VerifierKey

    /// - Throws: `malformedKey`.
    package init(name: String, publicKey: [UInt8]) throws(MerkleLogError) {
        key = try VerifierKey(name: name, type: .cosignature, publicKey: publicKey)
    }

    /// Reads `name+hash+base64`, signature type 0x04.
    /// - Throws: `malformedKey`.
    package init(vkey: String) throws(MerkleLogError) {
        key = try VerifierKey(text: vkey, type: .cosignature)
    }

    package var name: String { key.name }
    package var keyID: UInt32 { key.keyID }
    /// 32 bytes.
    package var publicKey: [UInt8] { key.publicKey }
    /// `name+hash+base64`.
    package var vkey: String { key.text }
    package var description: String { vkey }

    /// Checks a cosignature over a checkpoint's note text.
    /// - Returns: its time in seconds since the Unix epoch; nil if it is not this key's, or does not verify. It may lie in the future.
    package func verify(_ signature: NoteSignature, over text: [UInt8]) -> UInt64? {
        guard key.made(signature), signature.signature.count == 8 + 64 else { return nil }
        let timestamp = signature.signature.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        guard timestamp <= UInt64(Int64.max) else { return nil }
        let message = Cosignature.message(timestamp: timestamp, text: text)
        return key.verify(signature.signature.dropFirst(8), over: message) ? timestamp : nil
    }
}

extension SignedCheckpoint {
    /// The cosignatures of known witnesses on this checkpoint; those of unknown ones are ignored.
    /// - Throws: `badSignature` if one that names a known witness does not verify.
    package func cosignatures(by witnesses: [CosignatureVerifier]) throws(MerkleLogError) -> [Cosignature] {
        var holding: [Cosignature] = []
        for signature in note.signatures {
            guard let witness = witnesses.first(where: { $0.key.made(signature) }) else { continue }
            guard let timestamp = witness.verify(signature, over: note.text) else {
                throw MerkleLogError(.badSignature, "the cosignature by \(witness.name) does not verify")
            }
            holding.removeAll { $0.verifier == witness }
            holding.append(Cosignature(verifier: witness, timestamp: timestamp))
        }
        return holding
    }
}

extension NoteSignature {
    /// Reads a witness's answer: one or more signature lines.
    /// - Throws: `malformedNote`.
    package static func lines(_ bytes: [UInt8]) throws(MerkleLogError) -> [NoteSignature] {
        guard bytes.count <= SignedNote.maximumBytes, noteText(bytes) != nil else {
            throw MerkleLogError(.malformedNote, "not signature lines")
        }
        var reader = LineReader(bytes)
        var signatures: [NoteSignature] = []
        while let line = reader.next() {
            guard signatures.count < SignedNote.maximumSignatures, let signature = NoteSignature(line: line) else {
                throw MerkleLogError(.malformedNote, "signature line \(signatures.count + 1) is malformed, or one too many")
            }
            signatures.append(signature)
        }
        guard reader.isAtEnd, !signatures.isEmpty else { throw MerkleLogError(.malformedNote, "not signature lines") }
        return signatures
    }
}
