import NIOPosix

/// Runs what blocks on threads that may.
func offTheEventLoops<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await NIOThreadPool.singleton.runIfActive(body)
}

func offTheEventLoopsQuietly(_ body: @escaping @Sendable () -> Void) async {
    _ = try? await NIOThreadPool.singleton.runIfActive(body)
}
