import Core

/// The tallies of an integrated size, kept beside the log so that a start need not read it from the beginning. Derived, and checked
/// against the root of that size before it is believed; without it they are made again from the leaves.
extension Sequencer {
    func snapshot(root: String) -> JSONValue {
        .compact([
            "v": 1,
            "node": JSONValue(node),
            "size": JSONValue(Int64(size)),
            "root": JSONValue(root),
            "high_water": .array(highWater.map { .array(Self.encode($0.key) + [JSONValue($0.value)]) }),
            "open_intents": .array(
                openIntents.map { id, intent in .array([JSONValue(id), JSONValue(Int64(intent.index)), intent.system.map(JSONValue.string) ?? .null])
                }),
            "counts": .object(counts.mapValues(JSONValue.int)),
            "ranges": .array(ranges.map { .array(Self.encode($0.key) + [JSONValue($0.value.first), JSONValue($0.value.last)]) }),
            "manifest_first": JSONValue(Int64(manifestFirst)),
            "last_manifest_day": lastManifestDay.map(JSONValue.string),
            "last_time": JSONValue(lastTime.microseconds),
            "first_time": firstTime.map { JSONValue($0.microseconds) },
        ])
    }

    /// - Returns: nil where the value is no snapshot of this version.
    init?(snapshot: JSONValue) {
        guard snapshot["v"] == 1, let node = snapshot["node"]?.string, let size = snapshot["size"]?.int, size >= 0,
            let manifestFirst = snapshot["manifest_first"]?.int, manifestFirst >= 0, let lastTime = snapshot["last_time"]?.int,
            let counts = snapshot["counts"]?.object, let highWater = snapshot["high_water"]?.array, let ranges = snapshot["ranges"]?.array,
            let intents = snapshot["open_intents"]?.array
        else { return nil }
        self.init(node: node, incarnation: 0)
        var restored = Restored()
        for entry in highWater {
            guard let entry = entry.array, entry.count == 4, let source = Self.source(entry), let number = entry[3].int else { return nil }
            restored.highWater[source] = number
        }
        for entry in ranges {
            guard let entry = entry.array, entry.count == 5, let source = Self.source(entry), let first = entry[3].int, let last = entry[4].int
            else { return nil }
            restored.ranges[source] = Range(first: first, last: last)
        }
        for entry in intents {
            guard let entry = entry.array, entry.count == 3, let id = entry[0].string, let index = entry[1].int, index >= 0 else { return nil }
            restored.openIntents[id] = OpenIntent(system: entry[2].string, index: UInt64(index))
        }
        for (type, count) in counts {
            guard let count = count.int else { return nil }
            restored.counts[type] = count
        }
        restored.size = UInt64(size)
        restored.manifestFirst = UInt64(manifestFirst)
        restored.lastManifestDay = snapshot["last_manifest_day"]?.string
        restored.lastTime = Timestamp(microseconds: lastTime)
        restored.firstTime = snapshot["first_time"]?.int.map(Timestamp.init(microseconds:))
        restore(restored)
    }

    private static func encode(_ source: EventSource) -> [JSONValue] {
        [JSONValue(source.node), JSONValue(source.incarnation), JSONValue(source.stream)]
    }

    private static func source(_ entry: [JSONValue]) -> EventSource? {
        guard let node = entry[0].string, let incarnation = entry[1].int, let stream = entry[2].string else { return nil }
        return EventSource(node: node, incarnation: incarnation, stream: stream)
    }
}
