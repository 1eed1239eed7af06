import Core

/// The items of one test's run, one canonical line each; written as they come.
final class ItemFile {
    private let file: ArchiveFile
    private var buffer: [UInt8] = []
    private var offset: UInt64 = 0

    init(path: String) throws(AssuranceError) {
        file = try ArchiveFile(path: path, creating: true)
    }

    func add(_ item: ControlTestResult.Item) throws {
        buffer += CanonicalJSON.encode(item.json)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= 1 << 20 { try flush() }
    }

    private func flush() throws {
        try buffer.withUnsafeBytes { try file.write($0, at: offset) }
        offset += UInt64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    func finish() throws { try flush() }
}
