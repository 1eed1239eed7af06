import Core
package import MerkleLog

/// The files of a log in the layout of C2SP tlog-tiles, and its signed head.
///
/// ```
/// DIR/checkpoint            the published checkpoint
/// DIR/tile/…                tiles and entry bundles
/// DIR/head                  the last signed checkpoint, stored before it is published
/// ```
/// All calls block.
package struct TreeStore: TileReader, Sendable {
    package let directory: String

    package init(directory: String) { self.directory = directory }

    package var checkpointPath: String { directory + "/checkpoint" }
    package var headPath: String { directory + "/head" }

    /// The greatest length of an entry bundle.
    static let maximumBundleBytes = Tile.fullWidth * (2 + EntryBundle.maximumEntryBytes)

    /// For proofs, which may be of a size that the log outgrows meanwhile.
    package func tile(_ tile: Tile) throws -> [UInt8] { try readOutgrown(.tile(tile)) }

    package func read(_ file: LogFile) throws -> [UInt8] {
        let limit =
            switch file {
            case .checkpoint: SignedNote.maximumBytes
            case .tile(let tile): tile.byteCount
            case .bundle: Self.maximumBundleBytes
            }
        return try DurableFile.read(directory + "/" + file.path, maximumBytes: limit)
    }

    /// Reads a file of a size that the log may have outgrown meanwhile: what a removed partial file held is the beginning of what is in
    /// its place now.
    package func readOutgrown(_ file: LogFile) throws -> [UInt8] {
        for _ in 0..<3 {
            do { return try read(file) } catch let error as FileError where error.isMissing {
                if let found = try beginning(of: file) { return found }
            }
        }
        return try read(file)
    }

    /// nil where the file in its place went meanwhile, too.
    private func beginning(of file: LogFile) throws -> [UInt8]? {
        guard let published = try checkpoint() else { return nil }
        let size = try SignedCheckpoint(parsing: published).checkpoint.size
        do {
            switch file {
            case .checkpoint: return published
            case .tile(let tile):
                guard let next = Tile(level: tile.level, index: tile.index, inTreeOf: size), next.width > tile.width else { return nil }
                return Array(try read(.tile(next)).prefix(tile.byteCount))
            case .bundle(let bundle):
                guard let next = BundleName(index: bundle.index, inTreeOf: size), next.width > bundle.width else { return nil }
                let bytes = try read(.bundle(next))
                return Array(bytes[..<(try EntryBundle.ranges(in: bytes, width: next.width)[bundle.width - 1].upperBound)])
            }
        } catch let error as FileError where error.isMissing {
            return nil
        }
    }

    /// The published checkpoint; nil where none was published yet.
    package func checkpoint() throws -> [UInt8]? { try readIfPresent(checkpointPath) }

    /// The stored head; nil where there is none.
    package func head() throws -> [UInt8]? { try readIfPresent(headPath) }

    private func readIfPresent(_ path: String) throws -> [UInt8]? {
        do throws(FileError) {
            return try DurableFile.read(path, maximumBytes: SignedNote.maximumBytes)
        } catch  where error.isMissing {
            return nil
        }
    }

    /// Writes tiles and bundles and makes them and their names durable.
    ///
    /// The files belong to a size that no signed head names yet; what an interrupted attempt left is replaced. A file that has these
    /// bytes already is left in place, for a head that was stored by an attempt which then failed may name it.
    func write(_ writes: [TileAppender.Write]) throws(FileError) {
        var directories: Set<String> = []
        for write in writes {
            let path = directory + "/" + write.file.path
            let parent = DurableFile.parent(of: path)
            if !directories.contains(parent) { try makeDirectories(parent, &directories) }
            directories.insert(parent)
            if try isPresent(path, write.bytes) { continue }
            _ = try DurableFile.remove(path)
            try DurableFile.stage(write.bytes, at: path)
        }
        for path in directories.sorted(by: { $0.utf8.count > $1.utf8.count }) { try DurableFile.syncDirectory(path) }
    }

    private func isPresent(_ path: String, _ bytes: [UInt8]) throws(FileError) -> Bool {
        guard let status = try DurableFile.status(path), status.size == Int64(bytes.count) else { return false }
        let file = try OpenFile(path, .read)
        guard try file.read(at: 0, count: bytes.count) == bytes else { return false }
        try file.sync()
        return true
    }

    /// Makes a directory and what is missing above it; the parents of new ones are noted for syncing.
    private func makeDirectories(_ path: String, _ touched: inout Set<String>) throws(FileError) {
        if try DurableFile.status(path) != nil { return }
        let parent = DurableFile.parent(of: path)
        try makeDirectories(parent, &touched)
        if try DurableFile.makeDirectory(path) { touched.insert(parent) }
    }

    /// Stores a new head; durable when it returns.
    func storeHead(_ checkpoint: SignedCheckpoint) throws(FileError) {
        try DurableFile.write(checkpoint.encoded, to: headPath)
    }

    /// Publishes a checkpoint whose head is stored.
    func publish(_ checkpoint: SignedCheckpoint) throws(FileError) {
        try DurableFile.write(checkpoint.encoded, to: checkpointPath, permissions: 0o644)
    }

    /// Removes the partial files of a size that a later size has outgrown.
    func removePartials(of size: UInt64, keeping kept: UInt64...) throws(FileError) {
        let keep = Set(kept.flatMap(Self.partials))
        for file in Self.partials(size) where !keep.contains(file) {
            let path = directory + "/" + file.path
            _ = try DurableFile.remove(path)
            // `….p` goes when its last file is gone; until then this fails, which is right.
            try? DurableFile.removeDirectory(DurableFile.parent(of: path))
        }
    }

    private static func partials(_ size: UInt64) -> [LogFile] {
        Tile.partialTiles(size: size).map(LogFile.tile) + (BundleName.partial(size: size).map { [.bundle($0)] } ?? [])
    }

    /// Calls a body with each entry `[from, end)` of a log of some size, in order.
    package func forEachEntry(
        from: UInt64, through end: UInt64? = nil, size: UInt64, _ body: (UInt64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var index = from
        let end = min(end ?? size, size)
        while index < end {
            guard let name = BundleName(index: index / UInt64(Tile.fullWidth), inTreeOf: size) else { return }
            let bundle = try readOutgrown(.bundle(name))
            let first = name.index * UInt64(Tile.fullWidth)
            let ranges: [Range<Int>]
            do { ranges = try EntryBundle.ranges(in: bundle, width: name.width) } catch {
                throw LedgerError(.inconsistent, "\(directory)/\(name.path): \(error)")
            }
            try bundle.withUnsafeBytes { bytes in
                for (place, range) in ranges.enumerated() where (index..<end).contains(first + UInt64(place)) {
                    try body(first + UInt64(place), UnsafeRawBufferPointer(rebasing: bytes[range]))
                }
            }
            index = first + UInt64(name.width)
        }
    }

    /// One entry of a log of some size.
    package func entry(_ index: UInt64, size: UInt64) throws -> [UInt8] {
        guard index < size, let name = BundleName(index: index / UInt64(Tile.fullWidth), inTreeOf: size) else {
            throw LedgerError(.notFound, "no entry \(index) in a log of \(size)")
        }
        let bundle = try readOutgrown(.bundle(name))
        return Array(bundle[try EntryBundle.ranges(in: bundle, width: name.width)[Int(index % UInt64(Tile.fullWidth))]])
    }
}
