import Core

/// The segments of the write-ahead log on disk, and the numbers of the oldest and the newest one, kept apart so that the loss of a
/// segment is noticed, wherever it stood.
struct SegmentDirectory: Sendable {
    let path: String

    private var newestPath: String { path + "/newest" }
    private var oldestPath: String { path + "/oldest" }

    func segmentPath(_ number: UInt64) -> String { path + "/" + SegmentHeader.name(number) }

    /// Numbers of the segments present, ascending.
    func numbers() throws(LedgerError) -> [UInt64] {
        do { return try DurableFile.list(path).compactMap(SegmentHeader.number(ofName:)).sorted() } catch { throw LedgerError(error) }
    }

    /// The newest segment that was ever begun; nil before the first.
    func newest() throws(LedgerError) -> UInt64? { try number(in: newestPath) }

    /// The oldest segment that must be there. Those before it are integrated; what is left of them is still to be packed.
    func oldest() throws(LedgerError) -> UInt64 { try number(in: oldestPath) ?? 1 }

    private func number(in path: String) throws(LedgerError) -> UInt64? {
        do throws(FileError) {
            let text = String(decoding: try DurableFile.read(path, maximumBytes: 32), as: UTF8.self)
            guard let number = UInt64(text.prefix { $0 != "\n" }) else {
                throw FileError(.read, path, detail: "not the number of a segment")
            }
            return number
        } catch  where error.isMissing {
            return nil
        } catch {
            throw LedgerError(error)
        }
    }

    /// Begins a segment: the file first, then the mark, so that a marked segment exists always.
    func begin(_ header: SegmentHeader) throws(FileError) -> SegmentWriter {
        let writer = try SegmentWriter(directory: path, header: header)
        try DurableFile.write(Array("\(header.number)\n".utf8), to: newestPath)
        return writer
    }

    /// Notes that a segment is integrated and may leave: the mark goes before the file, so that one that is missing without it was lost.
    func retire(upTo number: UInt64) throws {
        guard try oldest() <= number else { return }
        try DurableFile.write(Array("\(number + 1)\n".utf8), to: oldestPath)
    }

    func remove(_ number: UInt64) throws(FileError) { _ = try DurableFile.remove(segmentPath(number)) }
}
