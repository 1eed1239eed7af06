import Crypto
import Testing

@testable import EnvelopeEncryption

@Suite struct EnvelopeTests {
    let key: WrappingKey

    init() throws { key = try classKey() }

    static let lengths = [0, 1, 15, 16, 4096, 65_535, 65_536, 65_537, 131_072, 131_073, 3 * 65_536 - 1]

    @Test("what is sealed opens again", arguments: lengths)
    func roundTrip(length: Int) throws {
        let sealed = try Envelope.seal(text(length), under: key, classification: .confidential)
        #expect(sealed.count == Envelope.sealedLength(of: length, under: key))
        #expect(try Envelope.open(sealed, with: key) == text(length))
    }

    @Test("two envelopes of one content have nothing in common but their fixed fields")
    func fresh() throws {
        let a = try Envelope.seal(text(64), under: key, classification: .confidential)
        let b = try Envelope.seal(text(64), under: key, classification: .confidential)
        #expect(a[..<16] == b[..<16])
        #expect(a[16..<32] != b[16..<32])
        #expect(a[40..<72] != b[40..<72])
        #expect(a[72..<112] != b[72..<112])
        #expect(a[142...] != b[142...])
    }

    @Test("the format never changes: an envelope with fixed randomness")
    func golden() throws {
        let sealed = try Envelope.seal(
            Array("Refunds take five days.".utf8), under: try classKey(version: 3), classification: .confidential, randomness: fixedRandomness())
        #expect(hex(sealed) == goldenEnvelope)
        #expect(try Envelope.open(bytes(hex: goldenEnvelope), with: try classKey(version: 3)) == Array("Refunds take five days.".utf8))
    }

    @Test("the format never changes: the digest of an envelope of three chunks")
    func goldenLong() throws {
        let sealed = try Envelope.seal(text(150_000), under: key, classification: .confidential, randomness: fixedRandomness(2))
        #expect(hex(SHA256.hash(data: sealed)) == goldenLongDigest)
    }

    @Test("every flipped bit is found", arguments: [0, 1, 40])
    func flips(length: Int) throws {
        let sealed = try Envelope.seal(text(length), under: key, classification: .confidential)
        for index in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[index] ^= 1 << bit
                #expect(throws: EnvelopeError.self, "byte \(index), bit \(bit)") { try Envelope.open(changed, with: key) }
            }
        }
    }

    @Test("an envelope cut off at any byte does not open")
    func truncation() throws {
        let sealed = try Envelope.seal(text(100), under: key, classification: .confidential)
        for end in sealed.indices {
            #expect(throws: EnvelopeError.self, "cut at \(end)") { try Envelope.open(Array(sealed[..<end]), with: key) }
        }
    }

    @Test("a long envelope cut off around its chunks does not open")
    func truncationAtChunks() throws {
        let sealed = try Envelope.seal(text(3 * 65_536), under: key, classification: .confidential)
        let start = 142
        let chunk = 65_536 + 16
        for end in [start, start + 1, start + 16, start + chunk, start + chunk + 1, start + chunk + 16, start + 2 * chunk, start + 3 * chunk - 1] {
            #expect(throws: EnvelopeError.self, "cut at \(end)") { try Envelope.open(Array(sealed[..<end]), with: key) }
        }
    }

    @Test("bytes after the end are found", arguments: [1, 15, 16, 17, 65_552])
    func trailing(count: Int) throws {
        for length in [0, 10, 65_536] {
            let sealed = try Envelope.seal(text(length), under: key, classification: .confidential)
            #expect(throws: EnvelopeError.self) { try Envelope.open(sealed + [UInt8](repeating: 0, count: count), with: key) }
        }
    }

    @Test("chunks that are swapped, doubled or left out are found")
    func reordering() throws {
        let sealed = try Envelope.seal(text(4 * 65_536), under: key, classification: .confidential)
        let chunk = 65_536 + 16
        let header = Array(sealed[..<142])
        let chunks = (0..<4).map { Array(sealed[142 + $0 * chunk..<142 + ($0 + 1) * chunk]) }
        func assemble(_ order: [Int]) -> [UInt8] { header + order.flatMap { chunks[$0] } }
        #expect(try Envelope.open(assemble([0, 1, 2, 3]), with: key) == text(4 * 65_536))
        for order in [[1, 0, 2, 3], [0, 2, 1, 3], [0, 1, 3, 2], [0, 0, 1, 2, 3], [0, 1, 2, 3, 3], [0, 2, 3], [1, 2, 3], [3], [0, 1, 2]] {
            #expect(throws: EnvelopeError.self, "\(order)") { try Envelope.open(assemble(order), with: key) }
        }
    }

    @Test("the header of one envelope does not open the chunks of another")
    func mixedHeader() throws {
        let a = try Envelope.seal(text(10), under: key, classification: .confidential)
        let b = try Envelope.seal(text(10), under: key, classification: .confidential)
        #expect(throws: EnvelopeError.self) { try Envelope.open(Array(a[..<142] + b[142...]), with: key) }
    }

    @Test("another key does not open it, whether it says so or pretends to be the right one")
    func wrongKey() throws {
        let sealed = try Envelope.seal(text(10), under: key, classification: .confidential)
        let others: [(WrappingKey, EnvelopeError.Code)] = [
            (try classKey(id: "key_other"), .wrongKey), (try classKey(version: 2), .wrongKey), (try classKey(.restricted), .wrongKey),
            (try WrappingKey(kind: .subjectKey, id: key.id, key: key.key), .wrongKey), (try classKey(seed: 8), .keyDoesNotOpen),
        ]
        for (other, code) in others {
            let error = #expect(throws: EnvelopeError.self) { try Envelope.open(sealed, with: other) }
            #expect(error?.code == code)
        }
    }

    @Test("a class key seals its own classification only; a subject key any")
    func classification() throws {
        #expect(throws: EnvelopeError.self) { try Envelope.seal([1], under: key, classification: .public) }
        let subject = try WrappingKey(kind: .subjectKey, id: "key_s", key: SymmetricKey(size: .bits256))
        for classification in DataClassification.allCases {
            let sealed = try Envelope.seal([1], under: subject, classification: classification)
            #expect(try EnvelopeHeader(reading: sealed).classification == classification)
            #expect(try Envelope.open(sealed, with: subject) == [1])
        }
    }

    @Test("a data key other than the one committed to is refused before any content is opened")
    func keyCommitment() throws {
        // The attack that the commitment closes: an envelope whose holder swaps the data key, and re-wraps it properly.
        let sealed = try Envelope.seal(text(10), under: key, classification: .confidential)
        let otherDataKey = SymmetricKey(size: .bits256)
        let wrapped = Array(try AES.KeyWrap.wrap(otherDataKey, using: key.key))
        var forged = sealed
        forged.replaceSubrange(72..<112, with: wrapped)
        let error = #expect(throws: EnvelopeError.self) { try Envelope.open(forged, with: key) }
        #expect(error?.code == .authenticationFailed)
        #expect(error?.message.contains("commitment") == true)
    }

    @Test("the header tells which key is needed")
    func header() throws {
        let sealed = try Envelope.seal(text(10), under: try classKey(.restricted, version: 9), classification: .restricted)
        let header = try EnvelopeHeader(reading: Array(sealed.prefix(EnvelopeHeader.maximumLength)))
        #expect(header.keyID == key.id)
        #expect(header.keyVersion == 9)
        #expect(header.keyKind == .classKey)
        #expect(header.classification == .restricted)
        #expect(header.objectID.count == 16)
        #expect(header.bytes == Array(sealed[..<header.length]))
    }

    @Test(
        "a header with a value that the format does not allow is malformed",
        arguments: [
            (0, 0), (4, 2), (4, 0), (5, 0), (5, 5), (6, 0), (6, 4), (7, 0), (7, 65), (7, 255), (11, 0), (13, 2), (15, 1), (39, 1), (112, 0x41),
            (141, 0),
        ])
    func strictHeader(offset: Int, value: UInt8) throws {
        var sealed = try Envelope.seal(text(10), under: key, classification: .confidential)
        sealed[offset] = value
        let error = #expect(throws: EnvelopeError.self) { try EnvelopeHeader(reading: sealed) }
        #expect(error?.code == .malformed)
    }

    @Test("mutated envelopes never open and never trap")
    func mutations() throws {
        var generator = SeededGenerator(state: 42)
        let original = try Envelope.seal(text(300), under: key, classification: .confidential)
        for round in 0..<2000 {
            var changed = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0..<max(1, changed.count), using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0 where at < changed.count: changed[at] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: changed.insert(UInt8.random(in: .min ... .max, using: &generator), at: at)
                case 2: changed.removeSubrange(at..<min(changed.count, at + Int.random(in: 0..<40, using: &generator)))
                default: changed.append(contentsOf: changed.prefix(Int.random(in: 0..<40, using: &generator)))
                }
            }
            guard changed != original else { continue }
            #expect(throws: EnvelopeError.self, "round \(round)") { try Envelope.open(changed, with: key) }
            #expect(throws: EnvelopeError.self, "round \(round), streamed") { try openStreamed(changed, with: key, pieces: 61) }
        }
    }
}
