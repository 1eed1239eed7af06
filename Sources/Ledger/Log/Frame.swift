import Core

/// One record in a write-ahead segment: a stamped leaf and, beside it, its sealed contents.
///
/// | offset | bytes | field (big endian) |
/// |---|---|---|
/// | 0 | 4 | magic `CSF1` |
/// | 4 | 4 | length of the leaf |
/// | 8 | 4 | length of the sealed contents, 0 where there are none |
/// | 12 | 8 | index in the log |
/// | 20 | 8 | number within the segment of the batch that was written and synced together, from 1 |
/// | 28 | 8 | checksum: XXH64 of bytes 0 to 27, exclusive-or XXH64 of what follows the header rotated left by one |
/// | 36 | | leaf, sealed contents |
enum Frame {
    static let magic: UInt32 = 0x4353_4631
    static let headerLength = 36
    /// No leaf is longer than 65,535 bytes; contents are bounded by the gateway well below this.
    static let maximumSealedBytes = 1 << 28

    struct Header {
        var leafLength: Int
        var sealedLength: Int
        var index: UInt64
        var batch: UInt64
        var checksum: UInt64

        var frameLength: Int { Frame.headerLength + leafLength + sealedLength }
    }

    /// Appends a header whose batch and checksum are still zero; ``seal(_:at:batch:)`` fills them.
    static func appendHeader(leafLength: Int, sealedLength: Int, index: UInt64, to out: inout [UInt8]) {
        appendBigEndian(magic, to: &out)
        appendBigEndian(UInt32(leafLength), to: &out)
        appendBigEndian(UInt32(sealedLength), to: &out)
        appendBigEndian(index, to: &out)
        appendBigEndian(UInt64(0), to: &out)
        appendBigEndian(UInt64(0), to: &out)
    }

    /// Fills in the batch and the checksum of a whole frame.
    static func seal(_ frame: UnsafeMutableRawBufferPointer, batch: UInt64) {
        frame.storeBytes(of: batch.bigEndian, toByteOffset: 20, as: UInt64.self)
        frame.storeBytes(of: checksum(UnsafeRawBufferPointer(frame)).bigEndian, toByteOffset: 28, as: UInt64.self)
    }

    /// - Returns: nil unless a header with sensible lengths stands here.
    static func header(_ bytes: UnsafeRawBufferPointer) -> Header? {
        guard bytes.count >= headerLength, load(bytes, 0, UInt32.self) == magic else { return nil }
        let header = Header(
            leafLength: Int(load(bytes, 4, UInt32.self)), sealedLength: Int(load(bytes, 8, UInt32.self)), index: load(bytes, 12, UInt64.self),
            batch: load(bytes, 20, UInt64.self), checksum: load(bytes, 28, UInt64.self))
        guard header.leafLength > 0, header.leafLength <= LeafTemplate.maximumLeafBytes, header.sealedLength <= maximumSealedBytes else {
            return nil
        }
        return header
    }

    /// Whether a whole frame, header included, is as it was written.
    static func isWhole(_ frame: UnsafeRawBufferPointer, _ header: Header) -> Bool {
        frame.count == header.frameLength && checksum(frame) == header.checksum
    }

    private static func checksum(_ frame: UnsafeRawBufferPointer) -> UInt64 {
        // Two hashes rather than a copy: the header before the checksum, and all that follows it.
        let head = xxh64(UnsafeRawBufferPointer(rebasing: frame[0..<28]))
        let body = xxh64(UnsafeRawBufferPointer(rebasing: frame[headerLength...]))
        return head ^ (body << 1 | body >> 63)
    }

    private static func load<T: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _: T.Type) -> T {
        T(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    static func appendBigEndian(_ value: some FixedWidthInteger, to out: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { out.append(contentsOf: $0) }
    }
}
