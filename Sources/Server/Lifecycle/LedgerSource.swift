import Assurance
import Core
import Ledger
import MerkleLog

/// The server's log under one checkpoint, for readers that take their time.
///
/// The log goes on meanwhile and removes partial tiles that it has outgrown. What a partial tile held is the beginning of what replaced
/// it, so it is read from there.
struct LedgerSource: LogSource, Sendable {
    private let ledger: Ledger
    private let signed: SignedCheckpoint

    /// - Parameter checkpoint: as published.
    init(ledger: Ledger, checkpoint: SignedCheckpoint) {
        self.ledger = ledger
        signed = checkpoint
    }

    func checkpoint() throws -> [UInt8] {
        // With the cosignatures of witnesses, where this very checkpoint has some.
        if let witnessed = try ledger.witnessedCheckpoint(), try SignedCheckpoint(parsing: witnessed).checkpoint == signed.checkpoint {
            return witnessed
        }
        return signed.encoded
    }

    func bytes(of file: LogFile) throws -> [UInt8] {
        for _ in 0..<3 {
            do { return try ledger.store.read(file) } catch let error as FileError where error.isMissing {
                if let found = try fromSuccessor(of: file) { return found }
            }
        }
        return try ledger.store.read(file)
    }

    private func fromSuccessor(of file: LogFile) throws -> [UInt8]? {
        let size = ledger.checkpoint?.checkpoint.size ?? 0
        do {
            switch file {
            case .checkpoint: return try checkpoint()
            case .tile(let tile):
                guard let next = Tile(level: tile.level, index: tile.index, inTreeOf: size), next.width > tile.width else { return nil }
                return Array(try ledger.store.read(.tile(next)).prefix(tile.byteCount))
            case .bundle(let bundle):
                guard let next = BundleName(index: bundle.index, inTreeOf: size), next.width > bundle.width else { return nil }
                let bytes = try ledger.store.read(.bundle(next))
                let end = try EntryBundle.ranges(in: bytes, width: next.width)[bundle.width - 1].upperBound
                return Array(bytes[..<end])
            }
        } catch let error as FileError where error.isMissing {
            return nil
        }
    }
}
