import Crypto

/// What is derived from the data key of one object: see ``EnvelopeHeader``.
///
/// This is HKDF-SHA256 (RFC 5869) for outputs of one block, and a test holds it against swift-crypto's. Written out, because that one
/// takes 5.1 µs for the three HMACs of an envelope, for key objects and buffers; this takes about 1.
struct ObjectKeys {
    let encryption: SymmetricKey
    /// 32 bytes.
    let commitment: [UInt8]

    /// - Parameters:
    ///   - dataKey: 32 bytes.
    ///   - objectID: 16 bytes, the salt.
    init(dataKey: SymmetricKey, objectID: [UInt8]) {
        (encryption, commitment) = withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { secrets in
            defer { zeroise(secrets) }
            let pseudoRandomKey = UnsafeMutableRawBufferPointer(rebasing: secrets[..<32])
            let output = UnsafeMutableRawBufferPointer(rebasing: secrets[32...])
            dataKey.withUnsafeBytes { key in
                objectID.withUnsafeBytes { Self.authenticate(key, under: $0, into: pseudoRandomKey) }
            }
            Self.expand(pseudoRandomKey, Self.commitmentInfo, into: output)
            let commitment = Array(output)
            Self.expand(pseudoRandomKey, Self.encryptionInfo, into: output)
            return (SymmetricKey(data: UnsafeRawBufferPointer(output)), commitment)
        }
    }

    // The counter of the first and only block stands at the end.
    static let encryptionInfo = Array("countersign/envelope/v1/encryption".utf8) + [1]
    static let commitmentInfo = Array("countersign/envelope/v1/commitment".utf8) + [1]

    private static func expand(_ key: UnsafeMutableRawBufferPointer, _ info: [UInt8], into out: UnsafeMutableRawBufferPointer) {
        info.withUnsafeBytes { authenticate($0, under: UnsafeRawBufferPointer(key), into: out) }
    }

    /// HMAC-SHA256 (RFC 2104).
    /// - Parameters:
    ///   - key: at most 64 bytes.
    ///   - out: 32 bytes; may not overlap the others.
    static func authenticate(_ message: UnsafeRawBufferPointer, under key: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer) {
        precondition(key.count <= 64 && out.count == 32)
        withUnsafeTemporaryAllocation(byteCount: 64 + max(32, message.count), alignment: 16) { buffer in
            defer { zeroise(buffer) }
            func pad(_ byte: UInt8) {
                for index in 0..<64 { buffer[index] = byte ^ (index < key.count ? key[index] : 0) }
            }
            func hash(_ count: Int, into target: UnsafeMutableRawBufferPointer) {
                var hasher = SHA256()
                hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<(64 + count)]))
                hasher.finalize().withUnsafeBytes { target.copyMemory(from: $0) }
            }
            pad(0x36)
            UnsafeMutableRawBufferPointer(rebasing: buffer[64...]).copyMemory(from: message)
            hash(message.count, into: out)
            pad(0x5c)
            UnsafeMutableRawBufferPointer(rebasing: buffer[64...]).copyMemory(from: UnsafeRawBufferPointer(out))
            hash(32, into: out)
        }
    }
}
