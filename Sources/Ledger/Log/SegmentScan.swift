import Core

/// Reads a segment from its beginning.
enum SegmentScan {
    /// How the reading of a segment ended.
    struct End: Equatable {
        var header: SegmentHeader
        /// Whole records found.
        var records: Int
        /// Length of the header and the whole records.
        var wholeBytes: Int
        /// Length of the file.
        var fileBytes: Int

        /// Bytes after the last whole record: a write that was under way, or damage.
        var isTorn: Bool { wholeBytes < fileBytes }
    }

    /// Calls a body with each whole record of a segment.
    /// - Throws: `inconsistent` where bytes after the last whole record contain a whole record of a later batch: no crash leaves that,
    ///   for a batch is written only after the one before was synced.
    @discardableResult
    static func forEachRecord(path: String, _ body: (StoredRecord) throws -> Void) throws -> End {
        var reader = try SegmentReader(path: path)
        let fileBytes = try reader.fileLength()
        let header = reader.header
        var offset = SegmentHeader.length
        var expected = header.firstIndex
        var lastBatch: UInt64 = 0
        while true {
            let head = try reader.bytes(at: offset, count: Frame.headerLength)
            guard let frame = head.withUnsafeBytes(Frame.header), offset + frame.frameLength <= fileBytes, frame.index == expected else { break }
            let bytes = try reader.bytes(at: offset, count: frame.frameLength)
            let whole = try bytes.withUnsafeBytes { bytes in
                guard Frame.isWhole(bytes, frame) else { return false }
                try body(StoredRecord(frame, bytes, segment: header.number, offset: offset))
                return true
            }
            guard whole else { break }
            lastBatch = frame.batch
            offset += frame.frameLength
            expected += 1
        }
        let end = End(header: header, records: Int(expected - header.firstIndex), wholeBytes: offset, fileBytes: fileBytes)
        if end.isTorn { try checkTail(&reader, from: offset, to: fileBytes, after: lastBatch) }
        return end
    }

    /// Calls a body with each whole record of a segment that is in memory, up to the first that is not whole.
    static func forEachRecord(in segment: UnsafeRawBufferPointer, _ header: SegmentHeader, _ body: (StoredRecord) -> Void) {
        var offset = SegmentHeader.length
        var expected = header.firstIndex
        while offset < segment.count, let frame = Frame.header(UnsafeRawBufferPointer(rebasing: segment[offset...])), frame.index == expected,
            offset + frame.frameLength <= segment.count
        {
            let bytes = UnsafeRawBufferPointer(rebasing: segment[offset..<(offset + frame.frameLength)])
            guard Frame.isWhole(bytes, frame) else { return }
            body(StoredRecord(frame, bytes, segment: header.number, offset: offset))
            offset += frame.frameLength
            expected += 1
        }
    }

    /// Whether any record of a segment has sealed contents. Reads up to the first that has.
    static func holdsContents(path: String) throws -> Bool {
        var reader = try SegmentReader(path: path)
        var offset = SegmentHeader.length
        var expected = reader.header.firstIndex
        while let frame = try reader.bytes(at: offset, count: Frame.headerLength).withUnsafeBytes(Frame.header), frame.index == expected {
            if frame.sealedLength > 0 { return true }
            offset += frame.frameLength
            expected += 1
        }
        return false
    }

    /// A batch that was being written when the power failed may be torn anywhere; a later one cannot exist.
    private static func checkTail(_ reader: inout SegmentReader, from start: Int, to end: Int, after batch: UInt64) throws {
        let bytes = Array(try reader.bytes(at: start, count: end - start))
        try bytes.withUnsafeBytes { bytes in
            // The magic's first byte is rare enough to make this quick.
            for offset in bytes.indices where bytes[offset] == UInt8(truncatingIfNeeded: Frame.magic >> 24) {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                guard let frame = Frame.header(rest), frame.frameLength <= rest.count, frame.batch > batch + 1 else { continue }
                if Frame.isWhole(UnsafeRawBufferPointer(rebasing: rest[..<frame.frameLength]), frame) {
                    throw LedgerError(
                        .inconsistent,
                        "\(reader.path): damaged at byte \(start), with whole records of a later write after it: not what a crash leaves. "
                            + "Restore this file from a copy, or restore a backup")
                }
            }
        }
    }
}
