import Core

/// A record as the write-ahead log holds it.
struct StoredRecord {
    var index: UInt64
    var leaf: UnsafeRawBufferPointer
    /// Empty where the event has no sealed contents.
    var sealed: UnsafeRawBufferPointer
    var segment: UInt64
    /// Where the sealed contents begin in the segment's file.
    var sealedOffset: Int
    /// Where the frame begins in the segment's file.
    var frameOffset: Int { sealedOffset - leaf.count - Frame.headerLength }

    /// - Parameters:
    ///   - bytes: the whole frame, its header included.
    ///   - offset: where it begins in the segment's file.
    init(_ frame: Frame.Header, _ bytes: UnsafeRawBufferPointer, segment: UInt64, offset: Int) {
        let sealedStart = Frame.headerLength + frame.leafLength
        index = frame.index
        leaf = UnsafeRawBufferPointer(rebasing: bytes[Frame.headerLength..<sealedStart])
        sealed = UnsafeRawBufferPointer(rebasing: bytes[sealedStart...])
        self.segment = segment
        sealedOffset = offset + sealedStart
    }
}

/// Reads durable records in order, across segments. A value: a copy reads on from the same place.
struct RecordReader {
    private let segments: SegmentDirectory
    private(set) var position: WriteAheadLog.Position
    private let source = Source()

    init(segments: SegmentDirectory, position: WriteAheadLog.Position) {
        self.segments = segments
        self.position = position
    }

    /// Reads the next record, which must be durable already.
    mutating func next(_ body: (StoredRecord) throws -> Void) throws {
        while true {
            let segment = position.segment
            let offset = position.offset
            let index = position.nextIndex
            let length: Int? = try source.withReader(segments.segmentPath(segment), segment) { reader in
                let head = try reader.bytes(at: offset, count: Frame.headerLength)
                guard let header = head.withUnsafeBytes(Frame.header) else { return nil }
                let frame = try reader.bytes(at: offset, count: header.frameLength)
                return try frame.withUnsafeBytes { bytes in
                    guard Frame.isWhole(bytes, header), header.index == index else { return nil }
                    try body(StoredRecord(header, bytes, segment: segment, offset: offset))
                    return header.frameLength
                }
            }
            if let length {
                position.offset += length
                position.nextIndex += 1
                return
            }
            // The end of this segment, perhaps with a torn write after it: then the next segment begins with this very record.
            guard try beginning(of: segment + 1) == index else {
                throw LedgerError(.inconsistent, "\(segments.segmentPath(segment)): no whole record \(index) at byte \(offset)")
            }
            position.segment += 1
            position.offset = SegmentHeader.length
        }
    }

    private func beginning(of segment: UInt64) throws -> UInt64? {
        let path = segments.segmentPath(segment)
        guard try DurableFile.status(path) != nil else { return nil }
        return try SegmentReader(path: path).header.firstIndex
    }

    /// The open segment, shared by copies: a cache only.
    private final class Source {
        private var reader: OpenSegment?

        func withReader<Result>(_ path: String, _ number: UInt64, _ body: (inout SegmentReader) throws -> Result) throws -> Result {
            if reader?.segment.header.number != number { reader = OpenSegment(try SegmentReader(path: path)) }
            guard let reader else { throw LedgerError(.io, "\(path): not open") }
            return try body(&reader.segment)
        }
    }

    private final class OpenSegment {
        var segment: SegmentReader
        init(_ segment: consuming SegmentReader) { self.segment = segment }
    }
}
