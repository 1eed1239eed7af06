import Crypto
import Synchronization

@testable import EnvelopeEncryption

/// Bytes that are the same in every run: SHA-256 of a seed and a counter.
func fixedRandomness(_ seed: UInt8 = 1) -> Randomness {
    final class Counter: Sendable { let value = Atomic<UInt32>(0) }
    let counter = Counter()
    return Randomness { buffer in
        for start in stride(from: 0, to: buffer.count, by: 32) {
            let number = counter.value.add(1, ordering: .relaxed).newValue
            let block = Array(SHA256.hash(data: [seed] + withUnsafeBytes(of: number.bigEndian) { Array($0) }))
            for index in start..<min(start + 32, buffer.count) { buffer[index] = block[index - start] }
        }
    }
}

func classKey(
    _ classification: DataClassification = .confidential, id: String = "key_01jd3v0000e8x9sk9sdkkkkkkk", version: UInt32 = 1, seed: UInt8 = 7
) throws -> WrappingKey {
    try WrappingKey(
        kind: .classKey, id: id, version: version, classification: classification,
        key: SymmetricKey(data: [UInt8](repeating: seed, count: 32)))
}

/// Plaintext in which every position looks different from its neighbours.
func text(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func bytes(hex: String) -> [UInt8] {
    let digits = hex.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue).map(UInt8.init)
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// SplitMix64, so that a failing case can be run again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
