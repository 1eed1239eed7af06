import ArgumentParser
import Core

struct ControlTestRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run control tests in the server over a period; the results go into the log.",
        discussion: "Exit status 1 where a test failed, could not be answered, or has no evidence: none of these is a pass.")

    @Argument(help: "Tests (RUN-01a) or controls (RUN-01); none means all.")
    var ids: [String] = []

    @OptionGroup var period: PeriodOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let answer = try await server.client().json(
            "POST", "/api/v1/control-tests/run", try period.json(["ids": .array(ids.map { JSONValue($0) })]))
        let results = answer["results"]?.array ?? []
        if options.output == .json {
            Terminal.output(CanonicalJSON.string(answer))
        } else {
            let rows = results.map { result in
                [result["test_id"]?.string ?? "", result["result"]?.string ?? ""]
                    + ["items", "passed", "failed", "errors", "not_applicable"].map { result["\($0)_count"]?.int.map(String.init) ?? "" }
            }
            Terminal.output(Terminal.table([["TEST", "RESULT", "ITEMS", "PASSED", "FAILED", "ERRORS", "N/A"]] + rows))
            for result in results {
                for item in (result["exceptions"]?.array ?? []).prefix(10) {
                    Terminal.output(
                        "  \(result["test_id"]?.string ?? "")  \(item["item_id"]?.string ?? "")  \(item["result"]?.string ?? "")  "
                            + "\(item["reason_code"]?.string ?? "")")
                }
            }
        }
        let bad = results.filter { ["fail", "error", "no_evidence"].contains($0["result"]?.string ?? "") }
        if !bad.isEmpty { throw FoundFault(message: "\(bad.count) of \(results.count) tests did not pass") }
    }
}
