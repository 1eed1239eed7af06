import Core
import Crypto

/// A bearer token: `cs_` + 8 characters that name it + `_` + 32 secret characters + `_` + 6 of checksum; 51 in all, base 62.
///
/// The checksum (CRC-32, IEEE 802.3, of everything before its `_`) is not for security: it refuses typing errors before anything is hashed
/// or looked up, and lets scanners of repositories recognise a leaked token without asking us. The secret has 190 bits, so a plain
/// SHA-256 of it can be stored: there is nothing to guess.
package struct BearerToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// The token itself, shown once. Everything else prints its public part only.
    package let text: String
    /// The 8 characters that name it; public.
    package let prefix: String
    let hash: SecretHash

    package var description: String { "cs_\(prefix)_…" }
    package var customMirror: Mirror { Mirror(reflecting: description) }

    static let length = 51
    private static let prefixRange = 3..<11
    private static let secretRange = 12..<44
    private static let checkedLength = 44

    /// A new one, from the system's randomness.
    package static func generate() -> BearerToken {
        var random = SystemRandomNumberGenerator()
        var bytes = Array("cs_".utf8)
        func digits(_ count: Int) {
            for _ in 0..<count { bytes.append(Base62.digits[Int.random(in: 0..<62, using: &random)]) }
        }
        digits(8)
        bytes.append(UInt8(ascii: "_"))
        digits(32)
        let checksum = bytes.withUnsafeBytes { CRC32.checksum($0) }
        bytes.append(UInt8(ascii: "_"))
        bytes.append(contentsOf: Base62.encode(checksum))
        let hash = bytes.withUnsafeBytes { SecretHash(SHA256.hash(data: UnsafeRawBufferPointer(rebasing: $0[secretRange]))) }
        return BearerToken(
            text: String(decoding: bytes, as: UTF8.self), prefix: String(decoding: bytes[prefixRange], as: UTF8.self), hash: hash)
    }

    /// Reads what a caller shows. Strict; nil for anything that we never issued. Does no look-up.
    static func parse(_ text: String) -> TokenKey? {
        var text = text
        return text.withUTF8 { bytes -> TokenKey? in
            guard bytes.count == length, bytes[0] == UInt8(ascii: "c"), bytes[1] == UInt8(ascii: "s"), bytes[2] == UInt8(ascii: "_"),
                bytes[11] == UInt8(ascii: "_"), bytes[44] == UInt8(ascii: "_")
            else { return nil }
            let raw = UnsafeRawBufferPointer(bytes)
            guard Base62.decode(raw[45..<length]) == CRC32.checksum(UnsafeRawBufferPointer(rebasing: raw[..<checkedLength])) else { return nil }
            for byte in bytes[prefixRange] where !Base62.contains(byte) { return nil }
            for byte in bytes[secretRange] where !Base62.contains(byte) { return nil }
            let prefix = raw.loadUnaligned(fromByteOffset: prefixRange.lowerBound, as: UInt64.self)
            var hasher = SHA256()
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: raw[secretRange]))
            return TokenKey(prefix: prefix, hash: SecretHash(hasher.finalize()))
        }
    }

    /// The name of a token as the snapshot looks it up; nil unless it has 8 characters.
    static func prefixKey(_ prefix: String) -> UInt64? {
        let bytes = Array(prefix.utf8)
        guard bytes.count == 8 else { return nil }
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }
}
