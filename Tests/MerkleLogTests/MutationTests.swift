import Testing

@testable import MerkleLog

/// Feeds each parser damaged forms of good input. A parser answers or throws; it never traps, and what it accepts it writes back the same.
@Suite("Parsers on damaged input")
struct MutationTests {
    static let iterations = 20_000

    private static func mutate(_ bytes: [UInt8], with corpus: [[UInt8]], _ random: inout SeededGenerator) -> [UInt8] {
        var out = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let at = Int.random(in: 0...out.count, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0 where at < out.count: out[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1 where at < out.count: out[at] = UInt8.random(in: 0...255, using: &random)
            case 2 where at < out.count: out.remove(at: at)
            case 3: out.insert(["\n", "0", "9", " ", "+", "/", "=", "x", ".", "\u{2014}"].randomElement(using: &random)?.utf8.first ?? 0, at: at)
            case 4: out.removeSubrange(at..<min(out.count, at + Int.random(in: 0...40, using: &random)))
            case 5: out.insert(contentsOf: out[at..<min(out.count, at + Int.random(in: 0...60, using: &random))], at: at)
            case 6:
                let other = corpus.randomElement(using: &random) ?? []
                out = Array(out.prefix(at)) + Array(other.suffix(Int.random(in: 0...other.count, using: &random)))
            default: out = Array(out.prefix(at))
            }
        }
        return out
    }

    private static func run(_ seeds: [[UInt8]], seed: UInt64, _ body: ([UInt8]) -> Void) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<iterations {
            let base = seeds.randomElement(using: &random) ?? []
            body(mutate(base, with: seeds, &random))
        }
        for length in 0..<64 { body((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }) }
    }

    private static func signed(size: UInt64, extensions: [String] = []) throws -> SignedCheckpoint {
        let log = try NoteSigner(name: "countersign.example/log", seed: MerkleLogTests.seed(1))
        let witness = try CosignatureSigner(name: "witness.example", seed: MerkleLogTests.seed(2))
        let plain = try SignedCheckpoint(Checkpoint(origin: log.name, size: size, root: TreeHashing.emptyRoot, extensions: extensions), signedBy: log)
        return try plain.adding([try witness.cosign(plain.note.text, at: 1)])
    }

    @Test("notes and checkpoints")
    func notes() throws {
        let log = try NoteSigner(name: "countersign.example/log", seed: MerkleLogTests.seed(1))
        let good = [try Self.signed(size: 0).encoded, try Self.signed(size: 70_000, extensions: ["x", "caf\u{e9}"]).encoded]
        Self.run(good, seed: 1) { bytes in
            guard let note = try? SignedNote(parsing: bytes) else { return }
            #expect(note.encoded == bytes)
            if let checkpoint = try? Checkpoint(parsing: note.text) { #expect(checkpoint.encoded == note.text) }
            // What still verifies still has the text that was signed.
            if (try? note.verify(with: [log.verifier])) != nil { #expect(good.contains { $0.starts(with: note.text) }) }
        }
        Self.run(try good.map { try SignedNote(parsing: $0).text }, seed: 2) { bytes in
            if let checkpoint = try? Checkpoint(parsing: bytes) { #expect(checkpoint.encoded == bytes) }
        }
        Self.run(try good.map { try SignedNote(parsing: $0).signatures.flatMap(\.line) }, seed: 3) { bytes in
            if let lines = try? NoteSignature.lines(bytes) { #expect(lines.flatMap(\.line) == bytes) }
        }
    }

    @Test("verifier keys")
    func keys() throws {
        let keys = [
            try NoteSigner(name: "a.example", seed: MerkleLogTests.seed(1)).verifier.vkey,
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        ]
        Self.run(keys.map { Array($0.utf8) }, seed: 4) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let key = try? NoteVerifier(vkey: text) { #expect(key.vkey.utf8.elementsEqual(text.utf8)) }
            if let key = try? CosignatureVerifier(vkey: text) { #expect(key.vkey.utf8.elementsEqual(text.utf8)) }
        }
    }

    @Test("paths")
    func paths() {
        let good = ["checkpoint", "tile/0/x001/234.p/5", "tile/entries/x001/x234/067", "tile/63/000.p/255"]
        Self.run(good.map { Array($0.utf8) }, seed: 5) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            guard let file = try? LogFile(path: text) else { return }
            #expect(file.path.utf8.elementsEqual(text.utf8))
            _ = file.belongs(toLogOf: 70_000)
        }
    }

    @Test("entry bundles and tiles")
    func bundles() throws {
        let good = [try EntryBundle.encode(entries(5)), try EntryBundle.encode(entries(256)), try EntryBundle.encode([[]])]
        Self.run(good, seed: 6) { bytes in
            for width in [1, 5, 256] {
                guard let entries = try? EntryBundle.decode(bytes, width: width) else { continue }
                #expect((try? EntryBundle.encode(entries.map(Array.init))) == bytes)
                #expect((try? EntryBundle.leafHashes(in: bytes, width: width).map(\.bytes)) == entries.map { Naive.leaf(Array($0)) })
            }
            _ = try? Tile(level: 0, index: 0, width: 2).hashes(from: bytes)
        }
    }

    @Test("proof files and frontiers")
    func proofs() throws {
        let hashes = [TreeHashing.emptyRoot, TreeHashing.leafHash(of: [1])]
        let good = [
            try ProofFile(index: 5, hashes: hashes, checkpoint: try Self.signed(size: 9)).encoded,
            try ProofFile(index: 0, hashes: [], checkpoint: try Self.signed(size: 1), extra: [1, 2, 3]).encoded,
        ]
        Self.run(good, seed: 7) { bytes in
            if let proof = try? ProofFile(parsing: bytes) { #expect(proof.encoded == bytes) }
        }
        var frontier = Frontier()
        for hash in hashes + hashes + hashes { frontier.append(hash) }
        Self.run([frontier.encoded, Frontier().encoded], seed: 8) { bytes in
            if let frontier = try? Frontier(decoding: bytes) { #expect(frontier.encoded == bytes) }
        }
    }

    @Test("witness requests and states")
    func witness() throws {
        let log = try NoteSigner(name: "countersign.example/log", seed: MerkleLogTests.seed(1))
        let known = [WitnessedLog(origin: log.name, keys: [log.verifier])]
        let good = [
            try WitnessRequest(oldSize: 0, proof: [], checkpoint: try Self.signed(size: 5)).encoded,
            try WitnessRequest(oldSize: 3, proof: [TreeHashing.emptyRoot], checkpoint: try Self.signed(size: 5)).encoded,
        ]
        Self.run(good, seed: 9) { bytes in
            if let request = try? WitnessRequest(parsing: bytes) { #expect(request.encoded == bytes) }
            if case .sign(let state) = WitnessState().consider(body: bytes, knownLogs: known) { #expect(state[log.name]?.size == 5) }
        }
        var state = WitnessState()
        state["a"] = WitnessState.Head(size: 1, root: TreeHashing.emptyRoot)
        Self.run([state.encoded, WitnessState().encoded], seed: 10) { bytes in
            if let state = try? WitnessState(parsing: bytes) { #expect(state.encoded == bytes) }
        }
    }
}
