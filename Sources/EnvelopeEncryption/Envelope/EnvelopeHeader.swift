/// The header of an envelope. All integers are big-endian.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 4 | magic `CSEV` |
/// | 4 | 1 | version, 1 |
/// | 5 | 1 | classification: 1 public, 2 internal, 3 confidential, 4 restricted |
/// | 6 | 1 | kind of the wrapping key: 1 class, 2 subject, 3 file of the key store |
/// | 7 | 1 | *n*, length of the wrapping key's id, 1 to 64 |
/// | 8 | 4 | version of the wrapping key, from 1 |
/// | 12 | 4 | chunk size in bytes of plaintext, 65,536 |
/// | 16 | 16 | object id, random |
/// | 32 | 7 | nonce prefix, random |
/// | 39 | 1 | reserved, 0 |
/// | 40 | 32 | key commitment |
/// | 72 | 40 | data key, wrapped with AES-KW (RFC 3394) |
/// | 112 | *n* | id of the wrapping key: `a`–`z`, `0`–`9`, `_` |
///
/// The data key, 32 random bytes, is used for nothing but this (HKDF-SHA256, RFC 5869, salt = object id, 32 bytes each):
/// - encryption key: info `countersign/envelope/v1/encryption`
/// - key commitment: info `countersign/envelope/v1/commitment`
///
/// The commitment makes an envelope open under one data key only, which GCM by itself does not promise (Albertini et al.,
/// "How to Abuse and Fix Authenticated Encryption Without Key Commitment", 2022).
///
/// After the header come the chunks of the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption
/// and its Nonce-Reuse Misuse-Resistance", 2015) over AES-256-GCM, each `ciphertext || 16-byte tag`:
/// - nonce: nonce prefix (7) || chunk number from 0 (4) || 1 for the last chunk, else 0 (1)
/// - associated data: SHA-256(header) (32); for the last chunk followed by the length of the whole plaintext (8)
///
/// Every chunk but the last holds exactly 65,536 bytes of plaintext. The last holds 1 to 65,536; it is empty only where the whole
/// plaintext is. So every plaintext has one division into chunks.
package struct EnvelopeHeader: Hashable, Sendable {
    package let classification: DataClassification
    package let keyKind: WrappingKey.Kind
    package let keyID: String
    package let keyVersion: UInt32
    /// 16 random bytes: the same for no two objects.
    package let objectID: [UInt8]
    let noncePrefix: [UInt8]
    let keyCommitment: [UInt8]
    let wrappedDataKey: [UInt8]

    /// Bytes of plaintext in every chunk but the last.
    package static let chunkSize = 65_536
    /// The longest header: what is worth reading of a file to learn its key.
    package static let maximumLength = fixedLength + WrappingKey.maximumIDBytes
    static let fixedLength = 112
    static let magic: [UInt8] = Array("CSEV".utf8)
    static let version: UInt8 = 1

    /// Length in bytes.
    package var length: Int { Self.fixedLength + keyID.utf8.count }

    var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(length)
        out.append(contentsOf: Self.magic)
        out.append(Self.version)
        out.append(classification.rawValue)
        out.append(keyKind.rawValue)
        out.append(UInt8(truncatingIfNeeded: keyID.utf8.count))
        out.appendBigEndian(keyVersion)
        out.appendBigEndian(UInt32(Self.chunkSize))
        out.append(contentsOf: objectID)
        out.append(contentsOf: noncePrefix)
        out.append(0)
        out.append(contentsOf: keyCommitment)
        out.append(contentsOf: wrappedDataKey)
        out.append(contentsOf: keyID.utf8)
        return out
    }
}

extension EnvelopeHeader {
    /// Reads the header at the start of an envelope. Not authenticated before a chunk has been opened.
    /// - Parameter bytes: an envelope, or at least its first ``maximumLength`` bytes.
    /// - Throws: ``EnvelopeError/Code/malformed``.
    package init(reading bytes: [UInt8]) throws(EnvelopeError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(EnvelopeError) in try Self(reading: UnsafeRawBufferPointer(buffer)) }
    }

    init(reading bytes: UnsafeRawBufferPointer) throws(EnvelopeError) {
        guard let length = try Self.length(announcedBy: bytes), bytes.count >= length else {
            throw EnvelopeError(.malformed, "the envelope ends within its header")
        }
        var reader = ByteReader(bytes)
        guard reader.take(5) != nil, let classification = reader.integer(UInt8.self), let kind = reader.integer(UInt8.self),
            let idLength = reader.integer(UInt8.self), let keyVersion = reader.integer(UInt32.self), let chunkSize = reader.integer(UInt32.self),
            let objectID = reader.take(16), let noncePrefix = reader.take(7), let reserved = reader.integer(UInt8.self),
            let commitment = reader.take(32), let wrapped = reader.take(40), let id = reader.take(Int(idLength))
        else { throw EnvelopeError(.malformed, "the envelope ends within its header") }
        guard let classification = DataClassification(rawValue: classification) else {
            throw EnvelopeError(.malformed, "the envelope's header names no known classification")
        }
        guard let kind = WrappingKey.Kind(rawValue: kind) else {
            throw EnvelopeError(.malformed, "the envelope's header names no known kind of key")
        }
        guard keyVersion >= 1, chunkSize == UInt32(Self.chunkSize), reserved == 0, WrappingKey.isValidID(id) else {
            throw EnvelopeError(.malformed, "the envelope's header has a value that version 1 does not allow")
        }
        self.classification = classification
        self.keyKind = kind
        self.keyID = String(decoding: id, as: UTF8.self)
        self.keyVersion = keyVersion
        self.objectID = objectID
        self.noncePrefix = noncePrefix
        self.keyCommitment = commitment
        self.wrappedDataKey = wrapped
    }

    /// The header's length, once enough bytes are there to say; nil before.
    static func length(announcedBy bytes: UnsafeRawBufferPointer) throws(EnvelopeError) -> Int? {
        guard bytes.prefix(magic.count).elementsEqual(magic.prefix(bytes.count)) else {
            throw EnvelopeError(.malformed, "not an envelope: it does not start with CSEV")
        }
        guard bytes.count >= 8 else { return nil }
        guard bytes[4] == version else { throw EnvelopeError(.malformed, "an envelope of version \(bytes[4]); this program reads version 1") }
        let idLength = Int(bytes[7])
        guard (1...WrappingKey.maximumIDBytes).contains(idLength) else {
            throw EnvelopeError(.malformed, "the envelope's header names a key id of \(idLength) bytes; 1 to 64 are allowed")
        }
        return fixedLength + idLength
    }

    /// Whether this is the key that the header names.
    package func names(_ key: WrappingKey) -> Bool {
        key.kind == keyKind && key.id == keyID && key.version == keyVersion
            && (key.classification == nil || key.classification == classification)
    }
}
