package import Core

/// What one control test said about one period.
package struct ControlTestResult: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        package let id: String
        /// `pass`, `fail`, `not_applicable` or `error`.
        package let result: String
        package let reasonCode: String
        /// Index of the entry that shows it.
        package let evidenceIndex: Int64?

        package init(id: String, result: String, reasonCode: String, evidenceIndex: Int64?) {
            self.id = id
            self.result = result
            self.reasonCode = reasonCode
            self.evidenceIndex = evidenceIndex
        }

        /// Its canonical form, a line of the population.
        package var json: JSONValue {
            .compact([
                "evidence_idx": evidenceIndex.map { JSONValue($0) }, "item_id": .string(id), "reason_code": .string(reasonCode),
                "result": .string(result),
            ])
        }
    }

    package struct Parameter: Hashable, Sendable {
        package let name: String
        package let declaredValue: Int64
        /// After clamping to the catalogue's floor.
        package let value: Int64
        package let deviationFromDefault: Int64
        package let isBeyondFloor: Bool

        package var json: JSONValue {
            [
                "beyond_floor": .bool(isBeyondFloor), "declared_value": .int(declaredValue), "deviation_from_default": .int(deviationFromDefault),
                "name": .string(name), "value": .int(value),
            ]
        }
    }

    package let testID: String
    package let definitionDigest: SHA256Digest
    package let period: EvidencePeriod
    /// `pass`, `fail`, `error`, `not_applicable`, `no_occurrences` or `no_evidence`.
    package internal(set) var result: String
    package internal(set) var items = 0
    package internal(set) var passed = 0
    package internal(set) var failed = 0
    package internal(set) var errors = 0
    package internal(set) var notApplicable = 0
    /// Items that did not pass, in the order of their ids, at most ``itemsKept``.
    package internal(set) var exceptions: [Item] = []
    /// Of every item, sorted, one canonical line each.
    package internal(set) var populationDigest: SHA256Digest
    package internal(set) var parameters: [Parameter] = []
    /// `simulated`, `solo`: what the period holds marked events of.
    package internal(set) var marks: [String] = []
    /// Index range of the log that was read, both ends in it; nil for an empty one.
    package internal(set) var firstIndex: Int64?
    package internal(set) var lastIndex: Int64?
    /// Why it could not be run; then ``result`` is `error` (I8).
    package internal(set) var failure: String?

    package static let itemsKept = 1000

    package var parametersDigest: SHA256Digest {
        SHA256Digest(hashing: CanonicalJSON.encode(.array(parameters.map(\.json))))
    }

    package var json: JSONValue {
        .compact([
            "definition_digest": JSONValue(definitionDigest), "errors_count": JSONValue(errors),
            "exceptions": .array(exceptions.map(\.json)), "exceptions_left_out": .bool(exceptions.count < items - passed),
            "failed_count": JSONValue(failed), "failure": failure.map { .string($0) }, "first_idx": firstIndex.map { JSONValue($0) },
            "from_at": JSONValue(period.start), "items_count": JSONValue(items), "last_idx": lastIndex.map { JSONValue($0) },
            "marks": .array(marks.map { .string($0) }), "not_applicable_count": JSONValue(notApplicable),
            "parameters": .array(parameters.map(\.json)), "parameters_digest": JSONValue(parametersDigest),
            "passed_count": JSONValue(passed), "population_digest": JSONValue(populationDigest), "result": .string(result),
            "test_id": .string(testID), "to_at": JSONValue(period.end),
        ])
    }
}
