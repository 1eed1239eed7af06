import Core
package import Ledger
package import MerkleLog

/// The ledger's files as they stood under one signed checkpoint.
///
/// The tree may grow meanwhile; where a partial file has been replaced by a wider one, its beginning is what the checkpoint signs.
package struct TreeLogSource: LogSource {
    private let store: TreeStore
    private let note: [UInt8]

    /// - Parameter checkpoint: the one to stand under.
    package init(store: TreeStore, checkpoint: SignedCheckpoint) {
        self.store = store
        note = checkpoint.encoded
    }

    package func checkpoint() throws -> [UInt8] { note }

    package func bytes(of file: LogFile) throws -> [UInt8] {
        for _ in 0..<3 {
            do { return try store.read(file) } catch let error as FileError where error.isMissing {
                if let found = try beginning(of: file) { return found }
            }
        }
        return try store.read(file)
    }

    /// What a partial file held, from the file that the log has in its place now; nil where that one went meanwhile, too.
    private func beginning(of file: LogFile) throws -> [UInt8]? {
        guard let published = try store.checkpoint() else { return nil }
        let size = try SignedCheckpoint(parsing: published).checkpoint.size
        do {
            switch file {
            case .checkpoint: return note
            case .tile(let tile):
                guard let next = Tile(level: tile.level, index: tile.index, inTreeOf: size), next.width > tile.width else { return nil }
                return Array(try store.read(.tile(next)).prefix(tile.byteCount))
            case .bundle(let bundle):
                guard let next = BundleName(index: bundle.index, inTreeOf: size), next.width > bundle.width else { return nil }
                let bytes = try store.read(.bundle(next))
                return Array(bytes[..<(try EntryBundle.ranges(in: bytes, width: next.width)[bundle.width - 1].upperBound)])
            }
        } catch let error as FileError where error.isMissing {
            return nil
        }
    }
}
