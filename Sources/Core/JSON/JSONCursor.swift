/// A position in a JSON text that moves over whole values and validates what it passes.
///
/// Nothing is recursive: open containers are bits of one word.
struct JSONCursor {
    private let base: UnsafeRawPointer
    private let end: Int
    private(set) var at: Int

    init(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>?) {
        let whole = 0..<bytes.count
        let range = range.map { $0.clamped(to: whole) } ?? whole
        // An empty buffer may have no address; nothing is read from it.
        base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        at = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { at >= end }

    private func byte(_ offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }

    private func fault(_ code: JSONError.Code) -> JSONError { JSONError(code: code, offset: at) }

    private var unexpected: JSONError { fault(at < end ? .unexpectedByte : .unexpectedEnd) }

    @inline(__always)
    mutating func skipSpace() {
        while at < end {
            let next = byte(at)
            guard next == 0x20 || next == 0x0a || next == 0x0d || next == 0x09 else { return }
            at += 1
        }
    }

    @inline(__always)
    mutating func take(_ wanted: UInt8) throws(JSONError) {
        guard at < end, byte(at) == wanted else { throw unexpected }
        at += 1
    }

    @inline(__always)
    mutating func takeIfPresent(_ wanted: UInt8) -> Bool {
        guard at < end, byte(at) == wanted else { return false }
        at += 1
        return true
    }

    /// Moves over one value.
    /// - Parameter depth: how many containers are open already.
    mutating func skipValue(depth outer: Int) throws(JSONError) {
        // Bit n tells whether the container at depth n is an object.
        var objects: UInt64 = 0
        var depth = 0
        while true {
            // Here a value starts.
            guard at < end else { throw fault(.unexpectedEnd) }
            switch byte(at) {
            case UInt8(ascii: "\""): _ = try string()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard outer + depth < FieldScanner.maximumDepth else { throw fault(.tooDeep) }
                let isObject = byte(at) == UInt8(ascii: "{")
                at += 1
                skipSpace()
                if takeIfPresent(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) { break }
                depth += 1
                objects = isObject ? objects | 1 << UInt64(depth - 1) : objects & ~(1 << UInt64(depth - 1))
                if isObject { try member() }
                continue
            case UInt8(ascii: "t"): try literal("true")
            case UInt8(ascii: "f"): try literal("false")
            case UInt8(ascii: "n"): try literal("null")
            default: try number()
            }
            // Here a value has ended: close what ends with it, or go on to the next one.
            while true {
                if depth == 0 { return }
                skipSpace()
                let isObject = objects >> UInt64(depth - 1) & 1 == 1
                if takeIfPresent(UInt8(ascii: ",")) {
                    skipSpace()
                    if isObject { try member() }
                    break
                }
                try take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
                depth -= 1
            }
        }
    }

    /// A member's name and its colon, up to the value.
    private mutating func member() throws(JSONError) {
        _ = try string()
        skipSpace()
        try take(UInt8(ascii: ":"))
        skipSpace()
    }

    private mutating func literal(_ text: StaticString) throws(JSONError) {
        for index in 0..<text.utf8CodeUnitCount { try take(text.utf8Start[index]) }
    }

    private mutating func digits() throws(JSONError) {
        let start = at
        while at < end, byte(at) &- UInt8(ascii: "0") < 10 { at += 1 }
        guard at > start else { throw unexpected }
    }

    private mutating func number() throws(JSONError) {
        _ = takeIfPresent(UInt8(ascii: "-"))
        if !takeIfPresent(UInt8(ascii: "0")) { try digits() }
        if takeIfPresent(UInt8(ascii: ".")) { try digits() }
        if takeIfPresent(UInt8(ascii: "e")) || takeIfPresent(UInt8(ascii: "E")) {
            if !takeIfPresent(UInt8(ascii: "+")) { _ = takeIfPresent(UInt8(ascii: "-")) }
            try digits()
        }
    }

    /// Moves over a string.
    /// - Returns: the range between the quotes, and whether an escape is in it.
    mutating func string() throws(JSONError) -> (content: Range<Int>, isEscaped: Bool) {
        try take(UInt8(ascii: "\""))
        let start = at
        var isEscaped = false
        while true {
            skipPlain()
            guard at < end else { throw fault(.unexpectedEnd) }
            let next = byte(at)
            if next == UInt8(ascii: "\"") {
                at += 1
                return (start..<at - 1, isEscaped)
            }
            if next == UInt8(ascii: "\\") {
                isEscaped = true
                try escape()
            } else if next >= 0x80 {
                try multibyte()
            } else {
                // RFC 8259, section 7: control characters must be escaped.
                throw fault(.unexpectedByte)
            }
        }
    }

    /// Moves over bytes that mean themselves, eight at a time: until a quote, a backslash, a control character or a byte above 0x7f.
    @inline(__always)
    private mutating func skipPlain() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        while at + 8 <= end {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let slashes = word ^ (ones &* 0x5c)
            // The lowest bit set is exact; bits above a hit may be carried over and are not looked at.
            let hits =
                ((quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes | (word &- ones &* 0x20) & ~word | word) & tops
            if hits != 0 {
                at += hits.trailingZeroBitCount >> 3
                return
            }
            at += 8
        }
        while at < end {
            let next = byte(at)
            if next == 0x22 || next == 0x5c || next < 0x20 || next >= 0x80 { return }
            at += 1
        }
    }

    /// One scalar of two to four bytes (the Unicode Standard, table 3-7).
    private mutating func multibyte() throws(JSONError) {
        let first = byte(at)
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xbf
        switch first {
        case 0xc2...0xdf: length = 2
        case 0xe0: (length, second) = (3, 0xa0...0xbf)
        case 0xe1...0xec, 0xee...0xef: length = 3
        case 0xed: (length, second) = (3, 0x80...0x9f)
        case 0xf0: (length, second) = (4, 0x90...0xbf)
        case 0xf1...0xf3: length = 4
        case 0xf4: (length, second) = (4, 0x80...0x8f)
        default: throw fault(.invalidUTF8)
        }
        guard at + length <= end, second.contains(byte(at + 1)) else { throw fault(.invalidUTF8) }
        for offset in 2..<max(2, length) where byte(at + offset) & 0xc0 != 0x80 { throw fault(.invalidUTF8) }
        at += length
    }

    private mutating func escape() throws(JSONError) {
        guard at + 1 < end else { throw fault(.unexpectedEnd) }
        switch byte(at + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            if unit & 0xfc00 == 0xd800 {
                guard at + 1 < end, byte(at) == UInt8(ascii: "\\"), byte(at + 1) == UInt8(ascii: "u") else { throw fault(.invalidEscape) }
                guard try codeUnit() & 0xfc00 == 0xdc00 else { throw fault(.invalidEscape) }
            } else if unit & 0xfc00 == 0xdc00 {
                throw fault(.invalidEscape)
            }
        default: throw fault(.invalidEscape)
        }
    }

    /// Moves over `\uXXXX`.
    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        guard at + 6 <= end else { throw fault(.unexpectedEnd) }
        var value: UInt16 = 0
        for offset in 2..<6 {
            guard let digit = JSONText.hexValue(byte(at + offset)) else { throw fault(.invalidEscape) }
            value = value << 4 | UInt16(digit)
        }
        at += 6
        return value
    }
}
