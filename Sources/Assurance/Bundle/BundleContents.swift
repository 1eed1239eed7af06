/// Packs the files of a bundle and keeps their digests.
final class BundleContents {
    private let archive: ArchiveWriter
    private(set) var files: [String: BundleManifest.File] = [:]
    private var last: String?

    init(path: String) throws(AssuranceError) {
        archive = try ArchiveWriter(path: path)
    }

    func add(_ name: String, _ bytes: [UInt8]) throws {
        try admit(name)
        files[name] = .init(bytes: UInt64(bytes.count), digest: try archive.add(name, bytes))
    }

    func add(_ name: String, _ text: String) throws { try add(name, Array(text.utf8)) }

    func add(_ name: String, fileAt path: String) throws {
        try admit(name)
        files[name] = try archive.add(name, fileAt: path)
    }

    /// One order, so that the same evidence is the same file.
    private func admit(_ name: String) throws {
        if let last, !BundleFormat.precedes(last, name) { throw AssuranceError(.malformedArchive, "\(name) comes too late") }
        last = name
    }

    func finish() throws { try archive.finish() }
}
