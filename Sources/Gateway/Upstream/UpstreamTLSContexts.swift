import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// One TLS context for each way of checking certificates, shared by the event loops: reading the authorities takes milliseconds.
final class UpstreamTLSContexts: Sendable {
    private let made = Mutex<[UpstreamTLS: NIOSSLContext]>([:])

    /// The context for an origin; nil where it is spoken to in clear.
    func context(for key: UpstreamKey, on eventLoop: any EventLoop) -> EventLoopFuture<NIOSSLContext?> {
        guard key.origin.isTLS else { return eventLoop.makeSucceededFuture(nil) }
        if let context = made.withLock({ $0[key.tls] }) { return eventLoop.makeSucceededFuture(context) }
        let tls = key.tls
        // Files are read: not on an event loop.
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            configuration.certificateVerification = .fullVerification
            if let file = tls.authorityFile { configuration.trustRoots = .file(file) }
            configuration.applicationProtocols = ["http/1.1"]
            let context = try NIOSSLContext(configuration: configuration)
            self.made.withLock { $0[tls] = context }
            return context
        }
    }
}
