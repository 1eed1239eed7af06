import Crypto
import EnvelopeEncryption

extension FuzzTarget {
    /// Envelopes and the container within them: nothing opens that was not sealed, however the bytes arrive.
    package static let envelope = FuzzTarget(name: "envelope", summary: "sealed envelopes, payload containers", maximumBytes: 4096) { bytes in
        if let items = try? PayloadContainer.decode(bytes), (try? PayloadContainer.encode(items)) != bytes {
            return "a container is not written back as it was read"
        }
        _ = try? EnvelopeHeader(reading: bytes)
        guard let key else { return "the test's own key is refused" }
        let whole = try? Envelope.open(bytes, with: key)
        // The same bytes in pieces, of a size that the input chooses.
        guard whole == openInPieces(bytes, of: Int(bytes.first ?? 1) % 97 + 1, with: key) else {
            return "an envelope opens otherwise in pieces than as a whole"
        }
        return whole == nil || plaintexts.contains(whole ?? []) ? nil : "an envelope opens to what was never sealed"
    } seeds: {
        guard let key else { return [] }
        return plaintexts.compactMap { try? Envelope.seal($0, under: key, classification: .internal, randomness: .counting) } + plaintexts
    }

    private static func openInPieces(_ bytes: [UInt8], of step: Int, with key: WrappingKey) -> [UInt8]? {
        var out: [UInt8] = []
        var stream = OpeningStream(with: key)
        do {
            for start in stride(from: 0, to: bytes.count, by: step) {
                try stream.push(Array(bytes[start..<min(start + step, bytes.count)]), into: &out)
            }
            _ = try stream.finish(into: &out)
            return out
        } catch {
            return nil
        }
    }

    private static let key = try? WrappingKey(
        kind: .classKey, id: "fuzz", classification: .internal, key: SymmetricKey(data: [UInt8](repeating: 5, count: 32)))

    /// All that was ever sealed under the key.
    private static let plaintexts: [[UInt8]] = [
        [], [1, 2, 3],
        (try? PayloadContainer.make([("prompt", Array("hello".utf8)), ("answer", [])], randomness: .counting).container) ?? [],
    ]
}

extension Randomness {
    /// The same bytes each time: a corpus is no secret.
    fileprivate static let counting = Randomness { buffer in
        for index in buffer.indices { buffer[index] = UInt8(truncatingIfNeeded: index &* 7 &+ 1) }
    }
}
