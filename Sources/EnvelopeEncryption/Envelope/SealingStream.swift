/// Seals contents of any length piece by piece, in constant memory (one chunk). The length need not be known at the start.
///
/// Cannot be copied: two continuations of one stream would use a nonce twice.
/// ```swift
/// var stream = try SealingStream(under: key, classification: .confidential)
/// while let piece = try source.next() { try stream.push(piece, into: &out) }
/// try stream.finish(into: &out)
/// ```
package struct SealingStream: ~Copyable, Sendable {
    private let cipher: ChunkCipher
    /// The header, until it has been put out.
    private var header: [UInt8]
    private var buffer: [UInt8] = []
    private var number: UInt64 = 0
    private var total: UInt64 = 0
    private var failed = false

    /// - Throws: ``EnvelopeError/Code/wrongKey`` for a class key of another classification.
    package init(under key: WrappingKey, classification: DataClassification, randomness: Randomness = .system) throws(EnvelopeError) {
        (header, cipher) = try ChunkCipher.seal(under: key, classification: classification, randomness: randomness)
    }

    /// Takes plaintext and appends what can be sealed so far to `out`; the header first.
    /// - Throws: ``EnvelopeError/Code/tooLarge`` past 2^32 chunks (256 TiB). After an error the stream is of no use.
    package mutating func push(_ bytes: [UInt8], into out: inout [UInt8]) throws(EnvelopeError) {
        try bytes.withUnsafeBufferPointer { (pointer) throws(EnvelopeError) in try push(UnsafeRawBufferPointer(pointer), into: &out) }
    }

    package mutating func push(_ bytes: UnsafeRawBufferPointer, into out: inout [UInt8]) throws(EnvelopeError) {
        putHeader(into: &out)
        let size = EnvelopeHeader.chunkSize
        var rest = bytes[...]
        // A full chunk waits until a byte follows it: only then is it known not to be the last.
        while buffer.count + rest.count > size {
            if buffer.isEmpty {
                try seal(UnsafeRawBufferPointer(rebasing: rest.prefix(size)), last: false, into: &out)
                rest = rest.dropFirst(size)
            } else {
                let missing = size - buffer.count
                buffer.append(contentsOf: rest.prefix(missing))
                rest = rest.dropFirst(missing)
                try sealBuffer(last: false, into: &out)
            }
        }
        buffer.append(contentsOf: rest)
    }

    /// Seals the last chunk, which binds the length.
    /// - Returns: the length of the whole plaintext in bytes.
    @discardableResult
    package consuming func finish(into out: inout [UInt8]) throws(EnvelopeError) -> UInt64 {
        putHeader(into: &out)
        try sealBuffer(last: true, into: &out)
        return total
    }

    private mutating func putHeader(into out: inout [UInt8]) {
        out.append(contentsOf: header)
        header = []
    }

    private mutating func sealBuffer(last: Bool, into out: inout [UInt8]) throws(EnvelopeError) {
        let chunk = buffer
        try chunk.withUnsafeBufferPointer { (pointer) throws(EnvelopeError) in
            try seal(UnsafeRawBufferPointer(pointer), last: last, into: &out)
        }
        buffer.removeAll(keepingCapacity: !last)
    }

    private mutating func seal(_ chunk: UnsafeRawBufferPointer, last: Bool, into out: inout [UInt8]) throws(EnvelopeError) {
        guard !failed, let counter = UInt32(exactly: number) else {
            failed = true
            throw EnvelopeError(.tooLarge, "more than 2^32 chunks")
        }
        total += UInt64(chunk.count)
        number += 1
        try cipher.seal(chunk, number: counter, total: last ? total : nil, into: &out)
    }
}
