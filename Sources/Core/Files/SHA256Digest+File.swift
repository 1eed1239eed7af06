import Crypto

extension SHA256Digest {
    /// The digest of an open file's contents, read piece by piece. Blocks.
    package init(hashing file: borrowing OpenFile) throws(FileError) {
        var hasher = SHA256()
        var offset: Int64 = 0
        while true {
            let piece = try file.read(at: offset, count: Self.pieceBytes)
            guard !piece.isEmpty else { break }
            piece.withUnsafeBytes { hasher.update(bufferPointer: $0) }
            offset += Int64(piece.count)
        }
        self.init(hasher.finalize())
    }

    private static let pieceBytes = 256 << 10
}
