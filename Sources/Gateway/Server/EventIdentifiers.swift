import Core

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Makes the identifiers of events, with randomness taken from the system 4 KiB at a time: a system call for each word was a twentieth of a
/// request's time. Of one event loop.
struct EventIdentifiers {
    private let clock: any WallClock
    private var words: [UInt64] = []
    private var at = 0

    init(clock: any WallClock) {
        self.clock = clock
    }

    /// RFC 9562, section 5.7: a UUIDv7, as ``IdentifierMaker`` makes it.
    mutating func make(_ prefix: StaticString) -> String {
        let milliseconds = UInt64(max(0, clock.now().microseconds / 1000))
        let high = milliseconds << 16 | 0x7000 | next() & 0x0fff
        let low = next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return Identifier(prefix: prefix, high: high, low: low).text
    }

    private mutating func next() -> UInt64 {
        if at == words.count { refill() }
        defer { at += 1 }
        return words[at]
    }

    private mutating func refill() {
        at = 0
        if words.isEmpty { words = Array(repeating: 0, count: 512) }
        let count = words.count * 8
        let isFilled = words.withUnsafeMutableBytes { buffer in
            // At most 256 bytes at a time (getentropy(3)).
            for start in stride(from: 0, to: count, by: 256) {
                guard let base = buffer.baseAddress, getentropy(base + start, 256) == 0 else { return false }
            }
            return true
        }
        guard !isFilled else { return }
        var system = SystemRandomNumberGenerator()
        for index in words.indices { words[index] = system.next() }
    }
}
