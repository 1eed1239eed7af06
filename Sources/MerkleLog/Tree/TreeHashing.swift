import Crypto

/// The hashes of RFC 6962, section 2.1.
package enum TreeHashing {
    /// The root of the tree without leaves: SHA-256 of nothing.
    package static let emptyRoot = MerkleHash(SHA256().finalize())

    /// SHA-256(0x00 || entry).
    package static func leafHash(of entry: some Collection<UInt8>) -> MerkleHash {
        let contiguous = entry.withContiguousStorageIfAvailable { leafHash(of: UnsafeRawBufferPointer($0)) }
        return contiguous ?? Array(entry).withUnsafeBytes(leafHash(of:))
    }

    /// SHA-256(0x00 || entry).
    package static func leafHash(of entry: UnsafeRawBufferPointer) -> MerkleHash {
        var hasher = SHA256()
        var prefix: UInt8 = 0
        withUnsafeBytes(of: &prefix) { hasher.update(bufferPointer: $0) }
        hasher.update(bufferPointer: entry)
        return MerkleHash(hasher.finalize())
    }

    /// SHA-256 of a buffer that begins with the leaf prefix 0x00 already.
    static func hash(ofPrefixed buffer: UnsafeRawBufferPointer) -> MerkleHash {
        var hasher = SHA256()
        hasher.update(bufferPointer: buffer)
        return MerkleHash(hasher.finalize())
    }

    /// SHA-256(0x01 || left || right), from one contiguous buffer: measured a quarter faster than three updates.
    package static func nodeHash(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
        withUnsafeTemporaryAllocation(byteCount: 1 + 2 * MerkleHash.byteCount, alignment: 8) { buffer in
            buffer[0] = 1
            guard let start = buffer.baseAddress else { return .zero }
            left.store(at: start + 1)
            right.store(at: start + 1 + MerkleHash.byteCount)
            return hash(ofPrefixed: UnsafeRawBufferPointer(buffer))
        }
    }

    /// The root over a power of two of hashes, in place level by level.
    static func root(ofTile hashes: [MerkleHash]) -> MerkleHash {
        precondition(hashes.count.nonzeroBitCount == 1)
        var level = hashes
        level.withUnsafeMutableBufferPointer { level in
            var count = level.count
            while count > 1 {
                count /= 2
                for position in 0..<count { level[position] = nodeHash(level[2 * position], level[2 * position + 1]) }
            }
        }
        return level[0]
    }

    /// The root over some hashes taken as the leaves of a tree (RFC 6962's MTH, given the leaf hashes); any number, none included.
    static func root(of hashes: some Sequence<MerkleHash>) -> MerkleHash {
        var frontier = Frontier()
        for hash in hashes { frontier.append(hash) }
        return frontier.root
    }
}
