import Assurance
import Foundation
import Testing

@Suite("Archive")
struct ArchiveTests {
    private func refused(_ bytes: [UInt8]) throws -> Bool {
        let folder = try TemporaryFolder()
        let path = folder.file("a.zip")
        try Data(bytes).write(to: URL(filePath: path))
        do {
            let archive = try ArchiveReader(path: path)
            for record in archive.records { try archive.read(record) { _ in } }
            return false
        } catch { return true }
    }

    private func made() throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let writer = try ArchiveWriter(path: folder.file("a.zip"))
        _ = try writer.add("a.txt", Array("hello".utf8))
        _ = try writer.add("d/empty", [])
        try writer.finish()
        return try Array(Data(contentsOf: URL(filePath: folder.file("a.zip"))))
    }

    @Test("what is written is read")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("a.zip")
        let writer = try ArchiveWriter(path: path)
        let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        _ = try writer.add("large", large)
        _ = try writer.add("p/q.r/s-t_u", Array("x".utf8))
        try writer.finish()
        let reader = try ArchiveReader(path: path)
        #expect(reader.records.map(\.name) == ["large", "p/q.r/s-t_u"])
        #expect(try reader.bytes(of: "large", limit: 3_000_000) == large)
        #expect(throws: AssuranceError.self) { try reader.bytes(of: "large", limit: 2_999_999) }
    }

    @Test(
        "names that leave the folder, or that two systems read differently, are refused",
        arguments: ["../a", "/a", "a//b", "a/../b", ".hidden", "a/", "", "ä", "a\\b", "a b", String(repeating: "a", count: 201)])
    func names(name: String) throws {
        let folder = try TemporaryFolder()
        let writer = try ArchiveWriter(path: folder.file("a.zip"))
        #expect(throws: AssuranceError.self) { try writer.add(name, []) }
    }

    @Test("every single flipped bit is found")
    func flippedBits() throws {
        let good = try made()
        let isGoodRefused = try refused(good)
        #expect(!isGoodRefused)
        var passed: [Int] = []
        for bit in 0..<good.count * 8 {
            var bytes = good
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            if try !refused(bytes) { passed.append(bit) }
        }
        #expect(passed == [])
    }

    @Test("every truncation is found, and bytes before, after and between")
    func lengths() throws {
        let good = try made()
        for count in 0..<good.count { #expect(try refused(Array(good.prefix(count)))) }
        #expect(try refused(good + [0]))
        #expect(try refused([0] + good))
        #expect(try refused(good.prefix(40) + [0] + good.dropFirst(40)))
    }

    @Test("bytes from elsewhere are refused, whatever they say")
    func noise() throws {
        var generator = SystemRandomNumberGenerator()
        let good = try made()
        for _ in 0..<500 {
            var bytes = good
            for _ in 0..<4 { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator) }
            if bytes != good { #expect(try refused(bytes)) }
        }
    }
}
