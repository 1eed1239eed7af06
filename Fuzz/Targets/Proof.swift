import MerkleLog

extension FuzzTarget {
    /// Proof files, witness requests and a witness's state: what is read is written back byte for byte; a witness cosigns nothing unsigned.
    package static let proof = FuzzTarget(name: "proof", summary: "tlog-proof files, witness requests, witness state", maximumBytes: 4096) { bytes in
        if let file = try? ProofFile(parsing: bytes), file.encoded != bytes { return "a proof is not written back as it was read" }
        if let request = try? WitnessRequest(parsing: bytes), request.encoded != bytes { return "a request is not written back as it was read" }
        if let state = try? WitnessState(parsing: bytes), state.encoded != bytes { return "a state is not written back as it was read" }
        if let log = try? NoteVerifier(name: "stranger.example/log", publicKey: [UInt8](repeating: 9, count: 32)) {
            let decision = WitnessState().consider(body: bytes, knownLogs: [WitnessedLog(origin: log.name, keys: [log])])
            if case .sign = decision { return "a witness cosigns what no key has signed" }
        }
        return nil
    } seeds: {
        guard let signer = try? NoteSigner(name: "fuzz.example/log", seed: [UInt8](repeating: 7, count: 32)) else { return [] }
        let leaf = TreeHashing.leafHash(of: [1])
        let root = TreeHashing.nodeHash(leaf, leaf)
        guard let checkpoint = try? SignedCheckpoint(Checkpoint(origin: signer.name, size: 2, root: root), signedBy: signer) else { return [] }
        var state = WitnessState()
        state[signer.name] = WitnessState.Head(size: 1, root: leaf)
        return [
            try? ProofFile(index: 1, hashes: [leaf], checkpoint: checkpoint).encoded,
            try? ProofFile(index: 0, hashes: [leaf], checkpoint: checkpoint, extra: [1, 2, 3]).encoded,
            try? WitnessRequest(oldSize: 1, proof: [leaf], checkpoint: checkpoint).encoded,
            state.encoded, WitnessState().encoded,
        ].compactMap { $0 }
    }
}
