import Testing

@testable import MerkleLog

// The example of Go's golang.org/x/mod/sumdb/note.
private let peterKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
private let peterSeed: [UInt8] = [
    0x81, 0x0a, 0x14, 0x02, 0xd5, 0x14, 0x6c, 0x8d, 0x84, 0xf2, 0x44, 0x33, 0x30, 0xf5, 0x40, 0x80, 0xeb, 0xf9, 0x8e, 0xe1, 0x7d, 0x9c, 0x74, 0xf6,
    0x25, 0x2f, 0xc5, 0xd5, 0xc7, 0x28, 0x31, 0x73,
]
private let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
private let peterLine = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
private let enochKey = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
private let enochLine = "\u{2014} EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("Signed notes")
struct NoteTests {
    @Test("Go's example is signed the same, byte for byte")
    func goSign() throws {
        let signer = try NoteSigner(name: "PeterNeumann", seed: peterSeed)
        #expect(signer.verifier.vkey == peterKey)
        let note = try SignedNote(text: bytes(text), signedBy: signer)
        #expect(note.encoded == bytes(text + "\n" + peterLine))
    }

    @Test("Go's examples verify", arguments: [peterLine, enochLine, peterLine + enochLine, enochLine + peterLine, peterLine + peterLine])
    func goVerify(lines: String) throws {
        let note = try SignedNote(parsing: bytes(text + "\n" + lines))
        #expect(note.text == bytes(text))
        #expect(note.encoded == bytes(text + "\n" + lines))
        let keys = [try NoteVerifier(vkey: peterKey), try NoteVerifier(vkey: enochKey)]
        let holding = try note.verify(with: keys)
        #expect(Set(holding.map(\.name)).count == holding.count)
        #expect(Set(holding.map(\.name)) == Set(keys.map(\.name).filter { lines.contains($0) }))
    }

    @Test("a signature of an unknown key is ignored, one of a known key must hold, and one at least must")
    func trust() throws {
        let peter = try NoteVerifier(vkey: peterKey)
        let enoch = try NoteVerifier(vkey: enochKey)
        let broken = peterLine.replacing("x08go/ZJ", with: "x08go/ZK")
        #expect(try SignedNote(parsing: bytes(text + "\n" + broken + enochLine)).verify(with: [enoch]) == [enoch])
        #expect(code { try SignedNote(parsing: bytes(text + "\n" + broken + enochLine)).verify(with: [peter, enoch]) } == .badSignature)
        #expect(code { try SignedNote(parsing: bytes(text + "\n" + peterLine + broken)).verify(with: [peter]) } == .badSignature)
        #expect(code { try SignedNote(parsing: bytes(text + "\n" + peterLine)).verify(with: [enoch]) } == .unsigned)
        #expect(code { try SignedNote(parsing: bytes(text + "\n" + peterLine)).verify(with: []) } == .unsigned)
        #expect(code { try SignedNote(parsing: bytes("x" + text + "\n" + peterLine)).verify(with: [peter]) } == .badSignature)
        // The same key under another name is another key.
        let renamed = try NoteVerifier(name: "PeterNeumanm", publicKey: peter.publicKey)
        #expect(code { try SignedNote(parsing: bytes(text + "\n" + peterLine)).verify(with: [renamed]) } == .unsigned)
    }

    @Test("names that are only canonically equivalent are different keys")
    func equivalence() throws {
        let composed = try NoteSigner(name: "caf\u{e9}.example", seed: seed(1))
        let decomposed = try NoteSigner(name: "cafe\u{301}.example", seed: seed(1))
        #expect(composed.name == decomposed.name)
        #expect(composed.verifier.keyID != decomposed.verifier.keyID)
        let note = try SignedNote(text: bytes("t\n"), signedBy: composed)
        #expect(code { try note.verify(with: [decomposed.verifier]) } == .unsigned)
    }

    @Test("a text may have empty lines; the last one divides")
    func emptyLines() throws {
        let signer = try NoteSigner(name: "quasimodo.example/salvatore", seed: seed(7))
        for text in ["\n", "\n\n", "a\n\n\nb\n\n", "trafitto da un raggio di sole:\n\ned \u{e8} subito sera.\n"] {
            let note = try SignedNote(text: bytes(text), signedBy: signer)
            let read = try SignedNote(parsing: note.encoded)
            #expect(read == note)
            #expect(try read.verify(with: [signer.verifier]) == [signer.verifier])
        }
    }

    @Test(
        "a malformed note is refused",
        arguments: [
            "", "\n", "\n\n", text, text + "\n", text + "\n\n", text + peterLine, String((text + "\n" + peterLine).dropLast()),
            "\u{1}" + text + "\n" + peterLine, text + "\r\n" + peterLine, text + "\t\n" + peterLine, text + "\n" + peterLine + "Unexpected line.\n",
            text + "\n\u{2014} Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
            text + "\n- PeterNeumann AAAAAAA=\n", text + "\n\u{2014}PeterNeumann AAAAAAA=\n", text + "\n\u{2014}  AAAAAAA=\n",
            text + "\n\u{2014} a+b AAAAAAA=\n",
            text + "\n\u{2014} a\u{a0}b AAAAAAA=\n", text + "\n\u{2014} a\n", text + "\n\u{2014} a \n", text + "\n\u{2014} a AAAAAA==\n",
            text + "\n\u{2014} a AAAAAAA\n", text + "\n\u{2014} a AAAAAAB=\n", text + "\n\u{2014} a AAAA AAA=\n", text + "\n\u{2014} a AAAAAAA= \n",
            text + "\n\u{2014} a AAAAAAA=\n\u{2014} a", String(repeating: "x", count: 1_000_000) + "\n\n" + peterLine,
            text + "\n" + String(repeating: "\u{2014} a AAAAAAA=\n", count: 101),
        ])
    func malformed(note: String) {
        #expect(code { _ = try SignedNote(parsing: bytes(note)) } == .malformedNote)
    }

    @Test("a note that is not UTF-8 is refused", arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x80], [0xf4, 0x90, 0x80, 0x80]])
    func notUTF8(prefix: [UInt8]) {
        #expect(code { _ = try SignedNote(parsing: prefix + bytes(text + "\n" + peterLine)) } == .malformedNote)
    }

    @Test("a hundred signatures are read, and a text that is no note's is not signed")
    func bounds() throws {
        let lines = (0..<100).map { "\u{2014} a\($0) AAAAAAA=\n" }.joined()
        let note = try SignedNote(parsing: bytes(text + "\n" + lines))
        #expect(note.signatures.count == 100)
        #expect(code { _ = try note.adding([NoteSignature(name: "b", keyID: 1, signature: [1])]) } == .malformedNote)
        let signer = try NoteSigner(name: "a", seed: seed(1))
        for bad in ["", "no newline", "\u{7}\n"] {
            #expect(code { _ = try SignedNote(text: bytes(bad), signedBy: signer) } == .malformedNote)
        }
        #expect(code { _ = try SignedNote(text: bytes(text), signatures: []) } == .malformedNote)
    }

    @Test("adding a signature puts it in the place of the same key's older one")
    func adding() throws {
        let one = try NoteSigner(name: "one", seed: seed(1))
        let two = try NoteSigner(name: "two", seed: seed(2))
        let note = try SignedNote(text: bytes(text), signedBy: one)
        let both = try note.adding([try two.sign(note.text)])
        #expect(try both.verify(with: [one.verifier, two.verifier]) == [one.verifier, two.verifier])
        #expect(try both.adding([try two.sign(note.text)]) == both)
        #expect(try both.adding([try one.sign(note.text)]).signatures.map(\.name) == ["two", "one"])
    }

    @Test(
        "a malformed verifier key is refused",
        arguments: [
            "", "PeterNeumann", "PeterNeumann+c74f20a3", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "PeterNeumann+c74f20a3+", "PeterNeumann+c74f20a3+AQ==",
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
            "PeterNeumam+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ])
    func badKey(vkey: String) {
        #expect(code { _ = try NoteVerifier(vkey: vkey) } == .malformedKey)
        #expect(code { _ = try CosignatureVerifier(vkey: vkey) } == .malformedKey)
    }

    @Test("a key's name has no space, no plus and no control character, and a seed is 32 bytes")
    func names() throws {
        for name in ["", "a b", "a+b", "a\u{2003}b", "a\nb", "a\u{85}b", "a\u{0}b", String(repeating: "n", count: 256)] {
            #expect(code { _ = try NoteSigner(name: name, seed: seed(1)) } == .malformedKey)
        }
        #expect(code { _ = try NoteSigner(name: "a", seed: [1, 2, 3]) } == .malformedKey)
        #expect(throws: Never.self) { try NoteSigner(name: String(repeating: "n", count: 255), seed: seed(1)) }
    }
}
