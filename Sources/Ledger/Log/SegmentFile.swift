import Core

/// One file of the write-ahead log: a header, then frames.
///
/// | offset | bytes | field (big endian) |
/// |---|---|---|
/// | 0 | 8 | magic `CSWAL1` and two zero bytes |
/// | 8 | 8 | number of the segment |
/// | 16 | 8 | index of the first record |
/// | 24 | 32 | SHA-256 of the log's origin |
/// | 56 | 8 | XXH64 of the 56 bytes before |
struct SegmentHeader: Equatable {
    static let length = 64
    private static let magic: [UInt8] = Array("CSWAL1".utf8) + [0, 0]

    var number: UInt64
    var firstIndex: UInt64
    var origin: SHA256Digest

    var bytes: [UInt8] {
        var out = Self.magic
        Frame.appendBigEndian(number, to: &out)
        Frame.appendBigEndian(firstIndex, to: &out)
        out += origin.bytes
        Frame.appendBigEndian(out.withUnsafeBytes(xxh64), to: &out)
        return out
    }

    init(number: UInt64, firstIndex: UInt64, origin: SHA256Digest) {
        self.number = number
        self.firstIndex = firstIndex
        self.origin = origin
    }

    init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes.prefix(Self.length))
        guard bytes.count == Self.length, Array(bytes[..<8]) == Self.magic, let origin = SHA256Digest(bytes: bytes[24..<56]) else { return nil }
        func word(_ at: Int) -> UInt64 { bytes[at..<at + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        guard bytes[..<56].withUnsafeBytes(xxh64) == word(56) else { return nil }
        self.init(number: word(8), firstIndex: word(16), origin: origin)
    }

    static func name(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits + ".wal"
    }

    /// The number in a segment's file name; nil for other names.
    static func number(ofName name: String) -> UInt64? {
        guard name.hasSuffix(".wal"), name.count == 20 else { return nil }
        return UInt64(name.dropLast(4))
    }
}

/// The open end of the write-ahead log. Used by one thread.
///
/// After an error it must not be written again: what the kernel did with the pages is unknown, and a later `fdatasync` may answer
/// success without having written them (Rebello et al., "Can Applications Recover from fsync Failures?", 2020).
struct SegmentWriter: ~Copyable {
    let header: SegmentHeader
    private(set) var length: Int
    private let file: OpenFile

    /// Creates the file, writes its header and makes both file and name durable.
    init(directory: String, header: SegmentHeader) throws(FileError) {
        self.header = header
        let file = try OpenFile(directory + "/" + SegmentHeader.name(header.number), .create(permissions: 0o600))
        try file.write(header.bytes)
        try file.sync()
        try DurableFile.syncDirectory(directory)
        length = SegmentHeader.length
        self.file = file
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try file.write(bytes)
        length += bytes.count
    }

    func sync() throws(FileError) { try file.syncData() }
}

/// Reads frames of a segment in order. Used by one thread.
struct SegmentReader: ~Copyable {
    let header: SegmentHeader
    private let file: OpenFile
    private var buffer: [UInt8] = []
    private var bufferStart = 0

    var path: String { file.path }

    /// Opens a segment and checks its header.
    init(path: String) throws(LedgerError) {
        do {
            let file = try OpenFile(path, .read)
            guard let header = SegmentHeader(try file.read(at: 0, count: SegmentHeader.length)) else {
                throw LedgerError(.inconsistent, "\(path): the header of this write-ahead segment is damaged")
            }
            self.header = header
            self.file = file
        } catch {
            throw LedgerError(error)
        }
    }

    /// The length of the file now, in bytes.
    func fileLength() throws(LedgerError) -> Int {
        do { return Int(try file.status().size) } catch { throw LedgerError(error) }
    }

    /// The bytes `[offset, offset + count)`, fewer at the end of the file.
    mutating func bytes(at offset: Int, count: Int) throws(LedgerError) -> ArraySlice<UInt8> {
        if offset < bufferStart || offset + count > bufferStart + buffer.count {
            do { buffer = try file.read(at: Int64(offset), count: max(count, 1 << 20)) } catch { throw LedgerError(error) }
            bufferStart = offset
        }
        return buffer[(offset - bufferStart)..<min(offset - bufferStart + count, buffer.count)]
    }
}
