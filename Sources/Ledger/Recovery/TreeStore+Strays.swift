import Core
import MerkleLog

extension TreeStore {
    /// Removes what an integration left that wrote files and did not get to store its head: files beyond the signed head, and files in
    /// the making. Without this they would stand beside a log that outgrows them, torn as the crash left them, and every later check
    /// would find them.
    /// - Parameters:
    ///   - size: of the stored head.
    ///   - end: how many records are durable. Only durable records are integrated.
    /// - Throws: `inconsistent` where a file holds more than the durable records: no crash leaves that.
    func removeStrays(beyond size: UInt64, durable end: UInt64) throws {
        for name in try DurableFile.list(directory) where DurableFile.isTemporary(name) { _ = try DurableFile.remove(directory + "/" + name) }
        for level in 0...Tile.maximumLevel {
            let hashes = Tile.hashCount(level: level, size: end)
            // A tile may have been begun where the last one was filled.
            for index in Tile.hashCount(level: level, size: size) / 256...hashes / 256 where hashes > 0 {
                try removeStrays(beyond: size, durable: end, full: .tile(Tile(level: level, index: index))) {
                    .tile(Tile(level: level, index: index, width: $0))
                }
            }
        }
        for index in size / 256...end / 256 {
            try removeStrays(beyond: size, durable: end, full: .bundle(BundleName(index: index))) { .bundle(BundleName(index: index, width: $0)) }
        }
    }

    private func removeStrays(beyond size: UInt64, durable end: UInt64, full: LogFile, partial: (Int) -> LogFile) throws {
        let partials = directory + "/" + full.path + ".p"
        var strays: [LogFile] = []
        if try DurableFile.status(directory + "/" + full.path) != nil, !full.belongs(toLogOf: size) { strays.append(full) }
        if try DurableFile.status(partials) != nil {
            for name in try DurableFile.list(partials) {
                guard let width = Int(name), (1..<Tile.fullWidth).contains(width), String(width) == name else { continue }
                if !partial(width).belongs(toLogOf: size) { strays.append(partial(width)) }
            }
        }
        for stray in strays {
            guard stray.belongs(toLogOf: end) else {
                throw LedgerError(
                    .inconsistent,
                    "\(directory)/\(stray.path) holds more than the \(end) records of the write-ahead log: records were lost, or the file is of another log"
                )
            }
            _ = try DurableFile.remove(directory + "/" + stray.path)
        }
        // Durable now: one that came back after the log has outgrown it would not be looked for again.
        for path in Set(strays.map { DurableFile.parent(of: directory + "/" + $0.path) }) {
            if path == partials, try DurableFile.list(path).isEmpty {
                try DurableFile.removeDirectory(path)
                try DurableFile.syncDirectory(DurableFile.parent(of: path))
            } else {
                try DurableFile.syncDirectory(path)
            }
        }
    }
}
