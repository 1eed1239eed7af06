import Crypto

/// The name that a key signs under (C2SP signed-note): not empty, no Unicode space, no plus, no control character.
enum KeyName {
    /// The longest name that we accept; tlog-cosignature bounds names and origins at 255 bytes.
    static let maximumBytes = 255

    static func isValid(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= maximumBytes else { return false }
        return name.unicodeScalars.allSatisfy { $0 != "+" && $0.value >= 0x20 && !$0.properties.isWhitespace }
    }

    /// SHA-256(name || "\n" || type || key), its first four bytes, big endian.
    static func keyID(name: String, type: KeyType, publicKey: some Sequence<UInt8>) -> UInt32 {
        var material = Array(name.utf8)
        material.append(UInt8(ascii: "\n"))
        material.append(type.rawValue)
        material.append(contentsOf: publicKey)
        return SHA256.hash(data: material).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// The signature types (C2SP signed-note) that we make and check.
enum KeyType: UInt8 {
    /// Ed25519 over the note's text.
    case ed25519 = 1
    /// cosignature/v1: Ed25519 over a time and the checkpoint.
    case cosignature = 4
}
