import Core
import Foundation
import Ledger
import MerkleLog
import Testing

@Suite struct TamperTests {
    /// A closed log of some entries.
    private func closedLog(entries: Int) async throws -> TestLog {
        let test = try TestLog()
        for number in 0..<entries { try await test.log.record(event(.logHeartbeat, ["n": JSONValue(number)]), stream: .gateway) }
        #expect(try test.log.waitForIntegration())
        test.close()
        return test
    }

    /// Opening must fail, with a message that contains the words.
    private func expectRefusal(_ test: TestLog, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
        do {
            try test.open()
            Issue.record("the log opened", sourceLocation: sourceLocation)
        } catch {
            #expect("\(error)".contains(words), "\(error)", sourceLocation: sourceLocation)
        }
    }

    // Every bit of checkpoint and tiles; every seventh of the bundle, whose bytes are all alike to the check. The conformance run has the
    // whole matrix.
    @Test("a single flipped bit in any file of a log is found")
    func everyBit() async throws {
        let test = try await closedLog(entries: 2)
        let directory = test.options.directory
        let verifier = test.signer.verifier
        _ = try LogCheck.run(directory: directory, verifier: verifier)
        let tiles = try #require(FileManager.default.enumerator(atPath: directory + "/tile")).compactMap { $0 as? String }
        for name in ["checkpoint"] + tiles.map({ "tile/" + $0 }) {
            let path = directory + "/" + name
            guard try DurableFile.status(path)?.isRegular == true else { continue }
            let bytes = try DurableFile.read(path, maximumBytes: 1 << 20)
            for bit in stride(from: 0, to: bytes.count * 8, by: name.contains("entries") ? 7 : 1) {
                var changed = bytes
                changed[bit / 8] ^= 1 << (bit % 8)
                try Data(changed).write(to: URL(fileURLWithPath: path))
                #expect(throws: LedgerError.self, "bit \(bit) of \(name)") { try LogCheck.run(directory: directory, verifier: verifier) }
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }
        _ = try LogCheck.run(directory: directory, verifier: verifier)
    }

    @Test("a file that belongs to no log is found")
    func foreignFile() async throws {
        let test = try await closedLog(entries: 3)
        try Data([1]).write(to: URL(fileURLWithPath: test.path("ledger/tile/0/note.txt")))
        #expect(throws: LedgerError.self) { try LogCheck.run(directory: test.options.directory, verifier: test.signer.verifier) }
    }

    @Test("a log does not start when its newest segment is gone, cut, or damaged in the middle")
    func segments() async throws {
        let test = try await closedLog(entries: 40)
        let wal = test.path("ledger/wal")
        let segment = try #require(try FileManager.default.contentsOfDirectory(atPath: wal).filter { $0.hasSuffix(".wal") }.sorted().last)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: wal + "/" + segment))

        try FileManager.default.removeItem(atPath: wal + "/" + segment)
        expectRefusal(test, "is missing")

        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: wal + "/" + segment))
        expectRefusal(test, "its end was cut off")

        var damaged = bytes
        damaged[bytes.count / 3] ^= 0xff
        try damaged.write(to: URL(fileURLWithPath: wal + "/" + segment))
        expectRefusal(test, segment)

        try bytes.write(to: URL(fileURLWithPath: wal + "/" + segment))
        try test.open()
    }

    @Test("what a torn write left at the end of a segment is dropped, whole records before it are kept")
    func tornTail() async throws {
        let test = try TestLog()
        for _ in 0..<10 { try await test.log.record(event(), stream: .gateway) }
        #expect(try test.log.waitForIntegration())
        test.close()
        let wal = test.path("ledger/wal")
        let segment = try #require(try FileManager.default.contentsOfDirectory(atPath: wal).filter { $0.hasSuffix(".wal") }.sorted().last)
        let handle = try #require(FileHandle(forWritingAtPath: wal + "/" + segment))
        handle.seekToEndOfFile()
        handle.write(Data("CSF1".utf8) + Data(repeating: 7, count: 60))
        try handle.close()
        try test.open()
        try await test.log.record(event(), stream: .gateway)
        #expect(try test.log.waitForIntegration())
        #expect(try test.leaves().count == 11)
    }

    @Test("a log does not start with a head that is missing, altered, or older than what was published")
    func heads() async throws {
        let test = try await closedLog(entries: 3)
        let head = try Data(contentsOf: URL(fileURLWithPath: test.path("ledger/head")))
        try test.open()
        try await test.log.record(event(), stream: .gateway)
        #expect(try test.log.waitForIntegration())
        test.close()
        let newer = try Data(contentsOf: URL(fileURLWithPath: test.path("ledger/head")))

        try head.write(to: URL(fileURLWithPath: test.path("ledger/head")))
        expectRefusal(test, "older than the published checkpoint")

        var altered = newer
        altered[altered.count - 10] ^= 1
        try altered.write(to: URL(fileURLWithPath: test.path("ledger/head")))
        expectRefusal(test, "head")

        try FileManager.default.removeItem(atPath: test.path("ledger/head"))
        expectRefusal(test, "missing")

        try newer.write(to: URL(fileURLWithPath: test.path("ledger/head")))
        try test.open()
    }

    @Test("a truncated or deleted tile is named when the log starts")
    func tiles() async throws {
        let test = try await closedLog(entries: 300)
        for name in ["tile/0/000", "tile/entries/000", "tile/1/000.p/1", "tile/0/001.p/44"] {
            let path = test.path("ledger/" + name)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try bytes.prefix(bytes.count - 1).write(to: URL(fileURLWithPath: path))
            expectRefusal(test, String(name.prefix(7)))
            try FileManager.default.removeItem(atPath: path)
            expectRefusal(test, String(name.prefix(7)))
            try bytes.write(to: URL(fileURLWithPath: path))
        }
        try test.open()
    }
}
