/// CRC-32 (IEEE 802.3, reflected, polynomial 0xedb88320), as zlib computes it.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }

    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var value = UInt32.max
            for byte in bytes { value = table[Int((value ^ UInt32(byte)) & 0xff)] ^ value >> 8 }
            return ~value
        }
    }
}

/// Digits `0-9A-Za-z`.
enum Base62 {
    static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    static func contains(_ byte: UInt8) -> Bool { value(byte) != nil }

    /// Six digits, the most significant first: 62⁶ > 2³².
    static func encode(_ number: UInt32) -> [UInt8] {
        var out = [UInt8](repeating: digits[0], count: 6)
        var rest = number
        for place in out.indices.reversed() {
            out[place] = digits[Int(rest % 62)]
            rest /= 62
        }
        return out
    }

    static func decode(_ text: Slice<UnsafeRawBufferPointer>) -> UInt32? {
        var number: UInt64 = 0
        for byte in text {
            guard let digit = value(byte) else { return nil }
            number = number * 62 + UInt64(digit)
        }
        return UInt32(exactly: number)
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 36
        default: nil
        }
    }
}
