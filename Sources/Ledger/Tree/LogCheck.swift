import Core
package import MerkleLog

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Checks every file of a log's directory against its entries and its signed checkpoint.
package enum LogCheck {
    /// What was found right.
    package struct Report: Sendable {
        package var checkpoint: Checkpoint
        package var files: Int
        package var bytes: Int
    }

    /// - Parameters:
    ///   - isGrowing: the log goes on meanwhile: partial files of later sizes are its business, and those of this size may be gone.
    ///   - told: each bundle, after it was found right.
    /// - Throws: ``LedgerError`` `inconsistent` with the first file at fault.
    @discardableResult
    package static func run(
        store: TreeStore, checkpoint: SignedCheckpoint, isGrowing: Bool = false, told: (BundleName, [UInt8]) throws -> Void = { _, _ in }
    ) throws -> Report {
        var audit = LogAudit(files: DirectoryFiles(store: store, isGrowing: isGrowing), checkpoint: checkpoint.checkpoint)
        do { try audit.run(bundle: told) } catch let error as MerkleLogError {
            throw LedgerError(.inconsistent, "\(store.directory)/\(error.file?.path ?? "tile"): \(error.message)")
        }
        return Report(checkpoint: checkpoint.checkpoint, files: audit.filesChecked, bytes: audit.bundleBytes)
    }

    /// Checks a directory offline: the checkpoint's signature under a key that the caller brings, every file, and that nothing else
    /// lies there.
    package static func run(
        directory: String, verifier: NoteVerifier, told: (BundleName, [UInt8]) throws -> Void = { _, _ in }
    ) throws -> Report {
        let store = TreeStore(directory: directory)
        guard let bytes = try store.checkpoint() else { throw LedgerError(.missing, "\(store.checkpointPath) is missing") }
        let checkpoint: SignedCheckpoint
        do { checkpoint = try SignedCheckpoint(parsing: bytes, verifiedBy: verifier) } catch {
            throw LedgerError(.inconsistent, "\(store.checkpointPath): \(error)")
        }
        let report = try run(store: store, checkpoint: checkpoint, told: told)
        try checkNames(directory, directory + "/tile", size: checkpoint.checkpoint.size)
        return report
    }

    /// Every name below `tile/` is that of a file of a log of this size.
    private static func checkNames(_ root: String, _ path: String, size: UInt64) throws {
        guard try DurableFile.status(path) != nil else { return }
        for name in try DurableFile.list(path) {
            let child = path + "/" + name
            guard let status = try DurableFile.status(child) else { continue }
            if !status.isRegular {
                try checkNames(root, child, size: size)
                continue
            }
            let relative = String(child.dropFirst(root.count + 1))
            guard let file = try? LogFile(path: relative), file.belongs(toLogOf: size) else {
                throw LedgerError(.inconsistent, "\(child) is no file of a log of \(size) entries")
            }
        }
    }
}

/// The files of a directory, for the audit.
struct DirectoryFiles: LogFiles {
    let store: TreeStore
    let isGrowing: Bool

    func bytes(of file: LogFile) throws -> [UInt8]? {
        do {
            return isGrowing ? try store.readOutgrown(file) : try store.read(file)
        } catch let error as FileError where error.isMissing {
            return nil
        }
    }

    func partialWidths(level: Int?, index: UInt64) throws -> [Int] {
        if isGrowing { return [] }
        let full: LogFile = level.map { .tile(Tile(level: $0, index: index)) } ?? .bundle(BundleName(index: index))
        let directory = store.directory + "/" + full.path + ".p"
        guard access(directory, F_OK) == 0 else { return [] }
        return try DurableFile.list(directory).map { name in
            guard let width = Int(name), String(width) == name else {
                throw LedgerError(.inconsistent, "\(directory)/\(name) is no file of a log")
            }
            return width
        }
    }
}
