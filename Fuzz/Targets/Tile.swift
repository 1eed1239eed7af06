import MerkleLog

extension FuzzTarget {
    /// Paths, entry bundles, hash tiles and frontiers. The first byte of the input chooses which, the second is a width.
    package static let tile = FuzzTarget(name: "tile", summary: "tile paths, entry bundles, hash tiles, frontiers", maximumBytes: 8192) { bytes in
        guard bytes.count >= 2 else { return nil }
        let width = Int(bytes[1]) + 1
        let rest = Array(bytes[2...])
        switch bytes[0] % 4 {
        case 0:
            guard let path = String(validating: rest, as: UTF8.self), let file = try? LogFile(path: path) else { return nil }
            return Array(file.path.utf8) == rest ? nil : "a path is not written back as it was read"
        case 1:
            guard let entries = try? EntryBundle.decode(rest, width: width) else { return nil }
            guard entries.count == width else { return "a bundle has another number of entries than its width" }
            return (try? EntryBundle.encode(entries.map { Array($0) })) == rest ? nil : "a bundle is not written back as it was read"
        case 2:
            guard let hashes = try? Tile(level: 0, index: 0, width: width).hashes(from: rest) else { return nil }
            return hashes.flatMap(\.bytes) == rest && hashes.count == width ? nil : "a tile is not written back as it was read"
        default:
            guard let frontier = try? Frontier(decoding: rest) else { return nil }
            return frontier.encoded == rest ? nil : "a frontier is not written back as it was read"
        }
    }
}
