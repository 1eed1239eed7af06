import Core

/// `counts.json`.
enum BundleCounts {
    static func json(_ counts: [String: Int64], range: Range<UInt64>) -> JSONValue {
        [
            "by_type": .object(counts.mapValues { .int($0) }), "end": .int(Int64(clamping: range.upperBound)),
            "entries": .int(Int64(clamping: range.count)), "first": .int(Int64(clamping: range.lowerBound)),
        ]
    }
}
