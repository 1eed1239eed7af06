/// Checks the proofs of RFC 6962, by the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2. A proof of any other length fails.
package enum TreeVerification {
    /// Whether a leaf is the entry at `index` of the tree of `size` leaves with that root.
    package static func includes(
        leaf: MerkleHash, index: UInt64, size: UInt64, root: MerkleHash, proof: some Collection<MerkleHash>
    ) -> Bool {
        guard index < size else { return false }
        var node = index
        var last = size - 1
        var hash = leaf
        for sibling in proof {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                hash = TreeHashing.nodeHash(sibling, hash)
                while node & 1 == 0 && node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                hash = TreeHashing.nodeHash(hash, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// Whether the tree of `newSize` leaves extends the tree of `oldSize` leaves.
    ///
    /// From the empty tree, and between equal sizes, the proof must be empty; equal sizes need equal roots, and size 0 the empty root.
    package static func extends(
        oldSize: UInt64, oldRoot: MerkleHash, newSize: UInt64, newRoot: MerkleHash, proof: some Collection<MerkleHash>
    ) -> Bool {
        guard oldSize <= newSize else { return false }
        if newSize == 0, newRoot != TreeHashing.emptyRoot { return false }
        if oldSize == 0 { return proof.isEmpty && oldRoot == TreeHashing.emptyRoot }
        if oldSize == newSize { return proof.isEmpty && oldRoot == newRoot }
        var path = Array(proof)[...]
        // An old tree that is a perfect subtree is itself the first node of the path.
        let isPerfect = oldSize & (oldSize - 1) == 0
        guard let first = isPerfect ? oldRoot : path.popFirst() else { return false }
        guard !path.isEmpty else { return false }
        var node = oldSize - 1
        var last = newSize - 1
        while node & 1 == 1 {
            node >>= 1
            last >>= 1
        }
        var old = first
        var new = first
        for hash in path {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                old = TreeHashing.nodeHash(hash, old)
                new = TreeHashing.nodeHash(hash, new)
                while node & 1 == 0 && node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                new = TreeHashing.nodeHash(new, hash)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && old == oldRoot && new == newRoot
    }
}
