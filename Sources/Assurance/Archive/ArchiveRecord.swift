/// One file of an archive: all that its headers say.
package struct ArchiveRecord: Hashable, Sendable {
    package let name: String
    package let size: UInt64
    let crc: UInt32
    /// Of its local header.
    let offset: UInt64

    /// Where its bytes begin.
    package var start: UInt64 { offset + UInt64(localHeader.count) }
    var end: UInt64 { start + size }

    /// Names that an archive may hold: at most 200 letters, digits, `.`, `-`, `_`, in parts between `/`, none of which begins with a dot.
    static func isName(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 200 else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && !part.hasPrefix(".")
                && part.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
    }

    private static let limit = UInt64(UInt32.max)
    /// 1980-01-01, the beginning of ZIP's time.
    private static let date: UInt16 = 0x0021
    private var isLarge: Bool { size >= Self.limit }
    private var isFar: Bool { offset >= Self.limit }

    /// APPNOTE 4.3.7. Stored, no flags, a fixed time; ZIP64 sizes only where they are needed.
    var localHeader: [UInt8] {
        var out = LittleEndian()
        out.put(UInt32(0x0403_4b50))
        out.put(UInt16(isLarge ? 45 : 10))
        putCommon(to: &out)
        out.put(UInt16(name.utf8.count))
        out.put(UInt16(isLarge ? 20 : 0))
        out.bytes += name.utf8
        if isLarge {
            out.put(UInt16(1))
            out.put(UInt16(16))
            out.put(size)
            out.put(size)
        }
        return out.bytes
    }

    /// APPNOTE 4.3.12.
    var centralHeader: [UInt8] {
        var extra = LittleEndian()
        if isLarge {
            extra.put(size)
            extra.put(size)
        }
        if isFar { extra.put(offset) }
        var out = LittleEndian()
        out.put(UInt32(0x0201_4b50))
        out.put(UInt16(isLarge || isFar ? 45 : 10))
        out.put(UInt16(isLarge || isFar ? 45 : 10))
        putCommon(to: &out)
        out.put(UInt16(name.utf8.count))
        out.put(UInt16(extra.bytes.isEmpty ? 0 : extra.bytes.count + 4))
        // No comment; disk 0; no attributes.
        out.put(UInt16(0))
        out.put(UInt16(0))
        out.put(UInt16(0))
        out.put(UInt32(0))
        out.put(UInt32(clamping: offset))
        out.bytes += name.utf8
        if !extra.bytes.isEmpty {
            out.put(UInt16(1))
            out.put(UInt16(extra.bytes.count))
            out.bytes += extra.bytes
        }
        return out.bytes
    }

    private func putCommon(to out: inout LittleEndian) {
        out.put(UInt16(0))
        out.put(UInt16(0))
        out.put(UInt16(0))
        out.put(Self.date)
        out.put(crc)
        out.put(UInt32(clamping: size))
        out.put(UInt32(clamping: size))
    }

    /// What ends an archive (APPNOTE 4.3.14 to 4.3.16); the ZIP64 records only where they are needed.
    static func trailer(count: Int, directoryStart: UInt64, directorySize: UInt64) -> [UInt8] {
        var out = LittleEndian()
        if count >= 0xffff || directoryStart >= limit || directorySize >= limit {
            out.put(UInt32(0x0606_4b50))
            out.put(UInt64(44))
            out.put(UInt16(45))
            out.put(UInt16(45))
            out.put(UInt32(0))
            out.put(UInt32(0))
            out.put(UInt64(count))
            out.put(UInt64(count))
            out.put(directorySize)
            out.put(directoryStart)
            out.put(UInt32(0x0706_4b50))
            out.put(UInt32(0))
            out.put(directoryStart + directorySize)
            out.put(UInt32(1))
        }
        out.put(UInt32(0x0605_4b50))
        out.put(UInt16(0))
        out.put(UInt16(0))
        out.put(UInt16(clamping: count))
        out.put(UInt16(clamping: count))
        out.put(UInt32(clamping: directorySize))
        out.put(UInt32(clamping: directoryStart))
        out.put(UInt16(0))
        return out.bytes
    }
}

/// Integers as ZIP writes them.
struct LittleEndian {
    var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger & UnsignedInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
}
