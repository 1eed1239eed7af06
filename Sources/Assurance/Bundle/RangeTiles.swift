import MerkleLog

/// The hash tiles that a range of leaves decides alone: those whose every hash is a subtree of leaves in the range.
///
/// They are all the tiles of the log where the range is the whole log.
struct RangeTiles {
    private(set) var frontier: Frontier
    private let first: UInt64
    private let end: UInt64
    private let treeSize: UInt64
    /// By level: the hashes of the tile at hand, from the index where they begin.
    private var levels: [(start: UInt64, hashes: [MerkleHash])] = []

    /// - Parameters:
    ///   - frontier: of the tree before the first leaf of the range.
    ///   - end: of the range; `treeSize`: of the tree whose tiles these are.
    init(frontier: Frontier, end: UInt64, treeSize: UInt64) {
        self.frontier = frontier
        first = frontier.size
        self.end = end
        self.treeSize = treeSize
    }

    /// Appends the next leaf of the range; `filled` is told of each tile that is complete with it.
    mutating func append(_ leaf: MerkleHash, filled: (Tile, [MerkleHash]) throws -> Void) throws {
        let index = frontier.size
        frontier.append(leaf)
        try append(leaf, level: 0, index: index, filled: filled)
    }

    private mutating func append(_ hash: MerkleHash, level: Int, index: UInt64, filled: (Tile, [MerkleHash]) throws -> Void) throws {
        if level == levels.count { levels.append((index, [])) }
        if levels[level].hashes.isEmpty { levels[level].start = index }
        levels[level].hashes.append(hash)
        guard index % 256 == 255 else { return }
        let (start, hashes) = levels[level]
        levels[level].hashes = []
        // Begun before the range: what lies left of it is not known here.
        guard start % 256 == 0 else { return }
        try filled(Tile(level: level, index: index / 256), hashes)
        try append(Self.root(hashes), level: level + 1, index: index / 256, filled: filled)
    }

    /// The partial tiles at the end, where the range ends with the tree.
    func partials(_ told: (Tile, [MerkleHash]) throws -> Void) throws {
        guard end == treeSize, frontier.size == end else { return }
        for tile in Tile.partialTiles(size: treeSize) where tile.level < levels.count {
            let (start, hashes) = levels[tile.level]
            if start % 256 == 0, hashes.count == tile.width { try told(tile, hashes) }
        }
    }

    /// The root of a full tile's subtree.
    private static func root(_ hashes: [MerkleHash]) -> MerkleHash {
        var row = hashes
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { TreeHashing.nodeHash(row[$0], row[$0 + 1]) }
        }
        return row.first ?? TreeHashing.emptyRoot
    }
}

extension [MerkleHash] {
    /// A tile's bytes.
    var tileBytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(count * MerkleHash.byteCount)
        for hash in self { hash.append(to: &out) }
        return out
    }
}
