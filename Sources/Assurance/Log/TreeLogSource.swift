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
        do {
            return try store.read(file)
        } catch {
            switch file {
            case .tile(let tile) where !tile.isFull:
                let full = try store.read(.tile(Tile(level: tile.level, index: tile.index)))
                return Array(full.prefix(tile.byteCount))
            case .bundle(let name) where !name.isFull:
                let full = try store.read(.bundle(BundleName(index: name.index)))
                let ranges = try EntryBundle.ranges(in: full, width: BundleName(index: name.index).width)
                return Array(full[..<ranges[name.width - 1].upperBound])
            default: throw error
            }
        }
    }
}
