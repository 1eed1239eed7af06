package import Core

/// The time that a test judges, [start, end).
package struct EvidencePeriod: Hashable, Sendable {
    package let start: Timestamp
    package let end: Timestamp

    /// - Throws: `out_of_range` for a period that is empty, or longer than eleven years.
    package init(start: Timestamp, end: Timestamp) throws(AssuranceError) {
        guard start < end, end.microseconds - start.microseconds <= 4018 * Timestamp.day else {
            throw AssuranceError(.outOfRange, "the period \(start) to \(end) is empty or too long")
        }
        self.start = start
        self.end = end
    }
}
