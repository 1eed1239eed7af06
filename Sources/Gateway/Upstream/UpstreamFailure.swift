/// Why an upstream gave no answer that we relay.
enum UpstreamFailure: Hashable, Sendable {
    /// No connection: refused or unresolved.
    case unreachable
    /// No TLS connection: above all a certificate that was not accepted.
    case untrusted
    /// The name resolved to an address that no provider can have.
    case forbiddenAddress
    case connectTimeout
    /// No connection became free in time.
    case busy
    case firstByteTimeout
    case idleTimeout
    case totalTimeout
    /// The connection ended before the answer did.
    case died
    /// Not HTTP, not JSON, not what was asked for.
    case garbage
    case tooLarge
    /// A redirect; none is followed (I12).
    case redirected
    /// A stream went on for too long after its terminal event.
    case tail
    /// A whole answer, of an error status.
    case status(Int)

    /// What stands in the record.
    var reason: String {
        switch self {
        case .unreachable: "upstream_unreachable"
        case .untrusted: "upstream_untrusted"
        case .forbiddenAddress: "upstream_forbidden_address"
        case .connectTimeout: "upstream_connect_timeout"
        case .busy: "upstream_busy"
        case .firstByteTimeout: "upstream_first_byte_timeout"
        case .idleTimeout: "upstream_idle_timeout"
        case .totalTimeout: "upstream_total_timeout"
        case .died: "upstream_died"
        case .garbage: "upstream_garbage"
        case .tooLarge: "upstream_too_large"
        case .redirected: "upstream_redirected"
        case .tail: "upstream_tail"
        case .status(let status): "upstream_status_\(status)"
        }
    }
}
