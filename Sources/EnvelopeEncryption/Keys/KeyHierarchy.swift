package import Crypto

/// The key at the top: everything else is wrapped by it, directly or not.
package struct RootKey: Sendable {
    private let key: SymmetricKey

    /// - Parameter bytes: 32 random bytes; the caller zeroes its copy.
    /// - Throws: ``EnvelopeError/Code/invalidArgument`` for another length.
    package init(_ bytes: some Collection<UInt8>) throws(EnvelopeError) {
        guard bytes.count == 32 else { throw EnvelopeError(.invalidArgument, "a root key has 32 bytes, not \(bytes.count)") }
        var copy = Array(bytes)
        defer { copy.zeroise() }
        key = SymmetricKey(data: copy)
    }

    /// - Returns: 40 bytes (AES-KW).
    package func wrap(_ kek: KeyEncryptionKey) throws(EnvelopeError) -> [UInt8] {
        try kek.slot.wrap(kek.key, under: key)
    }

    package func unwrapKeyEncryptionKey(
        _ wrapped: [UInt8], id: String, classification: DataClassification, version: UInt32
    ) throws(EnvelopeError) -> KeyEncryptionKey {
        let slot = KeySlot(.keyEncryptionKey, id: id, classification: classification, version: version)
        return KeyEncryptionKey(id: id, classification: classification, version: version, key: try slot.unwrap(wrapped, under: key))
    }

    /// Wraps a secret of 256 bits: a file key, a signing seed.
    /// - Returns: 40 bytes (AES-KW).
    package func wrap(_ secret: SymmetricKey, in slot: KeySlot) throws(EnvelopeError) -> [UInt8] {
        try slot.wrap(secret, under: key)
    }

    package func unwrap(_ wrapped: [UInt8], in slot: KeySlot) throws(EnvelopeError) -> SymmetricKey {
        try slot.unwrap(wrapped, under: key)
    }

    /// HMAC-SHA256 under a key derived from this one: finds changes in the list of keys, which holds no secret in clear.
    /// - Returns: 32 bytes.
    package func authenticate(_ bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: authenticationKey))
    }

    package func isAuthentic(_ bytes: [UInt8], code: [UInt8]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: bytes, using: authenticationKey)
    }

    private var authenticationKey: SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Array("countersign/key-list/v1".utf8), outputByteCount: 32)
    }
}

/// Wraps the class keys of one classification.
package struct KeyEncryptionKey: Sendable {
    package let id: String
    package let classification: DataClassification
    package let version: UInt32
    let key: SymmetricKey

    package init(id: String, classification: DataClassification, version: UInt32 = 1, key: SymmetricKey) {
        self.id = id
        self.classification = classification
        self.version = version
        self.key = key
    }

    var slot: KeySlot { KeySlot(.keyEncryptionKey, id: id, classification: classification, version: version) }

    /// Wraps a class key of this classification.
    /// - Returns: 40 bytes (AES-KW).
    package func wrap(_ classKey: WrappingKey) throws(EnvelopeError) -> [UInt8] {
        guard classKey.kind == .classKey, classKey.classification == classification else {
            throw EnvelopeError(.invalidArgument, "key \(classKey.id) is no class key of classification \(classification)")
        }
        return try slot(of: classKey.id, version: classKey.version).wrap(classKey.key, under: key)
    }

    package func unwrapClassKey(_ wrapped: [UInt8], id: String, version: UInt32) throws(EnvelopeError) -> WrappingKey {
        let classKey = try slot(of: id, version: version).unwrap(wrapped, under: key)
        return try WrappingKey(kind: .classKey, id: id, version: version, classification: classification, key: classKey)
    }

    private func slot(of id: String, version: UInt32) -> KeySlot {
        KeySlot(.classKey, id: id, classification: classification, version: version)
    }
}
