/// The right edge of a tiled log, held in memory: takes entries and yields the files that must be written.
///
/// A value: copy it before a batch and assign the copy back if writing the batch fails.
package struct TileAppender: Sendable {
    /// A file's name and its bytes.
    package struct Write: Hashable, Sendable {
        package let file: LogFile
        package let bytes: [UInt8]
    }

    private var builder = TileBuilder()
    // The partial entry bundle.
    private var bundle: [UInt8] = []
    // Files filled since the last take, and the size then.
    private var filled: [Write] = []
    private var takenSize: UInt64 = 0

    /// The appender of an empty log.
    package init() {}

    /// Restores the appender of a log of some size from its stored partial tiles and bundle, which are checked against the root.
    /// - Parameter read: the bytes of a file of the log; asked only for the partial files of exactly that size.
    /// - Throws: `wrongRoot` if the files do not lead to the root, `malformedTile`, `malformedBundle`, or what `read` throws.
    package init(size: UInt64, root: MerkleHash, read: (LogFile) throws -> [UInt8]) throws {
        builder = try TileBuilder(size: size, root: root) { try read(.tile($0)) }
        takenSize = size
        guard let name = BundleName.partial(size: size) else { return }
        bundle = try read(.bundle(name))
        var leaves: [UInt8] = []
        do throws(MerkleLogError) {
            for hash in try EntryBundle.leafHashes(in: bundle, width: name.width) { hash.append(to: &leaves) }
        } catch {
            throw MerkleLogError(error.code, error.message, file: .bundle(name))
        }
        guard leaves == builder.partial(level: 0) else {
            throw MerkleLogError(.wrongRoot, "its entries are not those of its tile", file: .bundle(name))
        }
    }

    /// The tree's frontier: its size and its root.
    package var frontier: Frontier { builder.frontier }

    /// Entries in the log.
    package var size: UInt64 { builder.frontier.size }

    /// The root of the tree.
    package var root: MerkleHash { builder.frontier.root }

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
    /// - Throws: `entryTooLong`, `outOfRange`; nothing has changed then.
    package mutating func append(_ entry: some Collection<UInt8>, leafHash: MerkleHash) throws(MerkleLogError) {
        guard size < Frontier.maximumSize else { throw MerkleLogError(.outOfRange, "the log is full") }
        let index = size
        try EntryBundle.append(entry, to: &bundle)
        if index % 256 == 255 {
            filled.append(Write(file: .bundle(BundleName(index: index / 256)), bytes: bundle))
            bundle.removeAll(keepingCapacity: true)
        }
        try builder.append(leafHash) { filled.append(Write(file: .tile($0.tile), bytes: $0.bytes)) }
    }

    /// The files that a log of the present size has and a log of the size at the last call had not: the full ones in the order in which they
    /// filled, then the partial ones. They must be durable before a checkpoint of this size is signed.
    package mutating func takeWrites() -> [Write] {
        var writes = filled
        if takenSize < size, let name = BundleName.partial(size: size) { writes.append(Write(file: .bundle(name), bytes: bundle)) }
        for (tile, bytes) in builder.partialTiles {
            // A level's partial tile is as it was while the level has no new hash.
            guard Tile.hashCount(level: tile.level, size: size) > Tile.hashCount(level: tile.level, size: takenSize) else { continue }
            writes.append(Write(file: .tile(tile), bytes: bytes))
        }
        filled.removeAll()
        takenSize = size
        return writes
    }
}
