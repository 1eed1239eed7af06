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
        if case .checkpoint = file { return note }
        return try store.readOutgrown(file)
    }
}
