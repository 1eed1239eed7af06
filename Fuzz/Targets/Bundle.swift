import Assurance
import Foundation
import MerkleLog

extension FuzzTarget {
    /// Evidence bundles: what the archive's reader accepts is byte for byte what its writer writes, and nothing made up is found sound.
    package static let bundle = FuzzTarget(name: "bundle", summary: "evidence bundles and their archive", maximumBytes: 8192) { bytes in
        let folder = ScratchFolder.shared
        let path = folder.write(bytes, to: "input.zip")
        do {
            let reader = try ArchiveReader(path: path)
            let copy = folder.path(of: "copy.zip")
            try? FileManager.default.removeItem(atPath: copy)
            let writer = try ArchiveWriter(path: copy)
            for record in reader.records { _ = try writer.add(record.name, try reader.bytes(of: record.name, limit: 1 << 20)) }
            try writer.finish()
            guard try Data(contentsOf: URL(filePath: copy)) == Data(bytes) else { return "an archive is not written back as it was read" }
        } catch {
            // Refused: as it should be for nearly all inputs.
        }
        if let key = try? NoteVerifier(name: "stranger.example/log", publicKey: [UInt8](repeating: 9, count: 32)),
            let report = try? BundleVerifier(key: key).verify(path: path), report.isSound
        {
            return "a bundle that no key has signed is sound"
        }
        return nil
    } seeds: {
        let folder = ScratchFolder.shared
        return [
            [], [("README.txt", "hello")], [("a/b.txt", ""), ("manifest.json", "{}"), ("manifest.sig", "x\n")],
            [("log/checkpoint", "o\n1\n\n"), ("log/tile/entries/000.p/1", "\u{0}\u{2}{}"), ("manifest.json", "{\"files\":{}}")],
        ].compactMap { (files: [(String, String)]) -> [UInt8]? in
            let path = folder.path(of: "seed.zip")
            try? FileManager.default.removeItem(atPath: path)
            guard let writer = try? ArchiveWriter(path: path) else { return nil }
            for (name, text) in files { _ = try? writer.add(name, Array(text.utf8)) }
            guard (try? writer.finish()) != nil, let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
            return [UInt8](data)
        }
    }
}

/// A folder of this process for inputs that are read from files; in memory where there is such a file system.
private struct ScratchFolder: Sendable {
    static let shared = ScratchFolder()
    private let folder: String

    private init() {
        let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm/" : NSTemporaryDirectory()
        folder = parent + "countersign-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // Left behind are two small files of the last process with this number: the next one writes over them.
    }

    func path(of name: String) -> String { folder + "/" + name }

    func write(_ bytes: [UInt8], to name: String) -> String {
        _ = FileManager.default.createFile(atPath: path(of: name), contents: Data(bytes))
        return path(of: name)
    }
}
