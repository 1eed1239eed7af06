/// Where the files of a log are read from when it is checked whole.
package protocol LogFiles {
    /// The bytes of a file; nil if there is none.
    func bytes(of file: LogFile) throws -> [UInt8]?

    /// The widths of the partial files of a tile (`tile/<level>/<index>.p/`) or, with no level, of a bundle; in any order, none usually.
    func partialWidths(level: Int?, index: UInt64) throws -> [Int]
}

/// Checks every file of a log against its entries and a checkpoint, each file once, in the order of the entries.
///
/// What lies in the directory and is no file of a log of this size, this does not see: the caller lists the directory and asks each path
/// `LogFile(path:).belongs(toLogOf:)`. The checkpoint's signature is the caller's to check too.
package struct LogAudit<Files: LogFiles> {
    private let files: Files
    private let checkpoint: Checkpoint
    private var verifier = LogVerifier()

    /// Files compared so far, the checkpoint not among them.
    package private(set) var filesChecked = 0
    /// Bytes of entry bundles read so far.
    package private(set) var bundleBytes = 0

    package init(files: Files, checkpoint: Checkpoint) {
        self.files = files
        self.checkpoint = checkpoint
    }

    /// - Parameters:
    ///   - bundle: told of each bundle after it and the tiles that it filled were found right, except that the root is checked last.
    /// - Throws: `MerkleLogError` with the first file at fault, or what the source of files throws.
    package mutating func run(bundle told: (BundleName, [UInt8]) throws -> Void = { _, _ in }) throws {
        while let name = BundleName(index: verifier.size / 256, inTreeOf: checkpoint.size), verifier.size < checkpoint.size {
            let bytes = try stored(.bundle(name))
            let filled = try verifier.add(bytes, name: name)
            bundleBytes += bytes.count
            for width in try files.partialWidths(level: nil, index: name.index) where width != name.width {
                let partial = try partial(width, of: .bundle(name), limit: name.width) { BundleName(index: name.index, width: $0) }
                try LogVerifier.check(partial: partial, stored: try stored(.bundle(partial)), current: bytes)
            }
            for tile in filled { try check(tile) }
            try told(name, bytes)
        }
        for tile in verifier.partialTiles { try check(tile) }
        try verifier.check(against: checkpoint)
    }

    private mutating func check(_ expected: ExpectedTile) throws {
        let tile = expected.tile
        try expected.check(stored: try stored(.tile(tile)))
        for width in try files.partialWidths(level: tile.level, index: tile.index) where width != tile.width {
            let partial = try partial(width, of: .tile(tile), limit: tile.width) { Tile(level: tile.level, index: tile.index, width: $0) }
            try expected.check(stored: try stored(.tile(partial)), width: width)
        }
    }

    private func partial<Name>(_ width: Int, of file: LogFile, limit: Int, _ make: (Int) -> Name) throws -> Name {
        guard width >= 1, width < limit else {
            throw MerkleLogError(.wrongFile, "a partial file of width \(width) beside it, in a log of \(checkpoint.size) entries", file: file)
        }
        return make(width)
    }

    private mutating func stored(_ file: LogFile) throws -> [UInt8] {
        guard let bytes = try files.bytes(of: file) else { throw MerkleLogError(.missingFile, "the file is missing", file: file) }
        filesChecked += 1
        return bytes
    }
}
