import Testing

@testable import EnvelopeEncryption

func sealStreamed(_ plaintext: [UInt8], under key: WrappingKey, pieces: Int, randomness: Randomness = .system) throws -> [UInt8] {
    var out: [UInt8] = []
    var stream = try SealingStream(under: key, classification: .confidential, randomness: randomness)
    for start in stride(from: 0, to: plaintext.count, by: pieces) {
        try stream.push(Array(plaintext[start..<min(start + pieces, plaintext.count)]), into: &out)
    }
    let total = try stream.finish(into: &out)
    #expect(total == UInt64(plaintext.count))
    return out
}

func openStreamed(_ envelope: [UInt8], with key: WrappingKey, pieces: Int) throws -> [UInt8] {
    var out: [UInt8] = []
    var stream = OpeningStream(with: key)
    for start in stride(from: 0, to: envelope.count, by: pieces) {
        try stream.push(Array(envelope[start..<min(start + pieces, envelope.count)]), into: &out)
    }
    let total = try stream.finish(into: &out)
    #expect(total == UInt64(out.count))
    return out
}

@Suite struct StreamTests {
    let key: WrappingKey

    init() throws { key = try classKey() }

    @Test(
        "a stream in pieces of any size makes the same bytes as sealing at once", arguments: EnvelopeTests.lengths, [1009, 65_536, 65_537, 1 << 20])
    func equalsOneShot(length: Int, pieces: Int) throws {
        let plaintext = text(length)
        let whole = try Envelope.seal(plaintext, under: key, classification: .confidential, randomness: fixedRandomness())
        #expect(try sealStreamed(plaintext, under: key, pieces: pieces, randomness: fixedRandomness()) == whole)
        #expect(try openStreamed(whole, with: key, pieces: pieces) == plaintext)
    }

    @Test("byte by byte")
    func byteByByte() throws {
        let sealed = try sealStreamed(text(500), under: key, pieces: 1)
        #expect(try openStreamed(sealed, with: key, pieces: 1) == text(500))
    }

    @Test("pushing nothing changes nothing")
    func emptyPushes() throws {
        var out: [UInt8] = []
        var stream = try SealingStream(under: key, classification: .confidential)
        try stream.push([], into: &out)
        try stream.push(text(65_536), into: &out)
        try stream.push([], into: &out)
        try stream.finish(into: &out)
        #expect(try Envelope.open(out, with: key) == text(65_536))
    }

    @Test("an envelope that ends early is found at the end at the latest, wherever it ends", arguments: [10, 65_536, 65_546])
    func truncation(length: Int) throws {
        let sealed = try Envelope.seal(text(length), under: key, classification: .confidential)
        for end in Array(0..<160) + Array(sealed.count - 50..<sealed.count) where end < sealed.count {
            #expect(throws: EnvelopeError.self, "cut at \(end)") { try openStreamed(Array(sealed[..<end]), with: key, pieces: 1 << 20) }
        }
    }

    @Test("a stream that failed keeps failing")
    func failureStays() throws {
        var sealed = try Envelope.seal(text(200_000), under: key, classification: .confidential)
        sealed[1000] ^= 1
        var out: [UInt8] = []
        var stream = OpeningStream(with: key)
        #expect(throws: EnvelopeError.self) { try stream.push(sealed, into: &out) }
        #expect(throws: EnvelopeError.self) { try stream.push([], into: &out) }
        do {
            try stream.finish(into: &out)
            Issue.record("a failed stream finished")
        } catch {
            #expect(error.code == .authenticationFailed)
        }
        #expect(out.isEmpty)
    }

    @Test("the stream asks for the key that the header names")
    func findsKey() throws {
        let sealed = try Envelope.seal(text(10), under: key, classification: .confidential)
        var out: [UInt8] = []
        let key = key
        var stream = OpeningStream { header throws(EnvelopeError) in
            guard header.keyID == key.id else { throw EnvelopeError(.wrongKey, "no such key") }
            return key
        }
        try stream.push(sealed, into: &out)
        #expect(stream.header?.keyID == key.id)
        try stream.finish(into: &out)
        #expect(out == text(10))
        var other = OpeningStream { _ throws(EnvelopeError) in throw EnvelopeError(.wrongKey, "no such key") }
        #expect(throws: EnvelopeError.self) { try other.push(sealed, into: &out) }
    }
}
