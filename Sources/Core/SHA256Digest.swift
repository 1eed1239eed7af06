package import Crypto

/// A SHA-256 digest. As text: `sha256:` and 64 lower-case hexadecimal digits.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    package let bytes: [UInt8]

    /// - Returns: nil unless there are exactly 32 bytes.
    package init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    package init(_ digest: SHA256.Digest) {
        bytes = digest.withUnsafeBytes { [UInt8]($0) }
    }

    /// The digest of some bytes.
    package init(hashing data: some Collection<UInt8>) {
        var hasher = SHA256()
        let done: Void? = data.withContiguousStorageIfAvailable { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        if done == nil { hasher.update(data: Array(data)) }
        bytes = hasher.finalize().withUnsafeBytes { [UInt8]($0) }
    }

    /// Reads the text form; nil for anything else, upper-case digits included.
    package init?(parsing text: some StringProtocol) {
        guard text.hasPrefix("sha256:"), let bytes = [UInt8](hex: text.dropFirst(7)), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    package var description: String {
        String(unsafeUninitializedCapacity: 71) { out in
            let prefix: StaticString = "sha256:"
            prefix.withUTF8Buffer { for (place, byte) in $0.enumerated() { out[place] = byte } }
            return 7 + bytes.withUnsafeBufferPointer { writeHex($0, to: UnsafeMutableBufferPointer(rebasing: out[7...])) }
        }
    }

    package var hex: String { bytes.hex }
}

extension Collection<UInt8> {
    /// Lower-case hexadecimal digits, two a byte.
    package var hex: String {
        String(unsafeUninitializedCapacity: count * 2) { writeHex(self, to: $0) }
    }
}

/// - Returns: how many bytes were written: two for each.
private func writeHex(_ bytes: some Collection<UInt8>, to out: UnsafeMutableBufferPointer<UInt8>) -> Int {
    let digits: StaticString = "0123456789abcdef"
    var at = 0
    digits.withUTF8Buffer { table in
        for byte in bytes {
            out[at] = table[Int(byte >> 4)]
            out[at + 1] = table[Int(byte & 15)]
            at += 2
        }
    }
    return at
}

extension [UInt8] {
    /// Reads lower-case hexadecimal digits, two a byte; nil for anything else.
    package init?(hex text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        self = []
        reserveCapacity(digits.count / 2)
        func value(_ digit: UInt8) -> UInt8? {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            append(high << 4 | low)
        }
    }
}

/// Compares secrets in time that depends on the lengths only.
package func constantTimeEqual(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for (x, y) in zip(a, b) { difference |= x ^ y }
    return difference == 0
}
