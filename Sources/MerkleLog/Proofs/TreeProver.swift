/// Builds the proofs of RFC 6962, section 2.1, from the tiles of a log.
///
/// The tiles are taken at their word: a proof from damaged tiles does not verify. Check it before handing it out if they are not trusted.
package struct TreeProver<Reader: TileReader> {
    /// Leaves of the tree whose tiles are stored; it decides which partial tiles are asked for.
    package let size: UInt64
    private let reader: Reader
    private var read: [Tile: [MerkleHash]] = [:]

    /// - Parameter size: a size whose partial tiles are available: that of the last checkpoint, usually.
    package init(size: UInt64, reader: Reader) {
        self.size = size
        self.reader = reader
    }

    /// The audit path of a leaf in the tree of the first `size` leaves (section 2.1.1), from the leaf's sibling to the root's child.
    /// - Throws: `outOfRange`, `malformedTile`, or what the reader throws.
    package mutating func inclusionProof(index: UInt64, size: UInt64) throws -> [MerkleHash] {
        guard index < size, size <= self.size else {
            throw MerkleLogError(.outOfRange, "no entry \(index) in a tree of \(size), of \(self.size) stored")
        }
        // From the root down: at each step the half without the leaf is a sibling.
        var proof: [MerkleHash] = []
        var low: UInt64 = 0
        var high = size
        while high - low > 1 {
            let middle = low + largestPowerOfTwo(below: high - low)
            if index < middle {
                proof.append(try root(of: middle..<high))
                high = middle
            } else {
                proof.append(try root(of: low..<middle))
                low = middle
            }
        }
        return proof.reversed()
    }

    /// The consistency proof between the trees of the first `old` and the first `new` leaves (section 2.1.2); empty if `old` is 0 or `new`.
    /// - Throws: `outOfRange`, `malformedTile`, or what the reader throws.
    package mutating func consistencyProof(old: UInt64, new: UInt64) throws -> [MerkleHash] {
        guard old <= new, new <= size else {
            throw MerkleLogError(.outOfRange, "no proof from size \(old) to \(new), of \(size) stored")
        }
        guard old > 0, old < new else { return [] }
        // SUBPROOF(old, D[low:high], whole): from the root down towards the edge of the old tree.
        var proof: [MerkleHash] = []
        var low: UInt64 = 0
        var high = new
        var whole = true
        while old < high {
            let middle = low + largestPowerOfTwo(below: high - low)
            if old <= middle {
                proof.append(try root(of: middle..<high))
                high = middle
            } else {
                proof.append(try root(of: low..<middle))
                low = middle
                whole = false
            }
        }
        if !whole { proof.append(try root(of: low..<high)) }
        return proof.reversed()
    }

    /// The root of the tree of the first `size` leaves.
    /// - Throws: `outOfRange`, `malformedTile`, or what the reader throws.
    package mutating func root(size: UInt64) throws -> MerkleHash {
        guard size <= self.size else { throw MerkleLogError(.outOfRange, "no tree of \(size), of \(self.size) stored") }
        return size == 0 ? TreeHashing.emptyRoot : try root(of: 0..<size)
    }

    /// The frontier of the tree of the first `size` leaves.
    /// - Throws: `outOfRange`, `malformedTile`, or what the reader throws.
    package mutating func frontier(size: UInt64) throws -> Frontier {
        guard size <= self.size else { throw MerkleLogError(.outOfRange, "no tree of \(size), of \(self.size) stored") }
        return Frontier(size: size, leftToRight: try subtrees(of: 0..<size))
    }

    /// The root over a range that begins at a multiple of the smallest power of two not below its length.
    private mutating func root(of range: Range<UInt64>) throws -> MerkleHash {
        let subtrees = try subtrees(of: range)
        guard var hash = subtrees.last else { return TreeHashing.emptyRoot }
        for left in subtrees.dropLast().reversed() { hash = TreeHashing.nodeHash(left, hash) }
        return hash
    }

    /// The perfect subtrees that such a range divides into, from left to right.
    private mutating func subtrees(of range: Range<UInt64>) throws -> [MerkleHash] {
        var hashes: [MerkleHash] = []
        var low = range.lowerBound
        while low < range.upperBound {
            let height = 63 - (range.upperBound - low).leadingZeroBitCount
            hashes.append(try subtree(height: height, index: low >> UInt64(height)))
            low += 1 << UInt64(height)
        }
        return hashes
    }

    /// The root of a perfect subtree: leaves `index << height` up to `(index + 1) << height`.
    private mutating func subtree(height: Int, index: UInt64) throws -> MerkleHash {
        let (level, rise) = (height / 8, height % 8)
        let first = index << UInt64(rise)
        guard let tile = Tile(level: level, index: first / 256, inTreeOf: size) else {
            throw MerkleLogError(.outOfRange, "no subtree of height \(height) at \(index)")
        }
        let hashes = try hashes(of: tile)
        let start = Int(first % 256)
        guard start + (1 << rise) <= hashes.count else {
            throw MerkleLogError(.outOfRange, "no subtree of height \(height) at \(index)")
        }
        return TreeHashing.root(of: hashes[start..<start + (1 << rise)])
    }

    private mutating func hashes(of tile: Tile) throws -> [MerkleHash] {
        if let hashes = read[tile] { return hashes }
        let hashes = try tile.hashes(from: try reader.tile(tile))
        // A proof touches at most two tiles a level; the bound only matters to a caller that makes many proofs with one prover.
        if read.count >= 64 { read.removeAll() }
        read[tile] = hashes
        return hashes
    }
}

/// The largest power of two smaller than a number of at least 2 (RFC 6962's k).
func largestPowerOfTwo(below number: UInt64) -> UInt64 {
    1 << UInt64(63 - (number - 1).leadingZeroBitCount)
}
