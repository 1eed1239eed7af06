/// Reads an archive that ``ArchiveWriter`` wrote, and nothing else.
///
/// What the headers say is parsed once; then every header is made again from it and compared, byte for byte, with the file: there is no
/// gap, comment, extra field or second directory in which anything could hide. The contents' checksums are compared when they are read.
package final class ArchiveReader {
    package let records: [ArchiveRecord]
    private let byName: [String: Int]
    private let file: ArchiveFile

    /// More files than this are refused: the entry bundles of some 60 million leaves, with their tiles.
    private static let maximumFiles: UInt64 = 500_000

    private static func malformed(_ why: String) -> AssuranceError { AssuranceError(.malformedArchive, "not a bundle of ours: \(why)") }

    /// - Throws: `malformed_archive`, `file`.
    package init(path: String) throws(AssuranceError) {
        file = try ArchiveFile(path: path)
        let size = try file.size
        let directory = try Self.directory(of: file, size: size)
        records = directory.records
        byName = Dictionary(uniqueKeysWithValues: records.enumerated().map { ($0.element.name, $0.offset) })
        var offset: UInt64 = 0
        for record in records {
            guard record.offset == offset else { throw Self.malformed("a gap before \(record.name)") }
            let header = record.localHeader
            guard UInt64(header.count) <= directory.start - offset, record.size <= directory.start - offset - UInt64(header.count) else {
                throw Self.malformed("\(record.name) is longer than the file")
            }
            guard try file.read(at: offset, count: header.count) == header else { throw Self.malformed("the header of \(record.name)") }
            offset = record.end
        }
        guard offset == directory.start else { throw Self.malformed("a gap before the directory") }
    }

    package func record(named name: String) -> ArchiveRecord? { byName[name].map { records[$0] } }

    /// The bytes of a file, checksum compared.
    /// - Parameter limit: on its size.
    package func bytes(of name: String, limit: Int) throws -> [UInt8] {
        guard let record = record(named: name) else { throw AssuranceError(.invalidBundle, "the bundle has no file \(name)") }
        guard record.size <= UInt64(limit) else { throw AssuranceError(.invalidBundle, "\(name) has \(record.size) bytes, \(limit) are allowed") }
        var out: [UInt8] = []
        out.reserveCapacity(Int(record.size))
        try read(record) { out += $0 }
        return out
    }

    /// Gives a file piece by piece; its checksum is compared at the end.
    package func read(_ record: ArchiveRecord, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var crc = CRC32()
        var at: UInt64 = 0
        while at < record.size {
            let piece = try file.read(at: record.start + at, count: Int(min(1 << 20, record.size - at)))
            try piece.withUnsafeBytes {
                crc.update($0)
                try body($0)
            }
            at += UInt64(piece.count)
        }
        guard crc.value == record.crc else { throw Self.malformed("the checksum of \(record.name)") }
    }

    /// Copies a file out of the archive.
    package func extract(_ name: String, to path: String) throws {
        guard let record = record(named: name) else { throw AssuranceError(.invalidBundle, "the bundle has no file \(name)") }
        let target = try ArchiveFile(path: path, creating: true)
        var at: UInt64 = 0
        try read(record) { piece in
            try target.write(piece, at: at)
            at += UInt64(piece.count)
        }
    }

    // MARK: The directory

    private static func directory(of file: ArchiveFile, size: UInt64) throws(AssuranceError) -> (records: [ArchiveRecord], start: UInt64) {
        guard size >= 22, size < UInt64(Int64.max) else { throw malformed("too short") }
        let tail = Fields(try file.read(at: size - 22, count: 22))
        guard tail.integer(0, UInt32.self) == 0x0605_4b50 else { throw malformed("no end record at its very end") }
        var count = UInt64(tail.integer(10, UInt16.self))
        var length = UInt64(tail.integer(12, UInt32.self))
        var start = UInt64(tail.integer(16, UInt32.self))
        if count == 0xffff || length == 0xffff_ffff || start == 0xffff_ffff, size >= 98 {
            let large = Fields(try file.read(at: size - 98, count: 56))
            guard large.integer(0, UInt32.self) == 0x0606_4b50 else { throw malformed("no ZIP64 end record") }
            count = large.integer(32, UInt64.self)
            length = large.integer(40, UInt64.self)
            start = large.integer(48, UInt64.self)
        }
        guard count <= maximumFiles, length <= count * 512, start <= size, length <= size - start else { throw malformed("the directory's place") }
        let trailer = ArchiveRecord.trailer(count: Int(count), directoryStart: start, directorySize: length)
        guard start + length + UInt64(trailer.count) == size, try file.read(at: start + length, count: trailer.count) == trailer else {
            throw malformed("the end record")
        }
        let bytes = try file.read(at: start, count: Int(length))
        var records: [ArchiveRecord] = []
        var names: Set<String> = []
        var at = 0
        for _ in 0..<count {
            let record = try record(in: bytes, at: at)
            guard names.insert(record.name).inserted else { throw malformed("\(record.name) twice") }
            let header = record.centralHeader
            guard bytes[at...].starts(with: header) else { throw malformed("the directory's entry of \(record.name)") }
            at += header.count
            records.append(record)
        }
        guard at == bytes.count else { throw malformed("bytes after the directory") }
        return (records, start)
    }

    private static func record(in bytes: [UInt8], at: Int) throws(AssuranceError) -> ArchiveRecord {
        guard at + 46 <= bytes.count else { throw malformed("the directory ends early") }
        let fields = Fields(Array(bytes[at..<at + 46]))
        let nameLength = Int(fields.integer(28, UInt16.self))
        let extraLength = Int(fields.integer(30, UInt16.self))
        guard at + 46 + nameLength + extraLength <= bytes.count else { throw malformed("the directory ends early") }
        let name = String(decoding: bytes[at + 46..<at + 46 + nameLength], as: UTF8.self)
        guard ArchiveRecord.isName(name) else { throw malformed("a file's name") }
        var size = UInt64(fields.integer(24, UInt32.self))
        var offset = UInt64(fields.integer(42, UInt32.self))
        let extra = Fields(Array(bytes[at + 46 + nameLength..<at + 46 + nameLength + extraLength]))
        var place = 4
        if size == 0xffff_ffff, extra.bytes.count >= place + 16 {
            size = extra.integer(place, UInt64.self)
            place += 16
        }
        if offset == 0xffff_ffff, extra.bytes.count >= place + 8 { offset = extra.integer(place, UInt64.self) }
        guard size < UInt64(Int64.max) / 2, offset < UInt64(Int64.max) / 2 else { throw malformed("a size") }
        return ArchiveRecord(name: name, size: size, crc: fields.integer(16, UInt32.self), offset: offset)
    }

    private struct Fields {
        let bytes: [UInt8]

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func integer<T: FixedWidthInteger>(_ at: Int, _: T.Type) -> T {
            bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: T.self)) }
        }
    }
}
