package import Core
package import MerkleLog

/// A log that ended, and the one that follows it under another name.
///
/// Whoever puts an older copy of a log in place cannot know what was signed after it, and a log must never have two histories. So the copy
/// is not continued: it is kept as it is, and a new log begins whose first entry commits to the last head that the copy can show.
package enum Epoch {
    /// Ends the log in a directory and makes an empty one in its place. Nothing of the old log is changed; it moves to `archive`.
    ///
    /// Interrupted at any point, it can be called again. Blocks.
    /// - Parameters:
    ///   - directory: `DATA/ledger`.
    ///   - archive: where the old log goes; must not exist. Its parent is made if need be.
    ///   - old: the old log's key; `new` signs the new one, under another name.
    /// - Returns: the old log's last head.
    /// - Throws: ``LedgerError``: `locked`, `missing`, `invalid` for the same name, `inconsistent` where the old log does not verify.
    package static func begin(directory: String, archive: String, old: NoteVerifier, new: NoteSigner) throws -> SignedCheckpoint {
        guard old.name != new.name else { throw LedgerError(.invalid, "the log is called \(old.name) already; a new epoch needs another name") }
        let next = directory + ".next"
        if try DurableFile.status(directory) == nil, try DurableFile.status(next + "/head") != nil {
            // Interrupted between the two renames.
            try requireName(new.name, in: next)
            return try finish(from: next, to: directory)
        }
        let files = EpochFiles(directory: directory)
        if let head = try TreeStore(directory: directory).head(), (try? SignedCheckpoint(parsing: head, verifiedBy: new.verifier)) != nil,
            let previous = try files.previous()
        {
            // Done before; what follows it was interrupted.
            return previous
        }
        // Begun under another name and not finished.
        if try files.previous() != nil, try name(in: directory) != old.name { try requireName(new.name, in: directory) }
        let lock = try LockFile(directory + "/lock")
        return try withExtendedLifetime(lock) {
            let head = try verifiedHead(directory, old)
            _ = try DurableFile.makeDirectory(next)
            try DurableFile.write(head.encoded, to: EpochFiles(directory: next).path, permissions: 0o644)
            if try name(in: next) != new.name || TreeStore(directory: next).checkpoint() == nil {
                // Of an attempt that was interrupted, perhaps under another name.
                _ = try DurableFile.remove(next + "/head")
                _ = try DurableFile.remove(next + "/checkpoint")
                try Ledger.create(LedgerOptions(directory: next, indexPath: ""), signer: new)
            }
            guard try DurableFile.status(archive) == nil else { throw LedgerError(.invalid, "\(archive) is there already") }
            _ = try DurableFile.makeDirectory(DurableFile.parent(of: archive))
            try DurableFile.rename(directory, to: archive)
            try DurableFile.syncDirectory(DurableFile.parent(of: archive))
            return try finish(from: next, to: directory)
        }
    }

    /// The last head of the epoch before; nil where the log in the directory follows none.
    package static func previous(of directory: String) throws -> SignedCheckpoint? { try EpochFiles(directory: directory).previous() }

    private static func finish(from next: String, to directory: String) throws -> SignedCheckpoint {
        try DurableFile.rename(next, to: directory)
        try DurableFile.syncDirectory(DurableFile.parent(of: directory))
        guard let previous = try EpochFiles(directory: directory).previous() else {
            throw LedgerError(.missing, "\(directory)/previous is missing: it holds the old log's head")
        }
        return previous
    }

    /// The name in the head of a log; nil where there is none.
    private static func name(in directory: String) throws -> String? {
        try TreeStore(directory: directory).head().flatMap { try? SignedCheckpoint(parsing: $0).checkpoint.origin }
    }

    private static func requireName(_ wanted: String, in directory: String) throws {
        guard let begun = try name(in: directory), begun != wanted else { return }
        throw LedgerError(.invalid, "an epoch called \(begun) was begun here and not finished: call again with that name")
    }

    private static func verifiedHead(_ directory: String, _ verifier: NoteVerifier) throws -> SignedCheckpoint {
        let store = TreeStore(directory: directory)
        guard let bytes = try store.head() else { throw LedgerError(.missing, "\(store.headPath) is missing: there is no log here to go on from") }
        let head: SignedCheckpoint
        do { head = try SignedCheckpoint(parsing: bytes, verifiedBy: verifier) } catch {
            throw LedgerError(.inconsistent, "\(store.headPath): \(error)")
        }
        try LogCheck.run(store: store, checkpoint: head)
        return head
    }
}

/// `DIR/previous`: the last signed head of the epoch before; only in a log that follows another.
struct EpochFiles {
    let directory: String

    var path: String { directory + "/previous" }

    func previous() throws -> SignedCheckpoint? {
        guard try DurableFile.status(path) != nil else { return nil }
        return try SignedCheckpoint(parsing: try DurableFile.read(path, maximumBytes: SignedNote.maximumBytes))
    }
}

extension SignedCheckpoint {
    /// The root, as events write digests.
    package var rootDigest: SHA256Digest? { SHA256Digest(bytes: checkpoint.root.bytes) }
}

extension Ledger {
    /// The last head of the epoch before; nil where this log is the first.
    package var previousEpoch: SignedCheckpoint? { try? EpochFiles(directory: options.directory).previous() }
}
