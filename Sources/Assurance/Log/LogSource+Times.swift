package import Core
import MerkleLog

extension LogSource {
    /// Index of the first entry recorded at or after a moment, by binary search: `recorded_at` is monotone with the index (I6).
    /// - Parameter size: entries of the tree that is searched.
    /// - Returns: `size` where there is none.
    package func firstIndex(recordedAtOrAfter time: Timestamp, size: UInt64) throws -> UInt64 {
        var low: UInt64 = 0
        var high = size
        while low < high {
            let middle = low + (high - low) / 2
            if try recordedAt(of: middle, size: size) < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The entries that a bundle over a period holds: from the log's start, so that what was in force is known, to the manifest that closes
    /// the period's last day.
    /// - Parameter fromPeriodStart: leaves out what was recorded before the period. Then nothing that was configured earlier is known.
    package func entries(covering period: EvidencePeriod, size: UInt64, fromPeriodStart: Bool = false) throws -> Range<UInt64> {
        let first = fromPeriodStart ? try firstIndex(recordedAtOrAfter: period.start, size: size) : 0
        let end = try firstIndex(recordedAtOrAfter: period.end, size: size)
        let lastDay = Timestamp(microseconds: period.end.microseconds - 1).date
        var last = size
        // The manifest of a day is among the first entries of the next one.
        try eachLeaf(in: end..<min(size, end + 10_000), size: size) { index, leaf in
            guard last == size, let event = try? JSONParser.parse(leaf), event["type"]?.string == EventType.manifestClosed.name,
                event["data"]?["day"]?.string == lastDay
            else { return }
            last = index + 1
        }
        return min(first, last)..<last
    }

    private func recordedAt(of index: UInt64, size: UInt64) throws -> Timestamp {
        var time: Timestamp?
        try eachLeaf(in: index..<index + 1, size: size) { _, leaf in
            time = try JSONParser.parse(leaf)["recorded_at"]?.string.flatMap { Timestamp(parsing: $0) }
        }
        guard let time else { throw AssuranceError(.malformedLeaf, "entry \(index) has no time") }
        return time
    }
}
