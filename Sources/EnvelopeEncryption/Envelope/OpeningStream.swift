/// Opens an envelope of any length piece by piece, in constant memory.
///
/// What ``push(_:into:)`` puts out is authentic and in order, but only ``finish(into:)`` shows that nothing is missing at the end: whoever
/// acts earlier acts on a part.
package struct OpeningStream: ~Copyable {
    private let findKey: (EnvelopeHeader) throws(EnvelopeError) -> WrappingKey
    /// The header, once it has been read.
    package private(set) var header: EnvelopeHeader?
    private var cipher: ChunkCipher?
    private var buffer: [UInt8] = []
    private var number: UInt64 = 0
    private var total: UInt64 = 0
    private var failure: EnvelopeError?

    /// - Parameter findKey: finds the key that the header names; the header is not authenticated yet.
    package init(findKey: @escaping (EnvelopeHeader) throws(EnvelopeError) -> WrappingKey) {
        self.findKey = findKey
    }

    package init(with key: WrappingKey) {
        self.init { (_) throws(EnvelopeError) in key }
    }

    /// Takes bytes of the envelope and appends the plaintext that they complete to `out`.
    /// - Throws: ``EnvelopeError``; from then on every call throws the same.
    package mutating func push(_ bytes: [UInt8], into out: inout [UInt8]) throws(EnvelopeError) {
        if let failure { throw failure }
        do throws(EnvelopeError) {
            buffer.append(contentsOf: bytes)
            try readHeader()
            guard cipher != nil else { return }
            let size = EnvelopeHeader.chunkSize + ChunkCipher.tagLength
            var done = 0
            // A full chunk waits until a byte follows it: only then is it known not to be the last.
            while buffer.count - done > size {
                try open(done..<done + size, last: false, into: &out)
                done += size
            }
            buffer.removeFirst(done)
        } catch {
            failure = error
            throw error
        }
    }

    /// Opens the last chunk, which shows that the envelope is whole.
    /// - Returns: the length of the whole plaintext in bytes.
    @discardableResult
    package consuming func finish(into out: inout [UInt8]) throws(EnvelopeError) -> UInt64 {
        if let failure { throw failure }
        guard cipher != nil else { throw EnvelopeError(.malformed, "the envelope ends within its header") }
        guard buffer.count > ChunkCipher.tagLength || (number == 0 && buffer.count == ChunkCipher.tagLength) else {
            throw EnvelopeError(.authenticationFailed, "the envelope is cut off")
        }
        try open(0..<buffer.count, last: true, into: &out)
        return total
    }

    private mutating func readHeader() throws(EnvelopeError) {
        guard cipher == nil else { return }
        let length = try buffer.withUnsafeBufferPointer { (bytes) throws(EnvelopeError) in
            try EnvelopeHeader.length(announcedBy: UnsafeRawBufferPointer(bytes))
        }
        guard let length, buffer.count >= length else { return }
        let header = try EnvelopeHeader(reading: buffer)
        cipher = try ChunkCipher.open(header, headerBytes: buffer[..<length], with: try findKey(header))
        self.header = header
        buffer.removeFirst(length)
    }

    private mutating func open(_ range: Range<Int>, last: Bool, into out: inout [UInt8]) throws(EnvelopeError) {
        guard let cipher, let counter = UInt32(exactly: number) else { throw EnvelopeError(.tooLarge, "more than 2^32 chunks") }
        total += UInt64(range.count - ChunkCipher.tagLength)
        number += 1
        let bound = last ? total : nil
        try buffer.withUnsafeBufferPointer { (bytes) throws(EnvelopeError) in
            try cipher.open(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[range]), number: counter, total: bound, into: &out)
        }
    }
}
