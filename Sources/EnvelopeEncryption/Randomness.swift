import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where keys, salts and object ids come from. Injected, so that formats can be pinned in tests.
package struct Randomness: Sendable {
    private let filler: @Sendable (UnsafeMutableRawBufferPointer) -> Void

    package init(_ filler: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void) {
        self.filler = filler
    }

    /// The system's generator.
    package static let system: Randomness = {
        let drawn = Mutex(DrawnBytes())
        // Where another thread is at them, its own call is quicker than waiting: the lock's holder may not be running.
        return Randomness { buffer in if drawn.withLockIfAvailable({ $0.fill(buffer) }) == nil { fillFromSystem(buffer) } }
    }()

    package func fill(_ buffer: UnsafeMutableRawBufferPointer) { filler(buffer) }

    package func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            filler(UnsafeMutableRawBufferPointer(buffer))
            done = count
        }
    }
}

/// Bytes of the system's generator, drawn 256 at a time: a call for each data key and each salt took a tenth of the time of sealing.
/// Every byte is handed out once and overwritten as it is.
private struct DrawnBytes: ~Copyable {
    private var bytes = [UInt8](repeating: 0, count: 256)
    private var rest = 0

    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard buffer.count <= bytes.count else { return fillFromSystem(buffer) }
        if rest < buffer.count {
            bytes.withUnsafeMutableBytes { fillFromSystem($0) }
            rest = bytes.count
        }
        let start = rest - buffer.count
        bytes.withUnsafeMutableBytes { drawn in
            let taken = UnsafeMutableRawBufferPointer(rebasing: drawn[start..<rest])
            buffer.copyMemory(from: UnsafeRawBufferPointer(taken))
            zeroise(taken)
        }
        rest = start
    }
}

private func fillFromSystem(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let base = buffer.baseAddress, !buffer.isEmpty else { return }
    // One call for up to 256 bytes: the generator of the standard library makes one for every eight.
    if buffer.count <= 256, getentropy(base, buffer.count) == 0 { return }
    var generator = SystemRandomNumberGenerator()
    for index in buffer.indices { buffer[index] = generator.next() }
}

extension [UInt8] {
    /// Overwrites the bytes with zeros where they stand. Copies made before are not reached.
    package mutating func zeroise() {
        withUnsafeMutableBytes { EnvelopeEncryption.zeroise($0) }
    }
}

/// Overwrites with zeros, in a way that the optimiser does not take out.
func zeroise(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let base = buffer.baseAddress else { return }
    #if canImport(Glibc)
    explicit_bzero(base, buffer.count)
    #else
    memset_s(base, buffer.count, 0, buffer.count)
    #endif
}

/// Compares in time that depends on the lengths only.
func equalInConstantTime(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for (x, y) in zip(a, b) { difference |= x ^ y }
    return difference == 0
}
