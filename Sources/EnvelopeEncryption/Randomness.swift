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
    package static let system = Randomness { buffer in
        // One call for up to 256 bytes: the generator of the standard library makes one for every eight.
        guard let base = buffer.baseAddress, !buffer.isEmpty else { return }
        if buffer.count <= 256, getentropy(base, buffer.count) == 0 { return }
        var generator = SystemRandomNumberGenerator()
        for index in buffer.indices { buffer[index] = generator.next() }
    }

    package func fill(_ buffer: UnsafeMutableRawBufferPointer) { filler(buffer) }

    package func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            filler(UnsafeMutableRawBufferPointer(buffer))
            done = count
        }
    }
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
