/// The right edge of a Merkle tree: the roots of the perfect subtrees that its leaves divide into, one for each set bit of the size.
///
/// It is all that is needed to append leaves and to compute the root (the "compact range" from 0 to the size).
package struct Frontier: Hashable, Sendable {
    /// The largest size that the formats can say: 2^63 - 1 leaves.
    package static let maximumSize = UInt64(Int64.max)

    /// Leaves in the tree.
    package private(set) var size: UInt64 = 0

    // Largest subtree (leftmost) first; as many as `size` has bits set.
    private var subtrees: [MerkleHash] = []

    /// The frontier of the empty tree.
    package init() {}

    init(size: UInt64, leftToRight subtrees: [MerkleHash]) {
        self.size = size
        self.subtrees = subtrees
    }

    /// The subtree roots from the rightmost (smallest) to the leftmost (largest).
    package var rightToLeft: [MerkleHash] { subtrees.reversed() }

    package mutating func append(_ leaf: MerkleHash) {
        append(leaf) { _, _ in }
    }

    /// Appends a leaf; `completed` is told of every perfect subtree that the leaf completes above itself: its height and its root.
    mutating func append(_ leaf: MerkleHash, completed: (Int, MerkleHash) -> Void) {
        append(subtree: leaf, height: 0, completed: completed)
    }

    /// Appends a perfect subtree; `completed` is told of every subtree that it completes above itself.
    /// - Precondition: the size is a multiple of the subtree's leaves, 2^height.
    mutating func append(subtree root: MerkleHash, height: Int, completed: (Int, MerkleHash) -> Void) {
        precondition(size & (1 << UInt64(height) - 1) == 0)
        var hash = root
        var height = height
        var bits = size >> UInt64(height)
        let leaves: UInt64 = 1 << UInt64(height)
        while bits & 1 == 1, let left = subtrees.popLast() {
            hash = TreeHashing.nodeHash(left, hash)
            height += 1
            completed(height, hash)
            bits >>= 1
        }
        subtrees.append(hash)
        size += leaves
    }

    /// The root of the tree (RFC 6962, section 2.1).
    package var root: MerkleHash {
        guard var hash = subtrees.last else { return TreeHashing.emptyRoot }
        for left in subtrees.dropLast().reversed() { hash = TreeHashing.nodeHash(left, hash) }
        return hash
    }

    /// The size (8 bytes, big endian), then the subtree roots from right to left.
    package var encoded: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(8 + subtrees.count * MerkleHash.byteCount)
        withUnsafeBytes(of: size.bigEndian) { out.append(contentsOf: $0) }
        for hash in subtrees.reversed() { hash.append(to: &out) }
        return out
    }

    /// Reads what `encoded` wrote.
    /// - Throws: `malformedFrontier`. The hashes are not proved by this: compare `root` with a signed one.
    package init(decoding bytes: some Collection<UInt8>) throws(MerkleLogError) {
        let bytes = Array(bytes)
        guard bytes.count >= 8 else { throw MerkleLogError(.malformedFrontier, "a frontier of \(bytes.count) bytes") }
        let size = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        guard size <= Frontier.maximumSize, bytes.count == 8 + size.nonzeroBitCount * MerkleHash.byteCount else {
            throw MerkleLogError(.malformedFrontier, "a frontier of size \(size) in \(bytes.count) bytes")
        }
        self.size = size
        for start in stride(from: 8, to: bytes.count, by: MerkleHash.byteCount) {
            guard let hash = MerkleHash(bytes: bytes[start..<start + MerkleHash.byteCount]) else { continue }
            subtrees.append(hash)
        }
        subtrees.reverse()
    }
}
