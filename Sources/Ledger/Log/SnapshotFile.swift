import Core
import MerkleLog

/// The file of the tallies: `DIR/tallies`.
final class SnapshotFile: Sendable {
    private let path: String
    private let written = Mutable<Int64>(.min / 2)
    /// Microseconds between two writes: how much a start after a crash may have to read again.
    private static let interval: Int64 = 10_000_000

    init(directory: String) { path = directory + "/tallies" }

    /// Writes the tallies of a size, at most every ten seconds. Not synced: a damaged file is made again.
    func write(_ tallies: Sequencer, root: MerkleHash, force: Bool = false) throws(FileError) {
        let now = monotonicMicroseconds()
        guard force || now - written.value >= Self.interval else { return }
        try DurableFile.write(CanonicalJSON.encode(tallies.snapshot(root: root.base64)), to: path)
        written.value = now
    }

    /// The tallies and the root they belong to; nil where there are none that can be read.
    func read() -> (tallies: Sequencer, root: MerkleHash)? {
        guard let bytes = try? DurableFile.read(path, maximumBytes: 64 << 20),
            let value = try? JSONParser.parse(bytes, maximumBytes: 64 << 20), let tallies = Sequencer(snapshot: value),
            let root = value["root"]?.string.flatMap({ MerkleHash(base64: Array($0.utf8)) })
        else { return nil }
        return (tallies, root)
    }
}
