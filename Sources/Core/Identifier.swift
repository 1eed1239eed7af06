/// A TypeID: a lower-case prefix that names the kind of thing, `_`, and a UUIDv7 in 26 characters of Crockford's base 32.
///
/// Sorted as text, identifiers of one kind are sorted by the millisecond in which they were made.
/// Source: the TypeID specification 0.3; RFC 9562, section 5.7.
package struct Identifier: Hashable, Sendable, CustomStringConvertible {
    /// The whole text, for example `inf_01jd3v0000e8x9sk9sdkkkkkkk`.
    package let text: String

    package var description: String { text }

    /// The part before the last `_`.
    package var prefix: Substring {
        text.lastIndex(of: "_").map { text[..<$0] } ?? text[...]
    }

    /// Makes an identifier out of 128 bits.
    /// - Parameters:
    ///   - prefix: 1 to 63 lower-case letters and underscores; the caller's constant, not checked again here.
    ///   - high: the first 64 bits, `low`: the last 64.
    package init(prefix: StaticString, high: UInt64, low: UInt64) {
        text = String(unsafeUninitializedCapacity: prefix.utf8CodeUnitCount + 27) { buffer in
            var at = 0
            prefix.withUTF8Buffer { source in
                for byte in source {
                    buffer[at] = byte
                    at += 1
                }
            }
            buffer[at] = UInt8(ascii: "_")
            at += 1
            // 26 digits of 5 bits hold 130 bits: the first digit carries only 3.
            Self.alphabet.withUTF8Buffer { digits in
                for place in stride(from: 125, through: 0, by: -5) {
                    buffer[at] = digits[Int(truncatingIfNeeded: Self.bits(high, low, from: place) & 31)]
                    at += 1
                }
            }
            return at
        }
    }

    /// Reads an identifier that somebody sent.
    /// - Parameter text: at most 90 bytes; prefix, `_`, 26 characters of the alphabet of which the first is 0 to 7.
    /// - Returns: nil where the text is anything else.
    package init?(parsing text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 28, bytes.count <= 90, bytes[bytes.count - 27] == UInt8(ascii: "_") else { return nil }
        let prefix = bytes.dropLast(27)
        guard prefix.first != UInt8(ascii: "_"), prefix.last != UInt8(ascii: "_"),
            prefix.allSatisfy({ $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) })
        else { return nil }
        let suffix = bytes.suffix(26)
        guard let first = suffix.first, first <= UInt8(ascii: "7"), suffix.allSatisfy(Self.isDigit) else { return nil }
        self.text = String(text)
    }

    private static let alphabet: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"

    private static func isDigit(_ byte: UInt8) -> Bool {
        alphabet.withUTF8Buffer { $0.contains(byte) }
    }

    private static func bits(_ high: UInt64, _ low: UInt64, from place: Int) -> UInt64 {
        if place >= 64 { return high >> UInt64(place - 64) }
        return place == 0 ? low : (low >> UInt64(place)) | (high << UInt64(64 - place))
    }
}

/// Makes identifiers: time from a clock, randomness from the system.
package struct IdentifierMaker: Sendable {
    private let clock: any WallClock

    package init(clock: any WallClock = SystemClock()) {
        self.clock = clock
    }

    /// - Parameter prefix: names the kind, for example `inf` for an intent.
    package func make(_ prefix: StaticString) -> Identifier {
        var random = SystemRandomNumberGenerator()
        let milliseconds = UInt64(max(0, clock.now().microseconds / 1000))
        let high = milliseconds << 16 | 0x7000 | random.next() & 0x0fff
        let low = random.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return Identifier(prefix: prefix, high: high, low: low)
    }
}
