import ArgumentParser
import Core

/// The period of a command.
struct PeriodOptions: ParsableArguments {
    @Option(help: "First moment: a date (2026-11-21) or a time in UTC (2026-11-21T10:00Z).")
    var from: String

    @Option(help: "The moment after the last.")
    var to: String

    func json(_ more: [String: JSONValue] = [:]) throws -> JSONValue {
        for text in [from, to] where Timestamp(parsing: text) == nil {
            throw ValidationError("\(text) is neither a date (2026-11-21) nor a time in UTC (2026-11-21T10:00Z)")
        }
        return .object(more.merging(["from": JSONValue(from), "to": JSONValue(to)]) { a, _ in a })
    }
}
