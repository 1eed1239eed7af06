package import Core

/// Why somebody unknown was turned away. Counted, not recorded one by one (I11).
package enum StrangerRefusal: String, Sendable, CaseIterable {
    /// No bearer token.
    case noCredential = "no_credential"
    /// A token that nobody was given.
    case unknownCredential = "unknown_credential"
    /// Not HTTP that we accept: refused before anybody could be named.
    case malformed
    /// The head of the request did not arrive in time.
    case timeout
    /// Too many connections.
    case overloaded
}

/// The part of an address that refusals are counted by: the first 24 bits of an IPv4 address, the first 48 of an IPv6 address.
package struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
    /// 0 where the connection has no IP address.
    package let bits: UInt64
    package let isIPv6: Bool

    package init(bits: UInt64, isIPv6: Bool) {
        self.bits = bits
        self.isIPv6 = isIPv6
    }

    package static let none = AddressBlock(bits: 0, isIPv6: false)

    package var description: String {
        func group(_ shift: UInt64, _ mask: UInt64) -> UInt64 { bits >> shift & mask }
        return isIPv6
            ? [group(32, 0xffff), group(16, 0xffff), group(0, 0xffff)].map { String($0, radix: 16) }.joined(separator: ":") + "::/48"
            : "\(group(16, 0xff)).\(group(8, 0xff)).\(group(0, 0xff)).0/24"
    }
}

/// Counts requests apart from the records, so that the two can be reconciled (RUN-01): for each hour,
/// `ingress_requests - stranger_refusals - write_refusals` is the number of intents recorded in that hour.
///
/// Each arrival is followed by exactly one of the other three calls, unless the process dies in between; whoever implements this
/// settles such requests at the next start (they were never recorded: count them as write refusals).
/// `arrived` is always the moment passed to ``requestArrived(at:)``. Called on event loops: no blocking; callable from any thread.
package protocol IngressCounters: Sendable {
    /// The head of an inference request arrived.
    func requestArrived(at arrived: Timestamp)
    /// It came from a stranger and was refused, in the hour of its arrival.
    func strangerRefused(arrived: Timestamp, reason: StrangerRefusal, from block: AddressBlock)
    /// Its intent could not be recorded, and it was refused.
    func writeRefused(arrived: Timestamp)
    /// Its intent was recorded. Where that was in a later hour than the arrival, the arrival moves to that hour.
    func intentRecorded(arrived: Timestamp, recordedAt: Timestamp)
}
