import Crypto

/// The place that a wrapped key is kept in.
///
/// AES-KW (RFC 3394) has no associated data: two wrapped keys could change places unnoticed. So a parent key never wraps directly;
/// each slot has a wrapping key of its own, derived with HKDF-SHA256 from the parent and from all that the slot says:
/// `"countersign/key-slot/v1" || 0x00 || u8 length || purpose || u8 length || id || u8 classification (0: none) || u32 version`.
package struct KeySlot: Hashable, Sendable {
    package enum Purpose: String, Sendable {
        case keyEncryptionKey = "key-encryption-key"
        case classKey = "class-key"
        case subjectFileKey = "subject-file-key"
        case logSigningSeed = "log-signing-seed"
    }

    package let purpose: Purpose
    /// `key_…`.
    package let id: String
    package let classification: DataClassification?
    package let version: UInt32

    package init(_ purpose: Purpose, id: String, classification: DataClassification? = nil, version: UInt32 = 1) {
        self.purpose = purpose
        self.id = id
        self.classification = classification
        self.version = version
    }

    private func wrappingKey(under parent: SymmetricKey) -> SymmetricKey {
        var info = Array("countersign/key-slot/v1".utf8)
        info.append(0)
        for text in [purpose.rawValue, id] {
            info.append(UInt8(clamping: text.utf8.count))
            info.append(contentsOf: text.utf8)
        }
        info.append(classification?.rawValue ?? 0)
        info.appendBigEndian(version)
        return HKDF<SHA256>.deriveKey(inputKeyMaterial: parent, info: info, outputByteCount: 32)
    }

    /// Wraps 256 bits for this slot.
    /// - Returns: 40 bytes.
    func wrap(_ key: SymmetricKey, under parent: SymmetricKey) throws(EnvelopeError) -> [UInt8] {
        guard key.bitCount == 256, WrappingKey.isValidID(id.utf8) else {
            throw EnvelopeError(.invalidArgument, "key \(id) cannot be wrapped: 256 bits and a valid id are needed")
        }
        do {
            return Array(try AES.KeyWrap.wrap(key, using: wrappingKey(under: parent)))
        } catch {
            throw EnvelopeError(.invalidArgument, "key \(id) could not be wrapped")
        }
    }

    /// - Throws: ``EnvelopeError/Code/keyDoesNotOpen`` for another parent, another slot or changed bytes.
    func unwrap(_ wrapped: [UInt8], under parent: SymmetricKey) throws(EnvelopeError) -> SymmetricKey {
        guard wrapped.count == 40 else { throw EnvelopeError(.malformed, "the wrapped key \(id) has \(wrapped.count) bytes instead of 40") }
        do {
            return try AES.KeyWrap.unwrap(wrapped, using: wrappingKey(under: parent))
        } catch {
            throw EnvelopeError(.keyDoesNotOpen, "the wrapped key \(id) does not open: it was changed, or it belongs to another root key")
        }
    }
}
