import Core
import Foundation
import Ledger
import MerkleLog
import Testing

@Suite struct LedgerTests {
    @Test("what was recorded is in the signed tree, in order, and stays there over a restart")
    func recordAndReopen() async throws {
        let test = try TestLog()
        for number in 0..<300 { try await test.log.record(event(.logHeartbeat, ["n": JSONValue(number)]), stream: .gateway) }
        #expect(try test.log.waitForIntegration())
        #expect(try test.log.checkpoint?.checkpoint.size == 300)
        let before = try test.leaves()
        #expect(before.map { $0["data"]?["n"]?.int } == (0..<300).map { Int64($0) })
        #expect(before.map { $0["source"]?["seq"]?.int } == (0..<300).map { Int64($0) })
        test.close()
        try test.open()
        try await test.log.record(event())
        #expect(try test.log.waitForIntegration())
        let after = try test.leaves()
        #expect(Array(after.prefix(300)) == before)
        #expect(after.count == 301)
        #expect(after[300]["source"]?["incarnation"]?.int == 2)
        _ = try LogCheck.run(directory: test.options.directory, verifier: test.signer.verifier)
    }

    @Test("sealed contents are found and match their commitments, before and after they move to the object store")
    func payloads() async throws {
        let test = try TestLog(segmentBytes: 4096)
        var ids: [String] = []
        for number in 0..<40 {
            let event = event()
            ids.append(event.id)
            try await test.log.record(event, contents: [Content(name: "prompt", bytes: Array("secret \(number)".utf8))], stream: .gateway)
        }
        #expect(try test.log.waitForIntegration())
        for (number, id) in ids.enumerated() {
            #expect(try test.log.unseal(id).map(\.bytes) == [Array("secret \(number)".utf8)])
        }
        let leaves = try test.leaves()
        #expect(leaves.allSatisfy { $0["commitments"]?["prompt"]?.string?.hasPrefix("sha256:") == true })
        #expect(try FileManager.default.contentsOfDirectory(atPath: test.path("ledger/wal")).filter { $0.hasSuffix(".wal") }.count <= 2)
        // The index is disposable.
        test.close()
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: test.path("index.db" + suffix)) }
        try test.open()
        #expect(try test.log.unseal(ids[0]).map(\.bytes) == [Array("secret 0".utf8)])
        #expect(try test.log.unseal(ids[39]).map(\.bytes) == [Array("secret 39".utf8)])
    }

    @Test("contents of a segment that a crash left between its mark and its move are found after the next start", arguments: [false, true])
    func halfPacked(withoutIndex: Bool) async throws {
        let test = try TestLog(segmentBytes: 4096)
        test.options.integrationInterval = 10_000
        var ids: [String] = []
        for number in 0..<20 {
            let event = event()
            ids.append(event.id)
            try await test.log.record(event, contents: [Content(name: "prompt", bytes: Array("secret \(number)".utf8))], stream: .gateway)
        }
        #expect(try test.log.waitForIntegration())
        test.close()
        // As a crash leaves it: the newest segment is marked as done with and lies where it was.
        let wal = test.directory + "/ledger/wal"
        let newest = try #require(try DurableFile.list(wal).filter { $0.hasSuffix(".wal") }.max())
        let number = try #require(UInt64(newest.dropLast(4)))
        try test.open()
        for _ in 0..<3 { try await test.log.record(event(), stream: .gateway) }
        #expect(try test.log.waitForIntegration())
        test.close()
        try DurableFile.write(Array("\(number + 1)\n".utf8), to: wal + "/oldest")
        if withoutIndex { for suffix in ["", "-wal", "-shm"] { try DurableFile.remove(test.directory + "/index.db" + suffix) } }
        try test.open()
        for (number, id) in ids.enumerated() {
            #expect(try test.log.unseal(id).map(\.bytes) == [Array("secret \(number)".utf8)])
        }
        #expect(try DurableFile.list(wal).contains(newest) == false)
    }

    @Test("records that are held are written with the next flush, or with the next record that does not hold")
    func held() async throws {
        let test = try TestLog()
        let log = try test.log
        let durable = Mutable<[Int]>([])
        func append(_ number: Int, holding: Bool) throws {
            let prepared = try log.prepare(event(), contents: [], stream: .gateway)
            log.append(prepared, number: nil, holding: holding) { if case .success = $0 { durable.withLock { $0.append(number) } } }
        }
        try append(0, holding: true)
        try append(1, holding: true)
        #expect(log.nextIndex == 2)
        #expect(durable.value.isEmpty)
        log.flush()
        while durable.value.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
        try append(2, holding: true)
        try append(3, holding: false)
        while durable.value.count < 4 { try await Task.sleep(for: .milliseconds(1)) }
        try append(4, holding: true)
        test.close()
        #expect(durable.value == [0, 1, 2, 3, 4])
    }

    @Test("an intent that was open when the process ended gets one outcome: aborted")
    func openIntents() async throws {
        let test = try TestLog()
        var intent = event(.inferenceRequested, id: "inf_1")
        intent.system = "sys_a"
        try await test.log.record(intent, stream: .gateway)
        try await test.log.record(event(.inferenceRequested, id: "inf_2"), stream: .gateway)
        try await test.log.record(event(.inferenceCompleted, ["request_id": "inf_2"]), stream: .gateway)
        #expect(try test.log.openIntents == 1)
        test.close()
        try test.open()
        #expect(try test.log.recoveredIntents == 1)
        #expect(try test.log.waitForIntegration())
        let last = try #require(try test.leaves().last)
        #expect(last["type"] == "inference.aborted")
        #expect(last["data"]?["request_id"] == "inf_1")
        #expect(last["system"] == "sys_a")
        #expect(try test.log.openIntents == 0)
        let receipt = try #require(try test.log.receipt("inf_1"))
        #expect(receipt.answers.map(\.type) == ["inference.aborted"])
    }

    @Test("a number of the state stream that is in the log already is refused as a duplicate, one that skips as a disagreement")
    func stateNumbers() async throws {
        let test = try TestLog()
        func append(_ number: Int64) async throws -> RecordError.Code? {
            let prepared = try test.log.prepare(event(.configChanged), contents: [], stream: .state)
            let log = try test.log
            let result = await withCheckedContinuation { continuation in
                log.append(prepared, number: number) { continuation.resume(returning: $0) }
            }
            if case .failure(let error) = result { return error.code }
            return nil
        }
        #expect(try await append(0) == nil)
        #expect(try await append(0) == .duplicate)
        #expect(try await append(2) == .outOfOrder)
        test.close()
        try test.open()
        #expect(try await append(0) == .duplicate)
        #expect(try await append(1) == nil)
        #expect(try test.log.stateHighWater == 1)
    }

    @Test("a directory that another process has open is refused")
    func locked() throws {
        let test = try TestLog()
        #expect(throws: LedgerError.self) { try test.open() }
    }
}

@Suite struct VerificationTests {
    @Test("a log is verified against an older checkpoint while it goes on, and a changed byte below that checkpoint is found")
    func growing() async throws {
        let test = try TestLog()
        for _ in 0..<30 { try await test.log.record(event(), stream: .gateway) }
        #expect(try test.log.waitForIntegration())
        let older = try #require(try test.log.checkpoint)
        for _ in 0..<3 {
            for _ in 0..<20 { try await test.log.record(event(), stream: .gateway) }
            #expect(try test.log.waitForIntegration())
        }
        let found = try test.log.verify(against: older)
        #expect(found.fault == nil && found.gaps == 0 && found.size == older.checkpoint.size)
        #expect(try test.log.waitForIntegration())
        let size = try #require(try test.log.checkpoint?.checkpoint.size)
        let path = test.path("ledger/tile/entries/000.p/\(size)")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[200] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(try test.log.verify(against: older).fault != nil)
    }
}
