package import Core

/// A case as a log: its leaves, numbered and with their manifests.
package struct ExpandedCase: Sendable {
    package struct Leaf: Sendable {
        /// Its position before anything was lost.
        package let index: UInt64
        package let event: JSONValue
        /// Canonical JSON.
        package var bytes: [UInt8] { CanonicalJSON.encode(event) }
    }

    package let leaves: [Leaf]
    package let period: EvidencePeriod
}

extension FixtureFile {
    /// Makes the leaves of one case.
    /// - Throws: `malformed_fixture`.
    package func expand(_ fixtureCase: FixtureCase) throws -> ExpandedCase {
        var events = self.events.filter { event in event["tag"]?.string.map { !fixtureCase.drop.contains($0) } ?? true }
        for (path, value) in fixtureCase.set {
            let parts = path.split(separator: ".").map(String.init)
            guard parts.count >= 2, let hit = events.firstIndex(where: { $0["tag"]?.string == parts[0] }) else {
                throw AssuranceError(.malformedFixture, "case \(fixtureCase.name): nothing to set at \(path)")
            }
            events[hit] = Self.setting(.object(events[hit]), parts.dropFirst(), value).object ?? [:]
        }
        events += fixtureCase.add
        let times = fixtureCase.period ?? period
        guard times.count == 2 else { throw AssuranceError(.malformedFixture, "case \(fixtureCase.name): a period has two ends") }
        let period = try EvidencePeriod(start: Self.moment(times[0]), end: Self.moment(times[1]))
        if fixtureCase.manifests ?? manifests { events += Self.manifests(for: period) }
        let ordered = try events.enumerated()
            .map { (at: try Self.moment($0.element["at"]?.string ?? ""), place: $0.offset, event: $0.element) }
            .sorted { ($0.at, $0.place) < ($1.at, $1.place) }
        var numbering = FixtureNumbering()
        var leaves: [ExpandedCase.Leaf] = []
        for (index, entry) in ordered.enumerated() {
            let leaf = numbering.number(try Self.leaf(of: entry.event, at: entry.at), index: index)
            if let tag = entry.event["tag"]?.string, fixtureCase.lose.contains(tag) { continue }
            leaves.append(.init(index: UInt64(index), event: .object(leaf)))
        }
        return ExpandedCase(leaves: leaves, period: period)
    }

    private static func setting(_ node: JSONValue, _ path: ArraySlice<String>, _ value: JSONValue) -> JSONValue {
        guard let key = path.first else { return value }
        var object = node.object ?? [:]
        if path.count == 1, value == .null {
            object[key] = nil
        } else {
            object[key] = setting(object[key] ?? .object([:]), path.dropFirst(), value)
        }
        return .object(object)
    }

    private static func manifests(for period: EvidencePeriod) -> [[String: JSONValue]] {
        stride(from: period.start.microseconds, to: period.end.microseconds, by: Int(Timestamp.day)).map { day in
            let close = Timestamp(microseconds: day + Timestamp.day - 1_000_000)
            return [
                "type": "manifest.closed", "at": JSONValue(close), "resource": "log/main",
                "data": ["day": .string(Timestamp(microseconds: day).date)],
            ]
        }
    }

    private static func leaf(of event: [String: JSONValue], at time: Timestamp) throws -> [String: JSONValue] {
        var rest = event
        var leaf: [String: JSONValue] = ["v": 1, "type": event["type"] ?? .null, "recorded_at": JSONValue(time)]
        if let id = rest["id"] ?? rest["tag"] { leaf["id"] = id }
        for taken in ["id", "tag", "type", "at", "actor", "resource", "outcome", "assurance", "data"] { rest[taken] = nil }
        leaf["actor"] = actor(event["actor"] ?? "sys")
        if let resource = event["resource"]?.string {
            let parts = resource.split(separator: "/", omittingEmptySubsequences: false).map { JSONValue.string(String($0)) }
            guard parts.count >= 2 else { throw AssuranceError(.malformedFixture, "a resource needs a type and an id") }
            leaf["resource"] = .compact(["type": parts[0], "id": parts[1], "version": parts.count > 2 ? parts[2] : nil])
        }
        leaf["outcome"] = event["outcome"] ?? "success"
        leaf["assurance"] = event["assurance"] ?? "enforced"
        var data = event["data"]?.object ?? [:]
        for (key, value) in data where key.hasSuffix("_at") {
            if let text = value.string { data[key] = JSONValue(try moment(text)) }
        }
        leaf["data"] = .object(data)
        if let claimed = rest["effective_at"]?.string { rest["effective_at"] = JSONValue(try moment(claimed)) }
        return leaf.merging(rest) { _, given in given }
    }

    private static func actor(_ value: JSONValue) -> JSONValue {
        guard let text = value.string else { return value }
        guard let slash = text.firstIndex(of: "/") else { return ["type": "system", "id": .string(text)] }
        let human = String(text[text.index(after: slash)...])
        return .compact(["type": "user", "id": .string(String(text[..<slash])), "human": human.isEmpty ? nil : .string(human)])
    }
}

/// Numbers the events of a fixture by their source and writes its manifests, as a log would.
private struct FixtureNumbering {
    private var counters: [String: Int64] = [:]
    /// Since the last manifest.
    private var types: [(type: String, source: JSONValue)] = []
    private var intents: [String] = []
    private var answered: Set<String> = []

    mutating func number(_ event: [String: JSONValue], index: Int) -> [String: JSONValue] {
        var leaf = event
        let padded = String(index)
        let id = leaf["id"]?.string ?? "evt_" + String(repeating: "0", count: max(0, 6 - padded.count)) + padded
        leaf["id"] = .string(id)
        let type = leaf["type"]?.string ?? ""
        let stream = type.hasPrefix("inference.") ? "gateway" : "state"
        let number = counters[stream, default: -1] + 1
        counters[stream] = number
        let source = leaf["source"] ?? ["node": "n1", "incarnation": 1, "stream": .string(stream), "seq": .int(number)]
        leaf["source"] = source
        var data = leaf["data"]?.object ?? [:]
        if type == "manifest.closed", data["counts"] == nil {
            data.merge(manifest(at: index)) { _, new in new }
            leaf["data"] = .object(data)
            types = []
        } else {
            types.append((type, source))
        }
        if type == "inference.requested" { intents.append(id) }
        if let request = data["request_id"]?.string { answered.insert(request) }
        return leaf
    }

    private func manifest(at index: Int) -> [String: JSONValue] {
        var counts: [String: JSONValue] = [:]
        var order: [[JSONValue?]] = []
        var ranges: [[JSONValue?]: (Int64, Int64)] = [:]
        for (type, source) in types {
            counts[type] = .int((counts[type]?.int ?? 0) + 1)
            let key = [source["node"], source["incarnation"], source["stream"]]
            let number = source["seq"]?.int ?? 0
            if ranges[key] == nil { order.append(key) }
            let (low, high) = ranges[key] ?? (number, number)
            ranges[key] = (min(low, number), max(high, number))
        }
        let sources = order.map { key -> JSONValue in
            let (low, high) = ranges[key] ?? (0, 0)
            return .compact(["node": key[0], "incarnation": key[1], "stream": key[2], "first": .int(low), "last": .int(high)])
        }
        return [
            "first_idx": JSONValue(index - types.count), "last_idx": JSONValue(index - 1), "counts": .object(counts),
            "sources": .array(sources), "open_intents": .array(intents.filter { !answered.contains($0) }.map { .string($0) }),
        ]
    }
}
