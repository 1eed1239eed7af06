import NIOCore

extension SocketAddress {
    /// The IP address: 4 or 16 bytes; none for other kinds of sockets. An IPv4 client of a dual-stack listener is an IPv4 client.
    var ipBytes: [UInt8] {
        switch self {
        // Behind the family and the port, and in IPv6 behind the flow as well (RFC 3493, section 3.3).
        case .v4(let address): return withUnsafeBytes(of: address.address) { Array($0[4..<8]) }
        case .v6(let address):
            let bytes = withUnsafeBytes(of: address.address) { Array($0[8..<24]) }
            let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
            return isMapped ? Array(bytes[12...]) : bytes
        default: return []
        }
    }
}
