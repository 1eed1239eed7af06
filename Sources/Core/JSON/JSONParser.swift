/// Why a text is not the JSON that we accept.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case unexpectedByte, unexpectedEnd, invalidUTF8, invalidEscape, duplicateKey, tooDeep, tooLarge, notAnInteger, trailingBytes
    }
    package let code: Code
    /// Offset of the byte at which reading stopped.
    package let offset: Int

    package var description: String {
        switch code {
        case .unexpectedByte: "unexpected byte at offset \(offset)"
        case .unexpectedEnd: "the text ends early, at offset \(offset)"
        case .invalidUTF8: "invalid UTF-8 in a string at offset \(offset)"
        case .invalidEscape: "invalid escape in a string at offset \(offset)"
        case .duplicateKey: "an object has the same member twice, at offset \(offset)"
        case .tooDeep: "nested too deeply at offset \(offset)"
        case .tooLarge: "larger than allowed"
        case .notAnInteger: "a number that is not an integer of 64 bits at offset \(offset)"
        case .trailingBytes: "more bytes after the value, at offset \(offset)"
        }
    }
}

/// A strict parser (RFC 8259) for values without floating-point numbers: no duplicate members, valid UTF-8, bounded depth and size.
package enum JSONParser {
    /// - Parameters:
    ///   - bytes: the whole text.
    ///   - maximumDepth: nested arrays and objects allowed.
    ///   - maximumBytes: length allowed.
    package static func parse(_ bytes: some Collection<UInt8>, maximumDepth: Int = 32, maximumBytes: Int = 1 << 20) throws(JSONError) -> JSONValue {
        guard bytes.count <= maximumBytes else { throw JSONError(code: .tooLarge, offset: 0) }
        var reader = Reader(bytes: Array(bytes), maximumDepth: maximumDepth)
        reader.skipSpace()
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.at == reader.bytes.count else { throw JSONError(code: .trailingBytes, offset: reader.at) }
        return value
    }

    private struct Reader {
        let bytes: [UInt8]
        let maximumDepth: Int
        var at = 0

        func fault(_ code: JSONError.Code) -> JSONError { JSONError(code: code, offset: at) }

        mutating func skipSpace() {
            while at < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
        }

        mutating func take(_ byte: UInt8) throws(JSONError) {
            guard at < bytes.count else { throw fault(.unexpectedEnd) }
            guard bytes[at] == byte else { throw fault(.unexpectedByte) }
            at += 1
        }

        mutating func literal(_ text: StaticString) throws(JSONError) {
            for index in 0..<text.utf8CodeUnitCount { try take(text.utf8Start[index]) }
        }

        mutating func value(depth: Int) throws(JSONError) -> JSONValue {
            guard at < bytes.count else { throw fault(.unexpectedEnd) }
            switch bytes[at] {
            case UInt8(ascii: "{"): return try object(depth: depth + 1)
            case UInt8(ascii: "["): return try array(depth: depth + 1)
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"):
                try literal("true")
                return true
            case UInt8(ascii: "f"):
                try literal("false")
                return false
            case UInt8(ascii: "n"):
                try literal("null")
                return .null
            default: return .int(try integer())
            }
        }

        mutating func object(depth: Int) throws(JSONError) -> JSONValue {
            guard depth <= maximumDepth else { throw fault(.tooDeep) }
            at += 1
            var members: [String: JSONValue] = [:]
            skipSpace()
            if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
                at += 1
                return .object(members)
            }
            while true {
                skipSpace()
                let start = at
                let key = try string()
                guard members[key] == nil else { throw JSONError(code: .duplicateKey, offset: start) }
                skipSpace()
                try take(UInt8(ascii: ":"))
                skipSpace()
                members[key] = try value(depth: depth)
                skipSpace()
                guard at < bytes.count else { throw fault(.unexpectedEnd) }
                if bytes[at] == UInt8(ascii: ",") {
                    at += 1
                    continue
                }
                try take(UInt8(ascii: "}"))
                return .object(members)
            }
        }

        mutating func array(depth: Int) throws(JSONError) -> JSONValue {
            guard depth <= maximumDepth else { throw fault(.tooDeep) }
            at += 1
            var elements: [JSONValue] = []
            skipSpace()
            if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
                at += 1
                return .array(elements)
            }
            while true {
                skipSpace()
                elements.append(try value(depth: depth))
                skipSpace()
                guard at < bytes.count else { throw fault(.unexpectedEnd) }
                if bytes[at] == UInt8(ascii: ",") {
                    at += 1
                    continue
                }
                try take(UInt8(ascii: "]"))
                return .array(elements)
            }
        }

        mutating func integer() throws(JSONError) -> Int64 {
            let start = at
            if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
            let digits = at
            while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) { at += 1 }
            guard at > digits else { throw fault(at < bytes.count ? .unexpectedByte : .unexpectedEnd) }
            if at < bytes.count, [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[at]) {
                throw JSONError(code: .notAnInteger, offset: start)
            }
            guard bytes[digits] != UInt8(ascii: "0") || at == digits + 1 else { throw JSONError(code: .unexpectedByte, offset: digits) }
            guard let value = Int64(String(decoding: bytes[start..<at], as: UTF8.self)) else {
                throw JSONError(code: .notAnInteger, offset: start)
            }
            return value
        }

        mutating func string() throws(JSONError) -> String {
            try take(UInt8(ascii: "\""))
            let start = at
            var out: [UInt8] = []
            while at < bytes.count {
                let byte = bytes[at]
                if byte == UInt8(ascii: "\"") {
                    at += 1
                    guard let text = String(validating: out, as: UTF8.self) else { throw JSONError(code: .invalidUTF8, offset: start) }
                    return text
                }
                guard byte >= 0x20 else { throw fault(.unexpectedByte) }
                at += 1
                if byte == UInt8(ascii: "\\") { try escape(to: &out) } else { out.append(byte) }
            }
            throw fault(.unexpectedEnd)
        }

        mutating func escape(to out: inout [UInt8]) throws(JSONError) {
            guard at < bytes.count else { throw fault(.unexpectedEnd) }
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0c)
            case UInt8(ascii: "n"): out.append(0x0a)
            case UInt8(ascii: "r"): out.append(0x0d)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = UInt32(try codeUnit())
                if (0xd800..<0xdc00).contains(scalar) {
                    try take(UInt8(ascii: "\\"))
                    try take(UInt8(ascii: "u"))
                    let low = UInt32(try codeUnit())
                    guard (0xdc00..<0xe000).contains(low) else { throw fault(.invalidEscape) }
                    scalar = 0x10000 + (scalar - 0xd800) << 10 + (low - 0xdc00)
                }
                guard let unicode = Unicode.Scalar(scalar) else { throw fault(.invalidEscape) }
                out.append(contentsOf: String(Character(unicode)).utf8)
            default: throw fault(.invalidEscape)
            }
        }

        mutating func codeUnit() throws(JSONError) -> UInt16 {
            guard at + 4 <= bytes.count else { throw fault(.unexpectedEnd) }
            guard bytes[at..<at + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt16(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
            else { throw fault(.invalidEscape) }
            at += 4
            return value
        }
    }
}
