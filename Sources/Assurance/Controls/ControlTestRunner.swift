import Core
import Crypto
import GRDBSQLite

extension EvidenceDatabase {
    /// Runs a control test.
    ///
    /// Never throws: what cannot be run is an `error`, and an error is never a pass (I8).
    /// - Parameter told: of every item, in the order of their ids.
    package func run(_ test: ControlTest, item told: (ControlTestResult.Item) throws -> Void = { _ in }) -> ControlTestResult {
        var result = ControlTestResult(
            testID: test.id, definitionDigest: test.digest, period: period, result: "error", populationDigest: SHA256Digest(hashing: []))
        do {
            try connection.run(test.sql, named: "control test \(test.id)", skippingQueries: true)
            try readItems(of: test, into: &result, told)
            try readSummary(of: test, into: &result)
            try readParameters(of: test, into: &result)
            try readContext(into: &result)
        } catch {
            result.result = "error"
            result.failure = "\(error)"
        }
        // The next test must not see this one's views, whatever happened.
        dropTestViews()
        return result
    }

    private func dropTestViews() {
        for view in ["summary", "item", "evidence"] { try? connection.run("DROP VIEW IF EXISTS temp.\(view)") }
    }

    private func malformed(_ test: ControlTest, _ why: String) -> AssuranceError {
        AssuranceError(.malformedTest, "control test \(test.id): \(why)")
    }

    private func readItems(of test: ControlTest, into result: inout ControlTestResult, _ told: (ControlTestResult.Item) throws -> Void) throws {
        var population = SHA256()
        var previous: String?
        let query = "SELECT item_id, result, reason_code, evidence_idx FROM item ORDER BY item_id, result, reason_code, evidence_idx"
        let rows = try connection.prepare(query)
        while try rows.step() {
            let row = rows.row
            guard let id = row.text(0), let verdict = row.text(1), let reason = row.text(2) else {
                throw malformed(test, "an item with no id or result")
            }
            guard id != previous else { throw malformed(test, "two rows for the item \(id)") }
            previous = id
            let item = ControlTestResult.Item(id: id, result: verdict, reasonCode: reason, evidenceIndex: row.integer(3))
            result.items += 1
            switch verdict {
            case "pass": result.passed += 1
            case "fail": result.failed += 1
            case "error": result.errors += 1
            case "not_applicable": result.notApplicable += 1
            default: throw malformed(test, "the item \(id) has the unknown result \(verdict)")
            }
            if verdict != "pass", result.exceptions.count < ControlTestResult.itemsKept { result.exceptions.append(item) }
            population.update(data: CanonicalJSON.encode(item.json))
            population.update(data: [UInt8(ascii: "\n")])
            try told(item)
        }
        result.populationDigest = SHA256Digest(population.finalize())
    }

    /// The summary is the test's own; the counts that it gives must be those of the items.
    private func readSummary(of test: ControlTest, into result: inout ControlTestResult) throws {
        let statement = try connection.prepare("SELECT result, items, passed, failed, errors, not_applicable FROM summary")
        guard try statement.step() else { throw malformed(test, "no summary") }
        let row = statement.row
        guard let summary = row.text(0), ControlTest.results.contains(summary) else { throw malformed(test, "an unknown summary") }
        let counts = (1...5).map { row.integer(CInt($0)) ?? -1 }
        guard counts == [result.items, result.passed, result.failed, result.errors, result.notApplicable].map(Int64.init) else {
            throw malformed(test, "the summary counts other items than there are")
        }
        result.result = summary
    }

    private func readParameters(of test: ControlTest, into result: inout ControlTestResult) throws {
        for name in test.parameters {
            let query = "SELECT declared_value, value, deviation_from_default, beyond_floor FROM parameters WHERE name = ? ORDER BY from_idx"
            let statement = try connection.prepare(query)
            statement.bind(1, name)
            while try statement.step() {
                let row = statement.row
                guard let declared = row.integer(0), let value = row.integer(1), let deviation = row.integer(2), let beyond = row.integer(3) else {
                    throw malformed(test, "the parameter \(name) has no value")
                }
                result.parameters.append(
                    .init(name: name, declaredValue: declared, value: value, deviationFromDefault: deviation, isBeyondFloor: beyond != 0))
            }
        }
    }

    private func readContext(into result: inout ControlTestResult) throws {
        for mark in ["simulated", "solo"] {
            let query = "SELECT EXISTS (SELECT 1 FROM v_period_event WHERE is_\(mark) = 1)"
            if try connection.integer(query) == 1 { result.marks.append(mark) }
        }
        result.firstIndex = try connection.integer("SELECT min(idx) FROM leaf")
        result.lastIndex = try connection.integer("SELECT max(idx) FROM leaf")
    }
}
