import Testing

@testable import MerkleLog

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("tlog-proof files")
struct ProofFileTests {
    private let log: NoteSigner
    private let witness: CosignatureSigner
    private let all = entries(300)

    init() throws {
        log = try NoteSigner(name: "countersign.example/log", seed: seed(1))
        witness = try CosignatureSigner(name: "witness.example", seed: seed(2))
    }

    private func proof(index: UInt64, extra: [UInt8]? = nil) throws -> ProofFile {
        let (files, appender) = try MemoryLog.make(all, sizes: [])
        var prover = TreeProver(size: 300, reader: files)
        var signed = try SignedCheckpoint(Checkpoint(origin: log.name, size: 300, root: appender.root), signedBy: log)
        signed = try signed.adding([try witness.cosign(signed.note.text, at: 1_800_000_000)])
        return try ProofFile(index: index, hashes: prover.inclusionProof(index: index, size: 300), checkpoint: signed, extra: extra)
    }

    @Test("a proof is written as the specification says, is read back and verifies", arguments: [nil, bytes("extra")])
    func roundTrip(extra: [UInt8]?) throws {
        let proof = try proof(index: 17, extra: extra)
        let text = String(decoding: proof.encoded, as: UTF8.self)
        #expect(text.hasPrefix("c2sp.org/tlog-proof@v1\n" + (extra == nil ? "" : "extra ZXh0cmE=\n") + "index 17\n" + proof.hashes[0].base64 + "\n"))
        #expect(text.hasSuffix("\n\n" + String(decoding: proof.checkpoint.encoded, as: UTF8.self)))
        let read = try ProofFile(parsing: proof.encoded)
        #expect(read == proof)
        let held = try read.verify(leaf: TreeHashing.leafHash(of: all[17]), log: log.verifier, witnesses: [witness.verifier])
        #expect(held.map(\.timestamp) == [1_800_000_000])
        #expect(code { try read.verify(leaf: TreeHashing.leafHash(of: all[18]), log: log.verifier) } == .wrongRoot)
        let other = try NoteSigner(name: log.name, seed: seed(9))
        #expect(code { try read.verify(leaf: TreeHashing.leafHash(of: all[17]), log: other.verifier) } == .unsigned)
    }

    @Test("no bit of what a proof is checked by can be flipped unnoticed")
    func flips() throws {
        let proof = try proof(index: 299)
        let good = proof.encoded
        let leaf = TreeHashing.leafHash(of: all[299])
        for bit in 0..<good.count * 8 {
            var bad = good
            bad[bit / 8] ^= 1 << (bit % 8)
            // A flipped name or key id of the witness makes its line that of an unknown key: the cosignature is gone, not wrong.
            let held = try? ProofFile(parsing: bad).verify(leaf: leaf, log: log.verifier, witnesses: [witness.verifier])
            #expect(held?.isEmpty != false, "bit \(bit)")
        }
    }

    @Test("a malformed proof is refused")
    func malformed() throws {
        let proof = try proof(index: 17)
        let checkpoint = String(decoding: proof.checkpoint.encoded, as: UTF8.self)
        let hash = proof.hashes[0].base64
        let head = "c2sp.org/tlog-proof@v1\n"
        for text in [
            "", "\n", head, "c2sp.org/tlog-proof@v2\nindex 1\n\n" + checkpoint, head + "index 01\n\n" + checkpoint,
            head + "index -1\n\n" + checkpoint,
            head + "index\n\n" + checkpoint, head + "\n" + checkpoint, head + "index 1\n" + checkpoint, head + "index 300\n\n" + checkpoint,
            head + "extra \nindex 1\n\n" + checkpoint, head + "extra !\nindex 1\n\n" + checkpoint, head + "extra\nindex 1\n\n" + checkpoint,
            head + "index 1\nextra AAAA\n\n" + checkpoint, head + "extra AAAA\nextra AAAA\nindex 1\n\n" + checkpoint,
            head + "index 1\n" + hash + " \n\n" + checkpoint, head + "index 1\nAAAA\n\n" + checkpoint,
            head + "index 1\n" + String(repeating: hash + "\n", count: 64) + "\n" + checkpoint,
        ] {
            #expect(code { _ = try ProofFile(parsing: bytes(text)) } == .malformedProof, "\(text.prefix(60))")
        }
        #expect(code { _ = try ProofFile(parsing: bytes(head + "index 1\n\n")) } == .malformedNote)
        #expect(code { _ = try ProofFile(parsing: bytes(head + "index 1\n\n\n" + checkpoint)) } == .malformedCheckpoint)
        #expect(throws: Never.self) {
            try ProofFile(parsing: bytes(head + "index 1\n" + String(repeating: hash + "\n", count: 63) + "\n" + checkpoint))
        }
    }
}
