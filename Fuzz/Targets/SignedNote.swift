import MerkleLog

extension FuzzTarget {
    /// Notes, checkpoints and keys: what is read is written back byte for byte, and nothing is verified that no key has signed.
    package static let signedNote = FuzzTarget(
        name: "signed-note", summary: "signed notes, checkpoints, verifier keys", maximumBytes: 4096
    ) { bytes in
        if let note = try? SignedNote(parsing: bytes) {
            guard note.encoded == bytes else { return "a note is not written back as it was read" }
            guard (try? note.adding(note.signatures)) != nil else { return "a note cannot take its own signatures again" }
            if let verifier = testVerifier, (try? note.verify(with: [verifier])) != nil {
                // The corpus holds notes that this key has signed; the fuzzer can move their bytes about, not sign another text.
                guard signedTexts.contains(note.text) else { return "a text that was never signed is verified" }
            }
        }
        if let checkpoint = try? Checkpoint(parsing: bytes), checkpoint.encoded != bytes { return "a checkpoint is not written back as it was read" }
        if let signed = try? SignedCheckpoint(parsing: bytes), signed.encoded != bytes {
            return "a signed checkpoint is not written back as it was read"
        }
        if let text = String(validating: bytes, as: UTF8.self), let verifier = try? NoteVerifier(vkey: text), verifier.description != text {
            return "a verifier key is not written back as it was read"
        }
        return nil
    } seeds: {
        guard let testSigner else { return [] }
        let notes = signedTexts.compactMap { try? SignedNote(text: $0, signedBy: testSigner).encoded }
        return notes + signedTexts + [Array(testSigner.verifier.vkey.utf8)]
    }

    /// The key of the corpus: seed of 32 bytes 0x07.
    private static let testSigner = try? NoteSigner(name: "fuzz.example/log", seed: [UInt8](repeating: 7, count: 32))
    private static let testVerifier = testSigner?.verifier
    /// All that the key ever signed.
    private static let signedTexts: Set<[UInt8]> = [
        Array("fuzz.example/log\n3\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n".utf8),
        Array("fuzz.example/log\n70000\n//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=\nextension line\n".utf8),
    ]
}
