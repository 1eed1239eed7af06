/// Reads single values out of ranges that a ``FieldScanner`` found and validated.
package enum JSONText {
    /// The text of a string; nil for any other value.
    package static func string(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String? {
        guard let inner = content(bytes, range) else { return nil }
        let part = UnsafeRawBufferPointer(rebasing: bytes[inner])
        if !part.contains(UInt8(ascii: "\\")) { return String(validating: part, as: UTF8.self) }
        return String(validating: unescape(bytes, inner), as: UTF8.self)
    }

    /// Whether the value is a string of exactly this text, written without escapes.
    package static func isString(_ text: StaticString, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        guard let inner = content(bytes, range), inner.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<inner.count where bytes[inner.lowerBound + offset] != text.utf8Start[offset] { return false }
        return true
    }

    /// The range between a string's quotes; nil for any other value.
    package static func content(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int>? {
        guard range.count >= 2, bytes[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
        return range.lowerBound + 1..<range.upperBound - 1
    }

    package static func isNull(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool { bytes[range.lowerBound] == UInt8(ascii: "n") }

    package static func isObject(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool { bytes[range.lowerBound] == UInt8(ascii: "{") }

    package static func isArray(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool { bytes[range.lowerBound] == UInt8(ascii: "[") }

    /// A Boolean; nil for any other value.
    package static func bool(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool? {
        switch bytes[range.lowerBound] {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    /// An integer without fraction and exponent that 64 bits hold; nil for any other value.
    package static func integer(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int64? {
        var value: Int64 = 0
        var at = range.lowerBound
        let isNegative = at < range.upperBound && bytes[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        guard at < range.upperBound else { return nil }
        while at < range.upperBound {
            let digit = bytes[at] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(Int64(digit))
            guard !overflow, !carry else { return nil }
            // Negative throughout: the least integer has no positive counterpart.
            value = sum
            at += 1
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// The bytes of a string's content with its escapes resolved; the content was validated before.
    package static func unescape(_ bytes: UnsafeRawBufferPointer, _ content: Range<Int>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(content.count)
        var at = content.lowerBound
        func unit(_ from: Int) -> UInt32 {
            (from..<min(from + 4, content.upperBound)).reduce(0) { $0 << 4 | UInt32(hexValue(bytes[$1]) ?? 0) }
        }
        while at < content.upperBound {
            let byte = bytes[at]
            guard byte == UInt8(ascii: "\\"), at + 1 < content.upperBound else {
                out.append(byte)
                at += 1
                continue
            }
            let kind = bytes[at + 1]
            at += 2
            switch kind {
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0c)
            case UInt8(ascii: "n"): out.append(0x0a)
            case UInt8(ascii: "r"): out.append(0x0d)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = unit(at)
                at += 4
                if scalar & 0xfc00 == 0xd800 {
                    scalar = 0x10000 + (scalar & 0x3ff) << 10 + unit(at + 2) & 0x3ff
                    at += 6
                }
                if let unicode = Unicode.Scalar(scalar) { UTF8.encode(unicode).map { out.append(contentsOf: $0) } }
            default: out.append(kind)
            }
        }
        return out
    }

    static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
