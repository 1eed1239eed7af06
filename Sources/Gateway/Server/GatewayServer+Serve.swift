package import NIOCore

extension GatewayServer {
    /// Serves one connection that the caller has opened, on that connection's event loop, without a listener and without timeouts: for the
    /// fuzzer and for tests on an embedded channel. Called on the channel's event loop.
    /// - Throws: where the channel takes no handlers.
    package static func serve(_ channel: any Channel, configuration: GatewayConfiguration, services: GatewayServices) throws {
        let server = GatewayServer(configuration: configuration, services: services, group: channel.eventLoop)
        let loop = GatewayLoop(
            eventLoop: channel.eventLoop, loopCount: 1, configuration: configuration, services: services, contexts: UpstreamTLSContexts())
        try server.accept(channel, loop, nil)
    }
}
