import Assurance
import Core
import Testing

@Suite("Times of a log")
struct LogTimeTests {
    @Test("a moment is found where it lies, and a period ends with its last day's manifest")
    func search() throws {
        let synthetic = try SyntheticLog(requests: 200, days: 3)
        let log = try synthetic.log()
        let size = UInt64(synthetic.leaves.count)
        let times = try synthetic.leaves.map { try Timestamp(parsing: JSONParser.parse($0)["recorded_at"]?.string ?? "") ?? .init(microseconds: 0) }
        for probe in ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04T12:00Z", "2026-03-09"] {
            let time = try #require(Timestamp(parsing: probe))
            #expect(try log.firstIndex(recordedAtOrAfter: time, size: size) == UInt64(times.firstIndex { $0 >= time } ?? times.count))
        }
        // The day's manifest was written before midnight here, so that the search finds none after it: everything is taken.
        #expect(try log.entries(covering: SyntheticLog.period.get(), size: size) == 0..<size)
        let second = try EvidencePeriod(start: #require(Timestamp(parsing: "2026-03-03")), end: #require(Timestamp(parsing: "2026-03-04")))
        #expect(try log.entries(covering: second, size: size, fromPeriodStart: true).lowerBound == 403)
    }
}
