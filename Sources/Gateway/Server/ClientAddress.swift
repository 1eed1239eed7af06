import Core
import Crypto
import NIOCore

enum ClientAddress {
    /// The block by which refusals are counted, and the keyed digest that records carry.
    static func describe(_ address: SocketAddress?, key: SymmetricKey) -> (block: AddressBlock, digest: String) {
        let bytes = address?.ipBytes ?? []
        let bits = bytes.prefix(bytes.count == 16 ? 6 : 3).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let code = HMAC<SHA256>.authenticationCode(for: bytes, using: key)
        return (AddressBlock(bits: bits, isIPv6: bytes.count == 16), "sha256:" + Array(code).hex)
    }
}
