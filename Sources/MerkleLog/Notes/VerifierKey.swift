import Crypto

/// A public key and its name, as text `name+hash+base64(type || key)` (C2SP signed-note's vkey).
struct VerifierKey: Hashable, Sendable {
    let name: String
    let keyID: UInt32
    let publicKey: [UInt8]
    let type: KeyType

    /// - Throws: `malformedKey` if the name is not one or the key is not 32 bytes.
    init(name: String, type: KeyType, publicKey: [UInt8]) throws(MerkleLogError) {
        guard KeyName.isValid(name) else { throw MerkleLogError(.malformedKey, "a key's name is empty, too long, or has a space or a plus") }
        guard publicKey.count == 32 else { throw MerkleLogError(.malformedKey, "an Ed25519 key of \(publicKey.count) bytes") }
        self.name = name
        self.type = type
        self.publicKey = publicKey
        keyID = KeyName.keyID(name: name, type: type, publicKey: publicKey)
    }

    /// Reads the text form; the hash must be that of the name and the key, in eight lower-case hexadecimal digits.
    /// - Throws: `malformedKey`.
    init(text: String, type: KeyType) throws(MerkleLogError) {
        let bytes = Array(text.utf8)
        // A key's base 64 may hold a plus: only the first two divide.
        let parts = bytes.split(separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
        guard bytes.count <= 512, parts.count == 3, let name = String(validating: parts[0], as: UTF8.self) else {
            throw MerkleLogError(.malformedKey, "a verifier key is name+hash+key")
        }
        guard var material = StrictBase64.decode(parts[2]), !material.isEmpty else {
            throw MerkleLogError(.malformedKey, "the key of a verifier key is not base 64")
        }
        guard material.removeFirst() == type.rawValue else {
            throw MerkleLogError(.malformedKey, "not a key of signature type \(type.rawValue)")
        }
        try self.init(name: name, type: type, publicKey: material)
        guard parts[1].elementsEqual(VerifierKey.hex(keyID).utf8) else {
            throw MerkleLogError(.malformedKey, "the hash of a verifier key is not that of its name and key")
        }
    }

    var text: String {
        name + "+" + VerifierKey.hex(keyID) + "+" + String(decoding: StrictBase64.encode([type.rawValue] + publicKey), as: UTF8.self)
    }

    /// Whether a signature says that it was made by this key.
    func made(_ signature: NoteSignature) -> Bool {
        signature.keyID == keyID && sameBytes(signature.name, name)
    }

    func verify(_ signature: some Collection<UInt8>, over message: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        return key.isValidSignature(Array(signature), for: message)
    }

    private static func hex(_ keyID: UInt32) -> String {
        let text = String(keyID, radix: 16)
        return String(repeating: "0", count: 8 - text.utf8.count) + text
    }
}
