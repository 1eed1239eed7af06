package import Crypto

/// What a leaf says of a sealed content: it can be checked by whoever is shown the content and its salt, and guessed by nobody else.
///
/// SHA-256(`"countersign/commitment/v1"` || 0x00 || u8 length of the name || name || salt (32) || u64 length (big-endian) || bytes)
package enum Commitment {
    /// - Parameters:
    ///   - name: the content's name, 1 to 255 bytes; longer names are the caller's fault and give a commitment that nothing matches.
    ///   - salt: 32 random bytes, fresh for each content.
    package static func compute(name: String, salt: [UInt8], bytes: [UInt8]) -> SHA256.Digest {
        var prefix: [UInt8] = []
        prefix.reserveCapacity(domain.count + 1 + name.utf8.count + salt.count + 8)
        prefix.append(contentsOf: domain)
        prefix.append(UInt8(clamping: name.utf8.count))
        prefix.append(contentsOf: name.utf8)
        prefix.append(contentsOf: salt)
        prefix.appendBigEndian(UInt64(bytes.count))
        var hasher = SHA256()
        prefix.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return hasher.finalize()
    }

    private static let domain: [UInt8] = Array("countersign/commitment/v1".utf8) + [0]
}
