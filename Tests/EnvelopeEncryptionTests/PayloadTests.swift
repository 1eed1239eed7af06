import Crypto
import Testing

@testable import EnvelopeEncryption

@Suite struct PayloadTests {
    static let contents: [(name: String, bytes: [UInt8])] = [("response", Array("no".utf8)), ("prompt", Array("yes?".utf8)), ("empty", [])]

    @Test("a commitment is the digest of exactly these bytes")
    func commitment() {
        let salt = [UInt8](repeating: 5, count: 32)
        let expected = SHA256.hash(
            data: Array("countersign/commitment/v1".utf8) + [0, 6] + Array("prompt".utf8) + salt + [0, 0, 0, 0, 0, 0, 0, 4] + Array("yes?".utf8))
        #expect(Commitment.compute(name: "prompt", salt: salt, bytes: Array("yes?".utf8)) == expected)
    }

    @Test("the format never changes: a container with fixed salts")
    func golden() throws {
        let (container, commitments) = try PayloadContainer.make(Self.contents, randomness: fixedRandomness())
        #expect(hex(container) == goldenContainer)
        #expect(commitments.map { hex($0.digest) } == goldenCommitments)
    }

    @Test("a container lists its contents by name, each with a salt of its own, and matches its commitments")
    func roundTrip() throws {
        let (container, commitments) = try PayloadContainer.make(Self.contents)
        #expect(commitments.map(\.name) == ["empty", "prompt", "response"])
        let items = try PayloadContainer.open(container, commitments: commitments.reversed().map { ($0.name, Array($0.digest)) })
        #expect(items.map(\.name) == ["empty", "prompt", "response"])
        #expect(items.map(\.bytes) == [[], Array("yes?".utf8), Array("no".utf8)])
        #expect(Set(items.map(\.salt)).count == 3)
        #expect(try PayloadContainer.encode(items) == container)
    }

    @Test("a container that does not match its leaf is refused: a missing, an extra, a renamed or a changed commitment")
    func mismatch() throws {
        let (container, made) = try PayloadContainer.make(Self.contents)
        let commitments = made.map { (name: $0.name, digest: Array($0.digest)) }
        var changed = commitments
        changed[1].digest[31] ^= 1
        var renamed = commitments
        renamed[1].name = "promps"
        var short = commitments
        short[1].digest.removeLast()
        let wrong = [Array(commitments.dropLast()), commitments + [("zzz", commitments[0].digest)], changed, renamed, short, []]
        for wrong in wrong {
            let error = #expect(throws: EnvelopeError.self) { try PayloadContainer.open(container, commitments: wrong) }
            #expect(error?.code == .commitmentMismatch)
        }
    }

    @Test("every flipped bit of a container is found by the commitments")
    func flips() throws {
        let (container, made) = try PayloadContainer.make(Self.contents)
        let commitments = made.map { (name: $0.name, digest: Array($0.digest)) }
        for index in container.indices {
            for bit in 0..<8 {
                var changed = container
                changed[index] ^= 1 << bit
                #expect(throws: EnvelopeError.self, "byte \(index), bit \(bit)") { try PayloadContainer.open(changed, commitments: commitments) }
            }
        }
    }

    @Test("a container cut off at any byte, or followed by more, is malformed")
    func truncation() throws {
        let (container, _) = try PayloadContainer.make(Self.contents)
        for end in container.indices {
            let error = #expect(throws: EnvelopeError.self) { try PayloadContainer.decode(Array(container[..<end])) }
            #expect(error?.code == .malformed)
        }
        #expect(throws: EnvelopeError.self) { try PayloadContainer.decode(container + [0]) }
    }

    @Test("what is accepted is encoded the same again, whatever is mutated")
    func mutations() throws {
        var generator = SeededGenerator(state: 7)
        let (original, _) = try PayloadContainer.make(Self.contents, randomness: fixedRandomness())
        for _ in 0..<5000 {
            var changed = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                changed[Int.random(in: 0..<changed.count, using: &generator)] = UInt8.random(in: .min ... .max, using: &generator)
            }
            guard let items = try? PayloadContainer.decode(changed) else { continue }
            #expect(try PayloadContainer.encode(items) == changed)
        }
    }

    @Test("names must differ, and be neither empty nor too long; there must be contents")
    func names() {
        let long = String(repeating: "n", count: 256)
        for names in [["a", "a"], [""], [long], []] {
            #expect(throws: EnvelopeError.self, "\(names)") { try PayloadContainer.make(names.map { ($0, []) }) }
        }
    }

    @Test("names in the wrong order, doubled names and invalid UTF-8 are malformed")
    func strictNames() throws {
        func container(_ names: [[UInt8]]) -> [UInt8] {
            [1, 0, UInt8(names.count)] + names.flatMap { [UInt8($0.count)] + $0 + [UInt8](repeating: 0, count: 40) }
        }
        #expect(try PayloadContainer.decode(container([[0x61], [0x62]])).count == 2)
        for names: [[UInt8]] in [[[0x62], [0x61]], [[0x61], [0x61]], [[0xff]], [[]], []] {
            #expect(throws: EnvelopeError.self, "\(names)") { try PayloadContainer.decode(container(names)) }
        }
    }

    @Test("a length that promises more than there is costs no memory and is malformed")
    func hugeLength() {
        let bytes: [UInt8] = [1, 0, 1, 1, 0x61] + [UInt8](repeating: 0, count: 32) + [UInt8](repeating: 0xff, count: 8)
        #expect(throws: EnvelopeError.self) { try PayloadContainer.decode(bytes) }
    }
}
