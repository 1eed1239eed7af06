import Core

/// A fixture of a control test: a head, events, and cases that each change one thing (JSON lines).
///
/// Events have short forms: `at` for `recorded_at`, `actor` as `principal/human`, `resource` as `type/id/version`, and a `tag` by which
/// the cases name them and which becomes their id.
package struct FixtureFile: Sendable {
    package let testID: String
    let period: [String]
    let manifests: Bool
    let events: [[String: JSONValue]]
    package let cases: [FixtureCase]

    /// - Throws: `malformed_fixture`.
    package init(lines text: String) throws {
        var head: [String: JSONValue]?
        var events: [[String: JSONValue]] = []
        var cases: [FixtureCase] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !line.allSatisfy(\.isWhitespace) else { continue }
            func malformed(_ why: String) -> AssuranceError { AssuranceError(.malformedFixture, "fixture, line \(number + 1): \(why)") }
            let value: JSONValue
            do {
                value = try JSONParser.parse(Array(line.utf8))
            } catch {
                throw malformed("\(error)")
            }
            guard let object = value.object else { throw malformed("not an object") }
            if head == nil {
                head = object
            } else if object["case"] != nil {
                guard let fixtureCase = FixtureCase(object) else { throw malformed("not a case") }
                cases.append(fixtureCase)
            } else {
                guard object["type"]?.string != nil, object["at"]?.string != nil else { throw malformed("an event needs type and at") }
                events.append(object)
            }
        }
        guard let head, let id = head["fixture"]?.string, let period = FixtureCase.strings(head["period"]), period.count == 2 else {
            throw AssuranceError(.malformedFixture, "the fixture's first line must name its test and its period")
        }
        testID = id
        self.period = period
        manifests = head["manifests"]?.bool ?? true
        self.events = events
        self.cases = cases
    }

    /// Reads a moment in the fixtures' short forms.
    static func moment(_ text: String) throws -> Timestamp {
        var text = text[...]
        while text.hasSuffix("Z") { text.removeLast() }
        guard let time = Timestamp(parsing: text.contains("T") ? text + "Z" : text) else {
            throw AssuranceError(.malformedFixture, "not a time: \(text)")
        }
        return time
    }
}

/// One case of a fixture: what it changes, and what must follow.
package struct FixtureCase: Sendable {
    package let name: String
    /// The failure mode of the catalogue that it shows.
    package let covers: String?
    /// Path (`tag.member.member`) to value; null removes the member.
    let set: [(path: String, value: JSONValue)]
    /// Tags of events that never happened.
    let drop: [String]
    /// Tags of events that were lost after they were numbered.
    let lose: [String]
    let add: [[String: JSONValue]]
    let period: [String]?
    let manifests: Bool?
    package let recomputed: [EvidenceFact]
    package let expectedSummary: String
    /// Item to `result:reason`, or `pass`; items not named must pass.
    package let expectedItems: [String: String]

    init?(_ object: [String: JSONValue]) {
        let known: Set = ["case", "covers", "set", "drop", "lose", "add", "period", "manifests", "recomputed", "expect"]
        guard Set(object.keys).isSubset(of: known), let name = object["case"]?.string, let expect = object["expect"]?.object,
            let summary = expect["summary"]?.string
        else { return nil }
        self.name = name
        covers = object["covers"]?.string
        set = (object["set"]?.object ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        drop = Self.strings(object["drop"]) ?? []
        lose = Self.strings(object["lose"]) ?? []
        add = (object["add"]?.array ?? []).compactMap(\.object)
        period = Self.strings(object["period"])
        manifests = object["manifests"]?.bool
        var facts: [EvidenceFact] = []
        for row in object["recomputed"]?.array ?? [] {
            guard let row = Self.strings(row), row.count == 4 else { return nil }
            facts.append(EvidenceFact(name: row[0], itemID: row[1], value: row[2], method: row[3]))
        }
        recomputed = facts
        expectedSummary = summary
        expectedItems = (expect["items"]?.object ?? [:]).compactMapValues(\.string)
    }

    static func strings(_ value: JSONValue?) -> [String]? {
        guard let elements = value?.array else { return nil }
        let strings = elements.compactMap(\.string)
        return strings.count == elements.count ? strings : nil
    }
}
