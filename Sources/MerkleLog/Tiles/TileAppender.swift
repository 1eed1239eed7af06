/// The right edge of a tiled log, held in memory: takes entries and yields the files that must be written.
///
/// A value: copy it before a batch and assign the copy back if writing the batch fails.
package struct TileAppender: Sendable {
    /// A file's name and its bytes.
    package struct Write: Hashable, Sendable {
        package let file: LogFile
        package let bytes: [UInt8]
    }

    /// The tree's frontier: its size and its root.
    package private(set) var frontier = Frontier()

    // The hashes of the partial tile of each level, lowest first; fewer than 256 in each.
    private var partials: [[UInt8]] = []
    // The partial entry bundle.
    private var bundle: [UInt8] = []
    // Full files since the last take, and the levels whose partial tile has changed since.
    private var finished: [Write] = []
    private var changedLevels = LevelSet()

    /// The appender of an empty log.
    package init() {}

    /// Restores the appender of a log of some size from its stored partial tiles and bundle, which are checked against the root.
    /// - Parameter read: the bytes of a file of the log; asked only for the partial files of exactly that size.
    /// - Throws: `wrongRoot` if the tiles do not lead to the root, `malformedTile`, `malformedBundle`, or what `read` throws.
    package init(size: UInt64, root: MerkleHash, read: (LogFile) throws -> [UInt8]) throws {
        guard size <= Frontier.maximumSize else { throw MerkleLogError(.outOfRange, "a log of \(size) entries") }
        let tiles = Tile.partialTiles(size: size)
        partials = Array(repeating: [], count: (tiles.last?.level ?? -1) + 1)
        var subtrees: [MerkleHash] = []
        for tile in tiles.reversed() {
            let bytes = try read(.tile(tile))
            subtrees += TileAppender.subtrees(of: try tile.hashes(from: bytes))
            partials[tile.level] = bytes
        }
        frontier = Frontier(size: size, leftToRight: subtrees)
        guard frontier.root == root else {
            throw MerkleLogError(.wrongRoot, "the partial tiles of size \(size) lead to root \(frontier.root), not \(root)")
        }
        if let name = BundleName.partial(size: size) {
            bundle = try read(.bundle(name))
            let entries = try EntryBundle.decode(bundle, width: name.width)
            var leaves: [UInt8] = []
            for entry in entries { TreeHashing.leafHash(of: entry).append(to: &leaves) }
            guard leaves == partials[0] else { throw MerkleLogError(.wrongRoot, "\(name.path): its entries are not those of its tile") }
        }
    }

    /// Entries in the log.
    package var size: UInt64 { frontier.size }

    /// The root of the tree.
    package var root: MerkleHash { frontier.root }

    /// Appends an entry.
    /// - Returns: its leaf hash.
    /// - Throws: `entryTooLong`, `outOfRange` for more than 2^63 - 1 entries; nothing has changed then.
    @discardableResult
    package mutating func append(_ entry: some Collection<UInt8>) throws(MerkleLogError) -> MerkleHash {
        let hash = TreeHashing.leafHash(of: entry)
        try append(entry, leafHash: hash)
        return hash
    }

    /// Appends an entry whose leaf hash the caller has computed already.
    package mutating func append(_ entry: some Collection<UInt8>, leafHash: MerkleHash) throws(MerkleLogError) {
        guard size < Frontier.maximumSize else { throw MerkleLogError(.outOfRange, "the log is full") }
        try EntryBundle.append(entry, to: &bundle)
        let index = size
        var tileRoots: [MerkleHash] = []
        frontier.append(leafHash) { height, hash in
            if height.isMultiple(of: 8) { tileRoots.append(hash) }
        }
        append(leafHash, level: 0, leaf: index)
        for (position, hash) in tileRoots.enumerated() { append(hash, level: position + 1, leaf: index) }
        if index % 256 == 255 {
            finished.append(Write(file: .bundle(BundleName(index: index / 256)), bytes: bundle))
            bundle.removeAll()
        }
    }

    private mutating func append(_ hash: MerkleHash, level: Int, leaf: UInt64) {
        if level == partials.count { partials.append([]) }
        hash.append(to: &partials[level])
        changedLevels.insert(level)
        guard partials[level].count == Tile.fullWidth * MerkleHash.byteCount else { return }
        let tile = Tile(level: level, index: leaf >> UInt64(8 * (level + 1)))
        finished.append(Write(file: .tile(tile), bytes: partials[level]))
        partials[level].removeAll()
        changedLevels.remove(level)
    }

    /// The files that a log of the present size has and a log of the size at the last call did not have: full ones in the order in which
    /// they filled, then the partial ones. They must be durable before a checkpoint of this size is signed.
    package mutating func takeWrites() -> [Write] {
        var writes = finished
        if changedLevels != LevelSet() {
            if changedLevels.contains(0), let name = BundleName.partial(size: size) { writes.append(Write(file: .bundle(name), bytes: bundle)) }
            for tile in Tile.partialTiles(size: size) where changedLevels.contains(tile.level) {
                writes.append(Write(file: .tile(tile), bytes: partials[tile.level]))
            }
        }
        finished.removeAll()
        changedLevels = LevelSet()
        return writes
    }

    /// The perfect subtrees that the hashes of one partial tile divide into, the largest first.
    private static func subtrees(of hashes: [MerkleHash]) -> [MerkleHash] {
        var frontier = Frontier()
        for hash in hashes { frontier.append(hash) }
        return frontier.rightToLeft.reversed()
    }
}

/// Some of a tree's levels, one bit each.
private struct LevelSet: Equatable {
    private var bits: UInt8 = 0

    func contains(_ level: Int) -> Bool { bits >> level & 1 == 1 }
    mutating func insert(_ level: Int) { bits |= 1 << level }
    mutating func remove(_ level: Int) { bits &= ~(1 << level) }
}
