import Core

/// The segments of the write-ahead log on disk, and the name of the newest one, kept apart so that its loss is noticed.
struct SegmentDirectory: Sendable {
    let path: String

    private var markPath: String { path + "/newest" }

    func segmentPath(_ number: UInt64) -> String { path + "/" + SegmentHeader.name(number) }

    /// Numbers of the segments present, ascending.
    func numbers() throws(LedgerError) -> [UInt64] {
        do { return try DurableFile.list(path).compactMap(SegmentHeader.number(ofName:)).sorted() } catch { throw LedgerError(error) }
    }

    /// The newest segment that was ever begun; nil before the first.
    func newest() throws(LedgerError) -> UInt64? {
        do throws(FileError) {
            let text = String(decoding: try DurableFile.read(markPath, maximumBytes: 32), as: UTF8.self)
            guard let number = UInt64(text.prefix { $0 != "\n" }) else {
                throw FileError(.read, markPath, detail: "not the number of a segment")
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
        try DurableFile.write(Array("\(header.number)\n".utf8), to: markPath)
        return writer
    }

    func remove(_ number: UInt64) throws(FileError) { _ = try DurableFile.remove(segmentPath(number)) }
}
