import Testing

@testable import MerkleLog

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
private let sofa = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

@Suite("Checkpoints and cosignatures")
struct CheckpointTests {
    @Test("the specification's checkpoint is read and written")
    func specification() throws {
        let checkpoint = try Checkpoint(parsing: bytes(sofa))
        #expect(checkpoint.origin == "example.com/behind-the-sofa")
        #expect(checkpoint.size == 20_852_163)
        #expect(checkpoint.root.base64 == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
        #expect(checkpoint.extensions.isEmpty)
        #expect(checkpoint.encoded == bytes(sofa))
        let extended = try Checkpoint(parsing: bytes(sofa + "one\ntwo more\n"))
        #expect(extended.extensions == ["one", "two more"])
        #expect(extended.encoded == bytes(sofa + "one\ntwo more\n"))
    }

    @Test(
        "any other text is refused",
        arguments: [
            "", "\n", "o\n", "o\n1\n", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "o\n+1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "o\n1 \nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n9223372036854775808\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n18446744073709551617\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
            "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
            "o\n1\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n",
            "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nx\n", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nx",
            "o\r\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "o\n\u{0661}\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        ])
    func malformed(text: String) {
        #expect(code { _ = try Checkpoint(parsing: bytes(text)) } == .malformedCheckpoint)
    }

    @Test("a checkpoint that could not be read is not made")
    func unmakeable() {
        let root = TreeHashing.emptyRoot
        for (origin, size, extensions) in [("", 0, []), ("a\nb", 0, []), ("a", .max, []), ("a", 0, [""]), ("a", 0, ["x\ny"]), ("a\u{1}", 0, [])]
            as [(String, UInt64, [String])]
        {
            #expect(code { _ = try Checkpoint(origin: origin, size: size, root: root, extensions: extensions) } == .malformedCheckpoint)
        }
    }

    @Test("a signed checkpoint verifies with its log's key, and only where the origin is the key's name")
    func signed() throws {
        let signer = try NoteSigner(name: "countersign.example/log", seed: seed(3))
        let checkpoint = try Checkpoint(origin: signer.name, size: 5, root: TreeHashing.emptyRoot)
        let signed = try SignedCheckpoint(checkpoint, signedBy: signer)
        #expect(try SignedCheckpoint(parsing: signed.encoded, verifiedBy: signer.verifier) == signed)
        let other = try NoteSigner(name: "other.example", seed: seed(3))
        #expect(code { _ = try SignedCheckpoint(parsing: signed.encoded, verifiedBy: other.verifier) } == .unsigned)
        let foreign = try SignedCheckpoint(checkpoint, signedBy: other)
        #expect(code { _ = try SignedCheckpoint(parsing: foreign.encoded, verifiedBy: other.verifier) } == .unsigned)
        #expect(code { _ = try SignedCheckpoint(parsing: foreign.encoded, verifiedBy: signer.verifier) } == .unsigned)
    }

    @Test("no bit of a signed checkpoint can be flipped unnoticed")
    func flips() throws {
        let signer = try NoteSigner(name: "countersign.example/log", seed: seed(3))
        let signed = try SignedCheckpoint(Checkpoint(origin: signer.name, size: 70_000, root: TreeHashing.emptyRoot), signedBy: signer)
        let good = signed.encoded
        for bit in 0..<good.count * 8 {
            var bad = good
            bad[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: MerkleLogError.self, "bit \(bit)") { try SignedCheckpoint(parsing: bad, verifiedBy: signer.verifier) }
        }
    }

    // Made with Go's crypto/ed25519 by the specification's text: seed 00 01 … 1f, witness.example/w1, time 1679315147, its checkpoint.
    private static let witnessKey = "witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    private static let witnessLine =
        "\u{2014} witness.example/w1 519lMgAAAABkGFDLBuRDazBLVac2NE+Y+IjbjQOcXLfF9CSDZVUIoS83rE1nFZsVE8YiWV6Ngr7lV8H6bdoBQGP/l73euDMQ9k+bBQ==\n"

    @Test("a cosignature is that of an independent implementation, byte for byte")
    func cosignature() throws {
        let signer = try CosignatureSigner(name: "witness.example/w1", seed: Array(0..<32))
        #expect(signer.verifier.vkey == Self.witnessKey)
        let signature = try signer.cosign(bytes(sofa), at: 1_679_315_147)
        #expect(signature.line == bytes(Self.witnessLine))
        let verifier = try CosignatureVerifier(vkey: Self.witnessKey)
        #expect(verifier == signer.verifier)
        #expect(verifier.verify(signature, over: bytes(sofa)) == 1_679_315_147)
        #expect(try NoteSignature.lines(bytes(Self.witnessLine)) == [signature])
    }

    @Test("a key of a public witness is read")
    func publicWitness() throws {
        let vkey = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
        #expect(try CosignatureVerifier(vkey: vkey).vkey == vkey)
        #expect(code { _ = try NoteVerifier(vkey: vkey) } == .malformedKey)
    }

    @Test("a cosignature of another text, time, key, name or length does not hold")
    func badCosignature() throws {
        let signer = try CosignatureSigner(name: "w", seed: seed(1))
        let good = try signer.cosign(bytes(sofa), at: 5)
        let verifier = signer.verifier
        #expect(verifier.verify(good, over: bytes(sofa)) == 5)
        #expect(verifier.verify(good, over: bytes(sofa + "x\n")) == nil)
        for bit in 0..<72 * 8 {
            var signature = good.signature
            signature[bit / 8] ^= 1 << (bit % 8)
            #expect(verifier.verify(NoteSignature(name: "w", keyID: good.keyID, signature: signature), over: bytes(sofa)) == nil)
        }
        #expect(verifier.verify(NoteSignature(name: "v", keyID: good.keyID, signature: good.signature), over: bytes(sofa)) == nil)
        #expect(verifier.verify(NoteSignature(name: "w", keyID: good.keyID ^ 1, signature: good.signature), over: bytes(sofa)) == nil)
        for length in [1, 7, 8, 64, 71] {
            let cut = NoteSignature(name: "w", keyID: good.keyID, signature: Array(good.signature.prefix(length)))
            #expect(verifier.verify(cut, over: bytes(sofa)) == nil)
        }
        #expect(code { _ = try signer.cosign(bytes(sofa), at: 1 << 63) } == .outOfRange)
        // A note signature by the same key is not a cosignature.
        let note = try NoteSigner(name: "w", seed: seed(1)).sign(bytes(sofa))
        #expect(note.keyID != good.keyID)
        #expect(verifier.verify(note, over: bytes(sofa)) == nil)
    }

    @Test("the cosignatures of known witnesses are found; a broken one of them is a fault")
    func cosignatures() throws {
        let log = try NoteSigner(name: "log", seed: seed(1))
        let (one, two) = (try CosignatureSigner(name: "one", seed: seed(2)), try CosignatureSigner(name: "two", seed: seed(3)))
        let plain = try SignedCheckpoint(Checkpoint(origin: "log", size: 0, root: TreeHashing.emptyRoot), signedBy: log)
        let signed = try plain.adding([try one.cosign(plain.note.text, at: 10), try two.cosign(plain.note.text, at: 20)])
        let read = try SignedCheckpoint(parsing: signed.encoded, verifiedBy: log.verifier)
        #expect(try read.cosignatures(by: [two.verifier]).map(\.timestamp) == [20])
        #expect(try read.cosignatures(by: [two.verifier, one.verifier]).map(\.verifier.name) == ["one", "two"])
        #expect(try read.cosignatures(by: []).isEmpty)
        let broken = try plain.adding([try one.cosign(bytes(sofa), at: 10)])
        #expect(code { _ = try broken.cosignatures(by: [one.verifier]) } == .badSignature)
        #expect(try broken.cosignatures(by: [two.verifier]).isEmpty)
        #expect(throws: Never.self) { try broken.verify(with: log.verifier) }
    }

    @Test("a witness's answer is signature lines and nothing else", arguments: ["", "\n", "x\n", "\u{2014} w AAAAAAA=", "\u{2014} w AAAAAAA=\n\n"])
    func answer(text: String) {
        #expect(code { _ = try NoteSignature.lines(bytes(text)) } == .malformedNote)
    }
}
