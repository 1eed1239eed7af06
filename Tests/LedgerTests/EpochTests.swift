import Core
import Crypto
import EnvelopeEncryption
import Foundation
import Ledger
import MerkleLog
import Testing

@Suite struct EpochTests {
    private func ended(_ records: Int = 20) async throws -> (test: TestLog, head: SignedCheckpoint, id: String) {
        let test = try TestLog(systemEntries: true, segmentBytes: 4096)
        var id = ""
        for number in 0..<records {
            let event = event()
            id = event.id
            try await test.log.record(event, contents: [Content(name: "prompt", bytes: Array("secret \(number)".utf8))], stream: .gateway)
        }
        #expect(try test.log.waitForIntegration())
        test.close()
        return (test, try SignedCheckpoint(parsing: try DurableFile.read(test.path("ledger/head"), maximumBytes: 4096)), id)
    }

    private func begin(_ test: TestLog, _ name: String = "example.com/log-2") throws -> SignedCheckpoint {
        return try Epoch.begin(
            directory: test.path("ledger"), archive: test.path("epochs/1"), old: test.signer.verifier,
            new: try NoteSigner(name: name, seed: test.keys.signingKey.rawRepresentation))
    }

    @Test("the first entry of a new epoch commits to the last head of the old log, which is kept and verifies")
    func committed() async throws {
        let (test, head, id) = try await ended()
        #expect(try begin(test).checkpoint == head.checkpoint)
        _ = try LogCheck.run(directory: test.path("epochs/1"), verifier: test.signer.verifier)
        let signer = try NoteSigner(name: "example.com/log-2", seed: test.keys.signingKey.rawRepresentation)
        test.ledger = try test.opened(by: signer)
        var ids: [String] = []
        for number in 0..<20 {
            let event = event()
            ids.append(event.id)
            try await test.log.record(event, contents: [Content(name: "prompt", bytes: Array("new \(number)".utf8))], stream: .gateway)
        }
        #expect(try test.log.waitForIntegration())
        let size = try #require(try test.log.checkpoint).checkpoint.size
        let first = try JSONParser.parse(try test.log.store.entry(0, size: size))
        #expect(first["type"] == "log.opened")
        #expect(first["data"]?["origin_id"] == "example.com/log-2")
        #expect(first["data"]?["previous_size"]?.int == Int64(head.checkpoint.size))
        #expect(first["data"]?["previous_root"]?.string == head.rootDigest?.description)
        // Packs of both lie in one store; an index that is made again finds each content of the new log where it is.
        #expect(throws: LedgerError.self) { try test.log.unseal(id) }
        test.close()
        for suffix in ["", "-wal", "-shm"] { try DurableFile.remove(test.path("index.db" + suffix)) }
        test.ledger = try test.opened(by: signer)
        for (number, id) in ids.enumerated() { #expect(try test.log.unseal(id).map(\.bytes) == [Array("new \(number)".utf8)]) }
    }

    @Test("a beginning that was interrupted between the two renames is finished when it is called again")
    func interrupted() async throws {
        let (test, head, _) = try await ended()
        _ = try begin(test)
        try DurableFile.rename(test.path("ledger"), to: test.path("ledger.next"))
        #expect(throws: LedgerError.self) { try test.open() }
        #expect(try begin(test).checkpoint == head.checkpoint)
        // And what followed it, too.
        #expect(try begin(test).checkpoint == head.checkpoint)
        #expect(try DurableFile.list(test.path("epochs")) == ["1"])
        #expect(try DurableFile.status(test.path("ledger.next")) == nil)
    }

    @Test("an epoch that was begun under one name is not gone on with under another", arguments: [false, true])
    func otherName(isBetweenRenames: Bool) async throws {
        let (test, head, _) = try await ended()
        _ = try begin(test)
        if isBetweenRenames { try DurableFile.rename(test.path("ledger"), to: test.path("ledger.next")) }
        let error = #expect(throws: LedgerError.self) { try begin(test, "example.com/log-3") }
        #expect(error?.message.contains("example.com/log-2") == true)
        #expect(try begin(test).checkpoint == head.checkpoint)
    }

    @Test("what an attempt under another name left before the old log moved is made anew")
    func leftOver() async throws {
        let (test, head, _) = try await ended()
        let other = try NoteSigner(name: "example.com/log-9", seed: test.keys.signingKey.rawRepresentation)
        try Ledger.create(LedgerOptions(directory: test.path("ledger.next"), indexPath: ""), signer: other)
        #expect(try begin(test).checkpoint == head.checkpoint)
        let new = try NoteSigner(name: "example.com/log-2", seed: test.keys.signingKey.rawRepresentation)
        _ = try LogCheck.run(directory: test.path("ledger"), verifier: new.verifier)
    }

    @Test("an epoch of the same name, of an open log, or of one that does not verify is not begun, and nothing is changed")
    func refused() async throws {
        let (test, _, _) = try await ended()
        #expect(throws: LedgerError.self) { try begin(test, "example.com/log") }
        try test.open()
        #expect(throws: LedgerError.self) { try begin(test) }
        test.close()
        let tile = try #require(try FileManager.default.subpathsOfDirectory(atPath: test.path("ledger/tile/entries")).last)
        let file = try OpenFile(test.path("ledger/tile/entries/" + tile), .update)
        try file.write([0xff, 0xff])
        #expect(throws: LedgerError.self) { try begin(test) }
        #expect(try DurableFile.status(test.path("ledger/head")) != nil)
        #expect(try DurableFile.status(test.path("epochs")) == nil)
    }
}
