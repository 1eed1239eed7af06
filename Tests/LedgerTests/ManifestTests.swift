import Core
import Foundation
import Ledger
import Synchronization
import Testing

/// A clock that a test moves.
final class MovedClock: WallClock {
    private let time: Mutex<Timestamp>

    init(_ text: String) throws { time = Mutex(try #require(Timestamp(parsing: text))) }

    func now() -> Timestamp { time.withLock { $0 } }

    func move(to text: String) throws {
        let next = try #require(Timestamp(parsing: text))
        time.withLock { $0 = next }
    }
}

@Suite struct ManifestTests {
    @Test("a day is closed once, with the counts and numbers of exactly the entries between two manifests")
    func closing() async throws {
        let clock = try MovedClock("2026-03-01T10:00Z")
        let test = try TestLog(systemEntries: true, clock: clock)
        for _ in 0..<5 { try await test.log.record(event(.factRecorded), stream: .gateway) }
        try await test.log.record(event(.inferenceRequested, id: "inf_open"), stream: .gateway)
        try clock.move(to: "2026-03-02T00:00:01Z")
        try await waitFor { try test.manifests().count == 1 }
        try await test.log.record(event(.factRecorded), stream: .gateway)
        try clock.move(to: "2026-03-03T08:00Z")
        try await waitFor { try test.manifests().count == 2 }
        let leaves = try test.leaves()
        let manifests = try test.manifests()
        #expect(manifests.map { $0["data"]?["day"] } == ["2026-03-01", "2026-03-02"])
        for manifest in manifests {
            let first = try #require(manifest["data"]?["first_idx"]?.int)
            let last = try #require(manifest["data"]?["last_idx"]?.int)
            let counts = try #require(manifest["data"]?["counts"]?.object)
            let rows = leaves[Int(first)...Int(last)]
            #expect(counts.values.compactMap(\.int).reduce(0, +) == Int64(rows.count))
            for (type, count) in counts { #expect(rows.filter { $0["type"]?.string == type }.count == Int(try #require(count.int))) }
            #expect(leaves[Int(last) + 1] == manifest)
        }
        #expect(manifests.allSatisfy { $0["data"]?["open_intents"] == ["inf_open"] })
    }

    @Test("time never runs backwards in the log, whatever the clock does")
    func monotone() async throws {
        let clock = try MovedClock("2026-03-01T10:00Z")
        let test = try TestLog(clock: clock)
        try await test.log.record(event(), stream: .gateway)
        try clock.move(to: "2026-03-01T09:00Z")
        try await test.log.record(event(), stream: .gateway)
        test.close()
        try test.open()
        try await test.log.record(event(), stream: .gateway)
        #expect(try test.log.waitForIntegration())
        let times = try test.leaves().compactMap { $0["recorded_at"]?.string }
        #expect(times.count == 3 && times == times.sorted())
    }

    private func waitFor(_ condition: () throws -> Bool) async throws {
        for _ in 0..<200 {
            if try condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("it did not happen within ten seconds")
    }
}
