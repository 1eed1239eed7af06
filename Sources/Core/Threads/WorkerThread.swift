#if canImport(Glibc)
import CLinux
import Glibc
#else
import Darwin
#endif

/// A thread of its own for work that blocks. Must be joined once.
package final class WorkerThread: @unchecked Sendable {
    private var thread = pthread_t()

    /// - Parameters:
    ///   - name: what tools like `top -H` show; at most 15 bytes.
    ///   - body: what it does; the thread ends when it returns.
    package init(_ name: StaticString, _ body: @escaping @Sendable () -> Void) {
        let boxed = Unmanaged.passRetained(
            Box {
                #if canImport(Glibc)
                countersign_name_thread("\(name)")
                #endif
                body()
            })
        pthread_create(
            &thread, nil,
            { argument in
                #if canImport(Glibc)
                guard let argument else { return nil }
                #endif
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, boxed.toOpaque())
    }

    /// Waits for the end of the body. Blocks; call once.
    package func join() { pthread_join(thread, nil) }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
