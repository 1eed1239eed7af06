/// A tile of hashes (C2SP tlog-tiles): up to 256 consecutive subtree roots of one height, a multiple of 8.
package struct Tile: Hashable, Sendable {
    /// Hashes in a full tile, and entries in a full bundle.
    package static let fullWidth = 256

    /// The highest level that a tree of 2^63 - 1 leaves can have.
    package static let maximumLevel = 7

    /// 0 for leaf hashes; each hash at level n + 1 is the root of a full tile of level n.
    package let level: Int
    /// Position within the level, from 0.
    package let index: UInt64
    /// Hashes in it, 1 to 256.
    package let width: Int

    /// - Precondition: the level is 0 to 63 and the width 1 to 256.
    package init(level: Int, index: UInt64, width: Int = Tile.fullWidth) {
        precondition((0...63).contains(level) && (1...Tile.fullWidth).contains(width))
        self.level = level
        self.index = index
        self.width = width
    }

    package var isFull: Bool { width == Tile.fullWidth }

    /// Length of its file.
    package var byteCount: Int { width * MerkleHash.byteCount }

    /// `tile/<level>/<index>[.p/<width>]`.
    package var path: String { LogFile.tile(self).path }

    /// How many hashes a tree of some size has at a level.
    package static func hashCount(level: Int, size: UInt64) -> UInt64 {
        level * 8 < 64 ? size >> UInt64(level * 8) : 0
    }

    /// The tile of that level and index in a tree of some size; nil if the tree has no hash in it.
    package init?(level: Int, index: UInt64, inTreeOf size: UInt64) {
        guard (0...63).contains(level), index <= .max / 256 else { return nil }
        let hashes = Tile.hashCount(level: level, size: size)
        guard hashes > index * 256 else { return nil }
        self.init(level: level, index: index, width: Int(min(256, hashes - index * 256)))
    }

    /// Every partial tile of a tree of some size, the lowest level first.
    package static func partialTiles(size: UInt64) -> [Tile] {
        (0...maximumLevel).compactMap { level in
            let hashes = hashCount(level: level, size: size)
            return hashes % 256 == 0 ? nil : Tile(level: level, index: hashes / 256, width: Int(hashes % 256))
        }
    }

    /// Reads the file of this tile.
    /// - Throws: `malformedTile` unless it has exactly the length that the width says.
    package func hashes(from bytes: [UInt8]) throws(MerkleLogError) -> [MerkleHash] {
        guard bytes.count == byteCount else {
            throw MerkleLogError(.malformedTile, "\(bytes.count) bytes, not \(byteCount)", file: .tile(self))
        }
        return bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return [] }
            return (0..<width).map { MerkleHash(loadingFrom: start + $0 * MerkleHash.byteCount) }
        }
    }
}

/// The place of an entry bundle (C2SP tlog-tiles): up to 256 consecutive entries.
package struct BundleName: Hashable, Sendable {
    /// Position, from 0: the bundle's first entry is `index * 256`.
    package let index: UInt64
    /// Entries in it, 1 to 256.
    package let width: Int

    /// - Precondition: the width is 1 to 256.
    package init(index: UInt64, width: Int = Tile.fullWidth) {
        precondition((1...Tile.fullWidth).contains(width))
        self.index = index
        self.width = width
    }

    package var isFull: Bool { width == Tile.fullWidth }

    /// `tile/entries/<index>[.p/<width>]`.
    package var path: String { LogFile.bundle(self).path }

    /// The bundle of that index in a tree of some size; nil if the tree has no entry in it.
    package init?(index: UInt64, inTreeOf size: UInt64) {
        guard let tile = Tile(level: 0, index: index, inTreeOf: size) else { return nil }
        self.init(index: index, width: tile.width)
    }

    /// The partial bundle of a tree of some size; nil if its last bundle is full.
    package static func partial(size: UInt64) -> BundleName? {
        size % 256 == 0 ? nil : BundleName(index: size / 256, width: Int(size % 256))
    }
}
