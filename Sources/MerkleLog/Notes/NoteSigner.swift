import Crypto

/// Signs notes with an Ed25519 key (C2SP signed-note, signature type 0x01).
package struct NoteSigner: Sendable {
    package let verifier: NoteVerifier
    private let privateKey: Curve25519.Signing.PrivateKey

    /// - Parameters:
    ///   - name: the key's name; for a log, its origin.
    ///   - seed: the private key of RFC 8032: 32 random bytes.
    /// - Throws: `malformedKey`.
    package init(name: String, seed: some Collection<UInt8>) throws(MerkleLogError) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: Array(seed)) else {
            throw MerkleLogError(.malformedKey, "a signing key's seed is 32 bytes")
        }
        verifier = try NoteVerifier(name: name, publicKey: Array(key.publicKey.rawRepresentation))
        privateKey = key
    }

    package var name: String { verifier.name }

    /// - Throws: an error of the crypto library.
    package func sign(_ text: [UInt8]) throws -> NoteSignature {
        NoteSignature(name: name, keyID: verifier.keyID, signature: Array(try privateKey.signature(for: text)))
    }
}

/// Checks notes against an Ed25519 key.
package struct NoteVerifier: Hashable, Sendable, CustomStringConvertible {
    let key: VerifierKey

    /// - Throws: `malformedKey`.
    package init(name: String, publicKey: [UInt8]) throws(MerkleLogError) {
        key = try VerifierKey(name: name, type: .ed25519, publicKey: publicKey)
    }

    /// Reads `name+hash+base64`.
    /// - Throws: `malformedKey`.
    package init(vkey: String) throws(MerkleLogError) {
        key = try VerifierKey(text: vkey, type: .ed25519)
    }

    package var name: String { key.name }
    package var keyID: UInt32 { key.keyID }
    /// 32 bytes.
    package var publicKey: [UInt8] { key.publicKey }
    /// `name+hash+base64`.
    package var vkey: String { key.text }
    package var description: String { vkey }

    /// Whether the signature is this key's, and over this text.
    package func verify(_ signature: NoteSignature, over text: [UInt8]) -> Bool {
        key.made(signature) && key.verify(signature.signature, over: text)
    }
}
