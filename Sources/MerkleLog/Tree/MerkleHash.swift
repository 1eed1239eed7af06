package import Crypto

/// A SHA-256 hash in a Merkle tree: 32 bytes held inline.
package struct MerkleHash: Hashable, Sendable, CustomStringConvertible {
    /// Length in bytes.
    package static let byteCount = 32

    // Four words in memory order: their bytes, as they lie in memory, are the hash.
    private let words: Words

    private struct Words: Hashable, Sendable {
        let a: UInt64
        let b: UInt64
        let c: UInt64
        let d: UInt64
    }

    /// Reads 32 bytes at an address.
    /// - Precondition: 32 bytes are readable there.
    package init(loadingFrom pointer: UnsafeRawPointer) {
        words = Words(
            a: pointer.loadUnaligned(as: UInt64.self),
            b: pointer.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
            c: pointer.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
            d: pointer.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    }

    package init(_ digest: SHA256.Digest) {
        // A SHA-256 digest is 32 bytes by its type.
        self = digest.withUnsafeBytes { bytes in
            bytes.baseAddress.map(MerkleHash.init(loadingFrom:)) ?? MerkleHash.zero
        }
    }

    /// - Returns: nil unless there are exactly 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        let whole = bytes.withContiguousStorageIfAvailable { MerkleHash(buffer: UnsafeRawBufferPointer($0)) }
        guard let hash = whole ?? Array(bytes).withUnsafeBytes(MerkleHash.init(buffer:)) else { return nil }
        self = hash
    }

    /// - Returns: nil unless there are exactly 32 bytes.
    package init?(buffer: UnsafeRawBufferPointer) {
        guard buffer.count == MerkleHash.byteCount, let start = buffer.baseAddress else { return nil }
        self.init(loadingFrom: start)
    }

    /// Reads canonical base 64: 44 characters.
    /// - Returns: nil for anything else.
    package init?(base64: some Collection<UInt8>) {
        guard base64.count == 44, let bytes = StrictBase64.decode(base64) else { return nil }
        self.init(bytes: bytes)
    }

    private init(words: Words) { self.words = words }

    static let zero = MerkleHash(words: Words(a: 0, b: 0, c: 0, d: 0))

    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try Swift.withUnsafeBytes(of: words, body)
    }

    /// Writes the 32 bytes at an address.
    /// - Precondition: 32 bytes are writable there.
    package func store(at pointer: UnsafeMutableRawPointer) {
        pointer.storeBytes(of: words.a, as: UInt64.self)
        pointer.storeBytes(of: words.b, toByteOffset: 8, as: UInt64.self)
        pointer.storeBytes(of: words.c, toByteOffset: 16, as: UInt64.self)
        pointer.storeBytes(of: words.d, toByteOffset: 24, as: UInt64.self)
    }

    package func append(to out: inout [UInt8]) {
        withUnsafeBytes { out.append(contentsOf: $0) }
    }

    package var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// 44 characters of base 64.
    package var base64: String { String(decoding: StrictBase64.encode(bytes), as: UTF8.self) }

    /// 64 lower-case hexadecimal digits.
    package var hex: String {
        let digits: StaticString = "0123456789abcdef"
        var out: [UInt8] = []
        out.reserveCapacity(64)
        for byte in bytes {
            out.append(digits.utf8Start[Int(byte >> 4)])
            out.append(digits.utf8Start[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }

    package var description: String { base64 }
}
