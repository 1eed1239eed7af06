#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Rebuilds a whole log from its entry bundles, fed in order, and says what every other file must hold.
///
/// A caller that compares every tile it is given, every partial file left from smaller sizes, and finally the root with a signed one, has
/// checked every byte of the log. `LogAudit` does that over a source of files; feed the verifier directly to stream a log from elsewhere.
package struct LogVerifier: Sendable {
    private var builder = TileBuilder()

    package init() {}

    /// Entries so far.
    package var size: UInt64 { builder.frontier.size }

    /// The root over the entries so far.
    package var root: MerkleHash { builder.frontier.root }

    package var frontier: Frontier { builder.frontier }

    /// Takes the next bundle. Only the last may be partial.
    /// - Returns: the tiles that it filled, the lowest level first.
    /// - Throws: `outOfRange` if it is not the next, `malformedBundle`.
    package mutating func add(_ bundle: [UInt8], name: BundleName) throws(MerkleLogError) -> [ExpectedTile] {
        guard size == name.index &* 256, name.index <= Frontier.maximumSize / 256 else {
            throw MerkleLogError(.outOfRange, "not the bundle after \(size) entries", file: .bundle(name))
        }
        let leaves: [MerkleHash]
        do {
            leaves = try EntryBundle.leafHashes(in: bundle, width: name.width)
        } catch {
            throw MerkleLogError(error.code, error.message, file: .bundle(name))
        }
        var tiles: [ExpectedTile] = []
        if name.isFull {
            try builder.append(tile: leaves) { tiles.append(ExpectedTile(tile: $0.tile, bytes: $0.bytes)) }
            return tiles
        }
        for leaf in leaves {
            try builder.append(leaf) { tiles.append(ExpectedTile(tile: $0.tile, bytes: $0.bytes)) }
        }
        return tiles
    }

    /// The partial tiles of the log so far, the lowest level first.
    package var partialTiles: [ExpectedTile] {
        builder.partialTiles.map { ExpectedTile(tile: $0.tile, bytes: $0.bytes) }
    }

    /// Checks the size and the root that the entries have led to.
    /// - Throws: `wrongRoot`.
    package func check(against checkpoint: Checkpoint) throws(MerkleLogError) {
        guard size == checkpoint.size else {
            throw MerkleLogError(.wrongRoot, "\(checkpoint.size) entries are signed, \(size) are there", file: .checkpoint)
        }
        guard root == checkpoint.root else {
            throw MerkleLogError(.wrongRoot, "the entries lead to the root \(root), signed is \(checkpoint.root)", file: .checkpoint)
        }
    }

    /// Checks a partial bundle left from a smaller size against the bundle that has followed it.
    /// - Parameters:
    ///   - stored: the partial bundle's bytes.
    ///   - current: the bytes of the bundle of the same index in the log as it is.
    /// - Throws: `malformedBundle`, `wrongFile`.
    package static func check(partial name: BundleName, stored: [UInt8], current: [UInt8]) throws(MerkleLogError) {
        do {
            _ = try EntryBundle.ranges(in: stored, width: name.width)
        } catch {
            throw MerkleLogError(error.code, error.message, file: .bundle(name))
        }
        guard current.begins(with: stored) else {
            throw MerkleLogError(.wrongFile, "not the beginning of the bundle that followed it", file: .bundle(name))
        }
    }
}

/// A tile as the entries make it.
package struct ExpectedTile: Hashable, Sendable {
    package let tile: Tile
    package let bytes: [UInt8]

    /// Compares the stored file of this tile, or of a partial tile of the same place and a smaller width.
    /// - Throws: `malformedTile` for a wrong length, `wrongFile` for a wrong hash, which is named.
    package func check(stored: [UInt8], width: Int? = nil) throws(MerkleLogError) {
        let width = width ?? tile.width
        guard (1...tile.width).contains(width) else {
            throw MerkleLogError(.outOfRange, "a partial tile of width \(width)", file: .tile(tile))
        }
        let file = Tile(level: tile.level, index: tile.index, width: width)
        guard stored.count == file.byteCount else {
            throw MerkleLogError(.malformedTile, "\(stored.count) bytes, not \(file.byteCount)", file: .tile(file))
        }
        guard !bytes.begins(with: stored) else { return }
        let differing = zip(bytes, stored).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
        let hash = UInt64(differing / MerkleHash.byteCount)
        let first = tile.index * 256 + hash
        let meaning = tile.level == 0 ? "entry \(first) in \(BundleName(index: tile.index, width: tile.width).path)" : "the tiles below"
        throw MerkleLogError(.wrongFile, "hash \(hash) is not that of \(meaning)", file: .tile(file))
    }
}

extension [UInt8] {
    /// Like `starts(with:)`, which compares byte by byte.
    fileprivate func begins(with other: [UInt8]) -> Bool {
        guard other.count <= count else { return false }
        return withUnsafeBytes { whole in
            other.withUnsafeBytes { part in
                guard let a = whole.baseAddress, let b = part.baseAddress else { return true }
                return memcmp(a, b, part.count) == 0
            }
        }
    }
}
