import Testing

@testable import MerkleLog

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("The witness's decision")
struct WitnessTests {
    private let log: NoteSigner
    private let known: [WitnessedLog]
    private let files: MemoryLog
    private var prover: TreeProver<MemoryLog>

    init() throws {
        log = try NoteSigner(name: "countersign.example/log", seed: seed(1))
        let other = try NoteSigner(name: "other.example/log", seed: seed(2))
        known = [WitnessedLog(origin: other.name, keys: [other.verifier]), WitnessedLog(origin: log.name, keys: [log.verifier])]
        files = try MemoryLog.make(entries(300), sizes: []).log
        prover = TreeProver(size: 300, reader: files)
    }

    private mutating func checkpoint(_ size: UInt64, root: MerkleHash? = nil) throws -> SignedCheckpoint {
        try SignedCheckpoint(Checkpoint(origin: log.name, size: size, root: root ?? (try prover.root(size: size))), signedBy: log)
    }

    private mutating func request(_ old: UInt64, _ new: UInt64) throws -> WitnessRequest {
        WitnessRequest(unchecked: old, try prover.consistencyProof(old: old, new: new), try checkpoint(new))
    }

    private mutating func state(_ size: UInt64) throws -> WitnessState {
        var state = WitnessState()
        state[log.name] = WitnessState.Head(size: size, root: try prover.root(size: size))
        return state
    }

    @Test(
        "a consistent larger tree is signed and remembered",
        arguments: [(0, 0), (0, 1), (0, 300), (1, 2), (7, 256), (255, 300), (256, 257), (300, 300)])
    mutating func signs(old: UInt64, new: UInt64) throws {
        let before = old == 0 ? WitnessState() : try state(old)
        guard case .sign(let after) = before.consider(try request(old, new), knownLogs: known) else {
            Issue.record("not signed")
            return
        }
        #expect(try after == state(new))
        #expect(before.consider(body: try request(old, new).encoded, knownLogs: known) == .sign(after))
    }

    @Test("an unknown origin is 404, before anything else is looked at")
    mutating func unknown() throws {
        #expect(status(WitnessState().consider(try request(0, 5), knownLogs: [])) == 404)
        let bad = SignedCheckpoint.forTest(try checkpoint(5), text: Array("nobody.example\n5\n".utf8) + bytes(TreeHashing.emptyRoot.base64 + "\n"))
        #expect(status(WitnessState().consider(WitnessRequest(unchecked: 9, [], bad), knownLogs: known)) == 404)
    }

    @Test("a checkpoint without a good signature of the log's keys is 403")
    mutating func unsigned() throws {
        let impostor = try NoteSigner(name: log.name, seed: seed(9))
        let root = try prover.root(size: 5)
        let forged = try SignedCheckpoint(Checkpoint(origin: log.name, size: 5, root: root), signedBy: impostor)
        #expect(status(WitnessState().consider(WitnessRequest(unchecked: 0, [], forged), knownLogs: known)) == 403)
        // Even with an old size that would be 400 or 409 otherwise.
        #expect(status(try state(3).consider(WitnessRequest(unchecked: 9, [], forged), knownLogs: known)) == 403)
        let good = try checkpoint(5)
        let tampered = SignedCheckpoint.forTest(good, text: try Checkpoint(origin: log.name, size: 6, root: root).encoded)
        #expect(status(WitnessState().consider(WitnessRequest(unchecked: 0, [], tampered), knownLogs: known)) == 403)
        // A second, unknown signature does no harm.
        let both = try good.adding([try impostor.sign(good.note.text)])
        #expect(status(WitnessState().consider(WitnessRequest(unchecked: 0, [], both), knownLogs: known)) == 200)
    }

    @Test("an old size beyond the checkpoint is 400, whatever the witness remembers")
    mutating func oldTooLarge() throws {
        let request = WitnessRequest(unchecked: 6, [], try checkpoint(5))
        #expect(status(WitnessState().consider(request, knownLogs: known)) == 400)
        #expect(status(try state(6).consider(request, knownLogs: known)) == 400)
    }

    @Test("an old size that the witness does not remember is 409 with the size that it does")
    mutating func conflict() throws {
        #expect(try state(7).consider(try request(0, 9), knownLogs: known) == .conflict(size: 7, isFork: false))
        #expect(try state(7).consider(try request(6, 9), knownLogs: known) == .conflict(size: 7, isFork: false))
        #expect(try state(7).consider(try request(5, 5), knownLogs: known) == .conflict(size: 7, isFork: false))
        #expect(WitnessState().consider(try request(3, 5), knownLogs: known) == .conflict(size: 0, isFork: false))
        #expect(WitnessDecision.conflictBody(size: 20_852_163) == bytes("20852163\n"))
        #expect(WitnessDecision.conflictMediaType == "text/x.tlog.size")
    }

    @Test("two roots of one size are 409, and said to be a fork")
    mutating func fork() throws {
        let forked = WitnessRequest(unchecked: 7, [], try checkpoint(7, root: TreeHashing.emptyRoot))
        #expect(try state(7).consider(forked, knownLogs: known) == .conflict(size: 7, isFork: true))
        let empty = WitnessRequest(unchecked: 0, [], try checkpoint(0, root: try prover.root(size: 1)))
        #expect(WitnessState().consider(empty, knownLogs: known) == .conflict(size: 0, isFork: true))
    }

    @Test("a proof that does not hold is 422")
    mutating func badProof() throws {
        let good = try request(7, 30)
        let state = try state(7)
        let short = WitnessRequest(unchecked: 7, Array(good.proof.dropLast()), good.checkpoint)
        let long = WitnessRequest(unchecked: 7, good.proof + [TreeHashing.emptyRoot], good.checkpoint)
        let none = WitnessRequest(unchecked: 7, [], good.checkpoint)
        let otherRoot = WitnessRequest(unchecked: 7, good.proof, try checkpoint(30, root: TreeHashing.emptyRoot))
        for request in [short, long, none, otherRoot] { #expect(status(state.consider(request, knownLogs: known)) == 422) }
        let fromNothing = WitnessRequest(unchecked: 0, [TreeHashing.emptyRoot], good.checkpoint)
        #expect(status(WitnessState().consider(fromNothing, knownLogs: known)) == 422)
        let same = WitnessRequest(unchecked: 7, [TreeHashing.emptyRoot], try checkpoint(7))
        #expect(status(state.consider(same, knownLogs: known)) == 422)
    }

    @Test("the logs of one witness do not touch each other")
    mutating func separate() throws {
        var state = try state(7)
        state["other.example/log"] = WitnessState.Head(size: 9, root: TreeHashing.emptyRoot)
        guard case .sign(let after) = state.consider(try request(7, 9), knownLogs: known) else {
            Issue.record("not signed")
            return
        }
        #expect(after["other.example/log"] == state["other.example/log"])
        #expect(after[log.name]?.size == 9)
    }

    @Test("a malformed body is 400")
    mutating func malformed() throws {
        let checkpoint = String(decoding: try checkpoint(5).encoded, as: UTF8.self)
        let hash = TreeHashing.emptyRoot.base64
        for body in [
            "", "\n", "old 0\n", "old 0\n\n", checkpoint, "\n" + checkpoint, "old 0\n" + checkpoint, "old 00\n\n" + checkpoint,
            "old -1\n\n" + checkpoint,
            "old\n\n" + checkpoint, "old  0\n\n" + checkpoint, "Old 0\n\n" + checkpoint, "old 0 \n\n" + checkpoint, "old 0\r\n\r\n" + checkpoint,
            "old 9223372036854775808\n\n" + checkpoint, "old 0\nAAAA\n\n" + checkpoint, "old 0\n" + hash + "\n" + checkpoint,
            "old 0\n\n\n" + checkpoint, "old 0\n\n" + checkpoint + "x", "old 0\n" + String(repeating: hash + "\n", count: 64) + "\n" + checkpoint,
        ] {
            #expect(status(WitnessState().consider(body: bytes(body), knownLogs: known)) == 400, "\(body.prefix(40))")
        }
        // 63 hashes are read, and then do not hold.
        let most = "old 0\n" + String(repeating: hash + "\n", count: 63) + "\n" + checkpoint
        #expect(status(WitnessState().consider(body: bytes(most), knownLogs: known)) == 422)
    }

    @Test("a request is read back as it was written")
    mutating func roundTrip() throws {
        let request = try request(7, 300)
        #expect(try WitnessRequest(parsing: request.encoded) == request)
        #expect(String(decoding: request.encoded, as: UTF8.self).hasPrefix("old 7\n" + request.proof[0].base64 + "\n"))
        #expect(code { _ = try WitnessRequest(oldSize: .max, proof: [], checkpoint: request.checkpoint) } == .malformedRequest)
    }

    @Test("the state is read back as it was written, and not with any bit flipped or any byte cut")
    mutating func stored() throws {
        #expect(try WitnessState(parsing: WitnessState().encoded) == WitnessState())
        var state = try state(7)
        state["other.example/log"] = WitnessState.Head(size: 9, root: TreeHashing.emptyRoot)
        let good = state.encoded
        #expect(try WitnessState(parsing: good) == state)
        for bit in 0..<good.count * 8 {
            var bad = good
            bad[bit / 8] ^= 1 << (bit % 8)
            #expect(code { _ = try WitnessState(parsing: bad) } == .malformedState, "bit \(bit)")
        }
        for length in 0..<good.count { #expect(code { _ = try WitnessState(parsing: Array(good.prefix(length))) } == .malformedState) }
    }

    private func status(_ decision: WitnessDecision) -> Int {
        switch decision {
        case .sign: 200
        case .conflict: 409
        case .refuse(let status, _): status
        }
    }
}

extension WitnessRequest {
    fileprivate init(unchecked oldSize: UInt64, _ proof: [MerkleHash], _ checkpoint: SignedCheckpoint) {
        do {
            try self.init(oldSize: oldSize, proof: proof, checkpoint: checkpoint)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}

extension SignedCheckpoint {
    /// A text under the signatures of another.
    fileprivate static func forTest(_ signed: SignedCheckpoint, text: [UInt8]) -> SignedCheckpoint {
        do {
            return try SignedCheckpoint(parsing: SignedNote(text: text, signatures: signed.note.signatures).encoded)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
