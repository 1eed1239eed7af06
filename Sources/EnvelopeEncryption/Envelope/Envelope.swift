/// Seals and opens whole contents that are in memory anyway. See ``EnvelopeHeader`` for the format, ``SealingStream`` for long contents.
package enum Envelope {
    /// Seals some bytes.
    /// - Parameters:
    ///   - key: wraps the data key; a class key seals its own classification only.
    ///   - classification: bound by the header.
    /// - Throws: ``EnvelopeError/Code/wrongKey`` for a class key of another classification.
    package static func seal(
        _ plaintext: [UInt8], under key: WrappingKey, classification: DataClassification, randomness: Randomness = .system
    ) throws(EnvelopeError) -> [UInt8] {
        let (header, cipher) = try ChunkCipher.seal(under: key, classification: classification, randomness: randomness)
        var out: [UInt8] = []
        out.reserveCapacity(header.count + sealedChunksLength(of: plaintext.count))
        out.append(contentsOf: header)
        try plaintext.withUnsafeBufferPointer { (buffer) throws(EnvelopeError) in
            let bytes = UnsafeRawBufferPointer(buffer)
            let size = EnvelopeHeader.chunkSize
            var start = 0
            var number: UInt64 = 0
            repeat {
                guard let counter = UInt32(exactly: number) else { throw EnvelopeError(.tooLarge, "more than 2^32 chunks") }
                let end = min(start + size, bytes.count)
                let total = end == bytes.count ? UInt64(bytes.count) : nil
                try cipher.seal(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), number: counter, total: total, into: &out)
                start = end
                number += 1
            } while start < bytes.count
        }
        return out
    }

    /// Opens a whole envelope.
    /// - Parameter key: the one that ``EnvelopeHeader/names(_:)``.
    /// - Throws: ``EnvelopeError``: `malformed`, `wrongKey`, `keyDoesNotOpen`, `authenticationFailed`. No byte of plaintext is returned
    ///   unless all of the envelope is authentic.
    package static func open(_ envelope: [UInt8], with key: WrappingKey) throws(EnvelopeError) -> [UInt8] {
        try envelope.withUnsafeBufferPointer { (buffer) throws(EnvelopeError) in
            let bytes = UnsafeRawBufferPointer(buffer)
            let header = try EnvelopeHeader(reading: bytes)
            let cipher = try ChunkCipher.open(header, headerBytes: envelope[..<header.length], with: key)
            let sealedChunk = EnvelopeHeader.chunkSize + ChunkCipher.tagLength
            var start = header.length
            let chunks = (bytes.count - start + sealedChunk - 1) / sealedChunk
            let total = bytes.count - start - chunks * ChunkCipher.tagLength
            // An empty last chunk after full ones would be a second form of the same plaintext.
            guard chunks >= 1, total >= (chunks - 1) * EnvelopeHeader.chunkSize + (chunks > 1 ? 1 : 0) else {
                throw EnvelopeError(.authenticationFailed, "the envelope is cut off")
            }
            var out: [UInt8] = []
            out.reserveCapacity(total)
            for number in 0..<chunks {
                guard let counter = UInt32(exactly: number) else { throw EnvelopeError(.tooLarge, "more than 2^32 chunks") }
                let end = min(start + sealedChunk, bytes.count)
                try cipher.open(
                    UnsafeRawBufferPointer(rebasing: bytes[start..<end]), number: counter, total: number == chunks - 1 ? UInt64(total) : nil,
                    into: &out)
                start = end
            }
            return out
        }
    }

    /// Length of an envelope in bytes.
    /// - Parameters:
    ///   - count: bytes of plaintext.
    ///   - key: its id is part of the header.
    package static func sealedLength(of count: Int, under key: WrappingKey) -> Int {
        EnvelopeHeader.fixedLength + key.id.utf8.count + sealedChunksLength(of: count)
    }

    private static func sealedChunksLength(of count: Int) -> Int {
        count + max(1, (count + EnvelopeHeader.chunkSize - 1) / EnvelopeHeader.chunkSize) * ChunkCipher.tagLength
    }
}
