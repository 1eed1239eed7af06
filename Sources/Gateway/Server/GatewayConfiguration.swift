package import NIOSSL

/// Bounds and times of the data plane (I11). The defaults suit one machine.
package struct GatewayConfiguration: Sendable {
    /// Connections of clients at once, over all event loops; the next one is answered 503 and closed.
    package var maximumConnections = 4096
    /// Bytes of a request's line and headers.
    package var maximumHeadBytes = 32 << 10
    package var maximumHeaderCount = 100
    package var maximumTargetBytes = 4 << 10
    /// Bytes of a request's body; a route may allow less, never more.
    package var maximumBodyBytes = 16 << 20
    /// Bodies and answers held at once over all event loops; more is answered 503.
    package var maximumBufferedBytes = 512 << 20
    /// Bytes of a plain answer of an upstream, and of an error's body.
    package var maximumAnswerBytes = 32 << 20
    /// Bytes of one server-sent event.
    package var maximumEventBytes = 1 << 20
    /// Bytes of a stream held from its terminal event until its outcome is durable.
    package var maximumHeldBytes = 4 << 20
    /// Bytes of a stream that are kept where the route captures; of a longer one the record has the digest only.
    package var maximumCapturedStreamBytes = 4 << 20

    /// Milliseconds from the first byte of a request to the end of its head.
    package var headTimeout: Int64 = 10_000
    /// Milliseconds from the end of the head to the end of the body.
    package var bodyTimeout: Int64 = 60_000
    /// Milliseconds that a connection may stay without a request.
    package var idleTimeout: Int64 = 75_000
    /// Milliseconds that a client may take no byte of what we have for it.
    package var writeTimeout: Int64 = 60_000
    /// Milliseconds from a stream's terminal event to its end.
    package var tailTimeout: Int64 = 15_000
    /// Milliseconds that a closed-down server gives its requests.
    package var shutdownTimeout: Int64 = 30_000
    /// How often deadlines are looked at, in milliseconds.
    package var timerResolution: Int64 = 250

    /// Connections to one upstream from one event loop, and how many exchanges may wait for one.
    package var maximumUpstreamConnections = 512
    package var maximumUpstreamWaiters = 1024
    /// Milliseconds that an unused upstream connection is kept.
    package var upstreamIdleTimeout: Int64 = 30_000

    /// Seconds told in Retry-After.
    package var retryAfter = 1
    /// Server-side TLS; nil speaks plain HTTP.
    package var tls: TLSConfiguration?
    /// Keys the digest under which a caller's address stands in records (I3): without it, an address could be guessed from its digest.
    /// 32 bytes that stay the same for the life of the data directory.
    package var hostDigestKey: [UInt8]
    /// The system that requests belong to which named no route; its capture mode is ``CaptureMode/hash``.
    package var unroutedSystem = "sys_unrouted"

    package init(hostDigestKey: [UInt8]) {
        self.hostDigestKey = hostDigestKey
    }
}
