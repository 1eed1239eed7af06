import Core
import Ledger

/// Writes the hourly counters into the log: each hour once it is over and settled, and the present one when somebody asks.
struct CounterReporter: Sendable {
    let counters: HourlyCounters
    let ledger: Ledger
    private let identifiers = IdentifierMaker()
    private let clock: any WallClock = SystemClock()

    init(counters: HourlyCounters, ledger: Ledger) {
        self.counters = counters
        self.ledger = ledger
    }

    /// Accounts for requests that were under way when the last process died.
    func settle() throws {
        try counters.settle { hour in
            try ledger.index.count(
                of: EventType.inferenceRequested.name, from: Timestamp(microseconds: hour * Timestamp.hour),
                to: Timestamp(microseconds: (hour + 1) * Timestamp.hour))
        }
    }

    /// Reports hours that are over.
    func reportPast() async throws {
        let present = clock.now().microseconds / Timestamp.hour
        // A request may arrive in one hour and be recorded in the next: an hour waits for its last, but not for ever.
        try await record(counters.takeReports { hour, underWay in hour < present && (underWay == 0 || hour < present - 1) })
    }

    /// Reports all that is settled, the present hour so far included.
    func reportNow() async throws {
        try await record(counters.takeReports { _, _ in true })
    }

    private func record(_ reports: [HourlyCounters.Report]) async throws {
        for report in reports {
            let from = Timestamp(microseconds: report.hour * Timestamp.hour)
            let to = min(Timestamp(microseconds: from.microseconds + Timestamp.hour), clock.now())
            try await ledger.record(
                Event(
                    id: identifiers.make("evt").text, type: .counterReported, actor: .system, assurance: .enforced,
                    data: CanonicalObject([
                        "counter": JSONValue(report.counter), "from_at": JSONValue(from), "node": JSONValue(ledger.node), "to_at": JSONValue(to),
                        "value": JSONValue(report.value),
                    ])))
        }
    }
}
