/// Canonical JSON of a value (RFC 8785): members sorted by UTF-16 code units, no white space, the shortest escapes.
package enum CanonicalJSON {
    package static func encode(_ value: JSONValue) -> [UInt8] {
        var out: [UInt8] = []
        append(value, to: &out)
        return out
    }

    package static func string(_ value: JSONValue) -> String {
        String(decoding: encode(value), as: UTF8.self)
    }

    package static func append(_ value: JSONValue, to out: inout [UInt8]) {
        switch value {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let bool): out.append(contentsOf: bool ? "true".utf8 : "false".utf8)
        case .int(let int): append(int, to: &out)
        case .string(let string): append(string, to: &out)
        case .array(let elements):
            out.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                append(element, to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            for (index, key) in members.keys.sorted(by: precedes).enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                append(key, to: &out)
                out.append(UInt8(ascii: ":"))
                append(members[key] ?? .null, to: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    /// The order of members: by UTF-16 code units (RFC 8785, section 3.2.3).
    package static func precedes(_ a: String, _ b: String) -> Bool {
        a.utf16.lexicographicallyPrecedes(b.utf16)
    }

    package static func append(_ value: Int64, to out: inout [UInt8]) {
        if value < 0 { out.append(UInt8(ascii: "-")) }
        var magnitude = value.magnitude
        let start = out.count
        repeat {
            out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10))
            magnitude /= 10
        } while magnitude > 0
        out[start...].reverse()
    }

    package static func append(_ string: String, to out: inout [UInt8]) {
        var string = string
        out.append(UInt8(ascii: "\""))
        string.withUTF8 { bytes in
            var clean = 0
            while let index = firstEscaped(in: bytes, from: clean) {
                out.append(contentsOf: bytes[clean..<index])
                appendEscape(of: bytes[index], to: &out)
                clean = index + 1
            }
            out.append(contentsOf: bytes[clean...])
        }
        out.append(UInt8(ascii: "\""))
    }

    /// The first byte that needs an escape: a control character, `"` or `\\`. Eight at a time: nearly all strings have none.
    private static func firstEscaped(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let raw = UnsafeRawBufferPointer(bytes)
        var at = start
        while at + 8 <= bytes.count {
            let word = raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5c)
            // The high bit of a byte of each term is set where that byte is below 0x20, or zero; above such a byte it may be set wrongly.
            let found = ((word &- ones &* 0x20) & ~word) | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
            if found & (ones &* 0x80) != 0 { break }
            at += 8
        }
        while at < bytes.count {
            if bytes[at] < 0x20 || bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "\\") { return at }
            at += 1
        }
        return nil
    }

    private static func appendEscape(of byte: UInt8, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: out.append(UInt8(ascii: "b"))
        case 0x09: out.append(UInt8(ascii: "t"))
        case 0x0a: out.append(UInt8(ascii: "n"))
        case 0x0c: out.append(UInt8(ascii: "f"))
        case 0x0d: out.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(byte)
        default: out.append(contentsOf: ("u00" + [byte].hex).utf8)
        }
    }
}

/// Writes one canonical object member by member, for hot paths that know their members' order.
///
/// Members must come in ascending order of their names; a wrong order is a fault of the caller and traps in debug builds.
/// Names are the caller's constants and need no escape.
package struct CanonicalObjectWriter: Sendable {
    private var out: [UInt8] = [UInt8(ascii: "{")]
    #if DEBUG
    private var last = ""
    #endif

    package init(capacity: Int = 512) {
        out.reserveCapacity(capacity)
    }

    private mutating func key(_ name: StaticString) {
        #if DEBUG
        assert(CanonicalJSON.precedes(last, "\(name)"), "\(name) after \(last)")
        last = "\(name)"
        #endif
        if out.count > 1 { out.append(UInt8(ascii: ",")) }
        out.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { out.append(contentsOf: $0) }
        out.append(UInt8(ascii: "\""))
        out.append(UInt8(ascii: ":"))
    }

    /// A member of any kind; none where the value is nil.
    package mutating func member(_ name: StaticString, _ value: JSONValue?) {
        guard let value else { return }
        key(name)
        CanonicalJSON.append(value, to: &out)
    }

    package mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        key(name)
        CanonicalJSON.append(value, to: &out)
    }

    package mutating func member(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        key(name)
        CanonicalJSON.append(value, to: &out)
    }

    package mutating func member(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        key(name)
        out.append(contentsOf: value ? "true".utf8 : "false".utf8)
    }

    package mutating func member(_ name: StaticString, strings: [String]) {
        key(name)
        out.append(UInt8(ascii: "["))
        for (index, element) in strings.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            CanonicalJSON.append(element, to: &out)
        }
        out.append(UInt8(ascii: "]"))
    }

    package consuming func finish() -> CanonicalObject {
        out.append(UInt8(ascii: "}"))
        return CanonicalObject(trusted: out)
    }
}

/// The bytes of one canonical JSON object.
package struct CanonicalObject: Hashable, Sendable {
    package let bytes: [UInt8]

    /// Encodes an object. A value that is no object becomes the empty object.
    package init(_ value: JSONValue) {
        bytes = value.object == nil ? Array("{}".utf8) : CanonicalJSON.encode(value)
    }

    fileprivate init(trusted bytes: [UInt8]) {
        self.bytes = bytes
    }
}
