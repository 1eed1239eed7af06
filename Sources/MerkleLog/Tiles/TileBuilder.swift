/// The hash tiles of a growing tree: takes leaf hashes, yields each full tile as it fills, and holds the partial ones.
struct TileBuilder: Sendable {
    /// A tile and its bytes.
    typealias Full = (tile: Tile, bytes: [UInt8])

    private(set) var frontier = Frontier()

    // The hashes of the partial tile of each level, lowest first; fewer than 256 in each.
    private var partials: [[UInt8]] = []
    // Roots of the full tiles that the leaf at hand completes, lowest level first. Kept to spare an allocation a tile.
    private var roots: [MerkleHash] = []

    init() {}

    /// Restores the builder of a tree from its partial tiles, which are checked against the root.
    /// - Throws: `wrongRoot`, `malformedTile`, `outOfRange`, or what `read` throws.
    init(size: UInt64, root: MerkleHash, read: (Tile) throws -> [UInt8]) throws {
        guard size <= Frontier.maximumSize else { throw MerkleLogError(.outOfRange, "a log of \(size) entries") }
        let tiles = Tile.partialTiles(size: size)
        partials = Array(repeating: [], count: (tiles.last?.level ?? -1) + 1)
        var subtrees: [MerkleHash] = []
        for tile in tiles.reversed() {
            let bytes = try read(tile)
            // The perfect subtrees that the tile's hashes divide into, the largest first.
            var edge = Frontier()
            for hash in try tile.hashes(from: bytes) { edge.append(hash) }
            subtrees += edge.rightToLeft.reversed()
            partials[tile.level] = bytes
        }
        frontier = Frontier(size: size, leftToRight: subtrees)
        guard frontier.root == root else {
            throw MerkleLogError(.wrongRoot, "the partial tiles of size \(size) lead to the root \(frontier.root), not to \(root)")
        }
    }

    /// Appends a leaf; `filled` is told of each tile that it fills, the lowest level first.
    /// - Throws: `outOfRange` for more than 2^63 - 1 leaves.
    mutating func append(_ leaf: MerkleHash, filled: (Full) -> Void) throws(MerkleLogError) {
        let index = frontier.size
        guard index < Frontier.maximumSize else { throw MerkleLogError(.outOfRange, "the log is full") }
        roots.removeAll(keepingCapacity: true)
        var completed: [MerkleHash] = []
        swap(&completed, &roots)
        frontier.append(leaf) { height, hash in
            if height.isMultiple(of: 8) { completed.append(hash) }
        }
        swap(&completed, &roots)
        append(leaf, level: 0, leaf: index, filled: filled)
        for position in roots.indices { append(roots[position], level: position + 1, leaf: index, filled: filled) }
    }

    /// Appends the leaves of a whole tile at once: the same as one by one, without the bookkeeping of each.
    /// - Precondition: 256 leaves, and the size is a multiple of 256.
    /// - Throws: `outOfRange` for more than 2^63 - 1 leaves.
    mutating func append(tile leaves: [MerkleHash], filled: (Full) -> Void) throws(MerkleLogError) {
        precondition(leaves.count == Tile.fullWidth)
        let index = frontier.size
        guard index < Frontier.maximumSize - UInt64(Tile.fullWidth) else { throw MerkleLogError(.outOfRange, "the log is full") }
        // Hashes lie in an array as they lie in a tile's file.
        filled((Tile(level: 0, index: index / 256), leaves.withUnsafeBytes { Array($0) }))
        let root = TreeHashing.root(ofTile: leaves)
        var roots = [root]
        frontier.append(subtree: root, height: 8) { height, hash in
            if height.isMultiple(of: 8) { roots.append(hash) }
        }
        if partials.isEmpty { partials.append([]) }
        for (position, hash) in roots.enumerated() { append(hash, level: position + 1, leaf: index + 255, filled: filled) }
    }

    private mutating func append(_ hash: MerkleHash, level: Int, leaf: UInt64, filled: (Full) -> Void) {
        if level == partials.count { partials.append([]) }
        if partials[level].isEmpty { partials[level].reserveCapacity(Tile.fullWidth * MerkleHash.byteCount) }
        hash.append(to: &partials[level])
        guard partials[level].count == Tile.fullWidth * MerkleHash.byteCount else { return }
        filled((Tile(level: level, index: leaf >> UInt64(8 * (level + 1))), partials[level]))
        partials[level] = []
    }

    /// The bytes of the partial tile of a level; empty if it has none.
    func partial(level: Int) -> [UInt8] {
        partials.indices.contains(level) ? partials[level] : []
    }

    /// Every partial tile, the lowest level first.
    var partialTiles: [Full] {
        Tile.partialTiles(size: frontier.size).map { ($0, partials[$0.level]) }
    }
}
