/// The canonical leaf of an event, complete but for the two values that are stamped at append: the time and the source's number.
///
/// The canonical order of members (RFC 8785) puts `recorded_at` and `source` in the middle, so the leaf is kept as one buffer with
/// a gap of fixed width for the time and a position for the number.
package struct LeafTemplate: Hashable, Sendable {
    /// The leaf with 27 bytes of room at ``timeOffset`` and without the number at ``numberOffset``.
    package private(set) var bytes: [UInt8]
    package let timeOffset: Int
    package let numberOffset: Int
    /// The event's type.
    package let type: String

    /// The greatest length of a leaf: the entry bundle's length prefix has 16 bits (C2SP tlog-tiles).
    package static let maximumLeafBytes = 65_535

    /// - Parameters:
    ///   - event: what happened.
    ///   - commitments: name and digest of each sealed content.
    ///   - source: who numbers it; the number itself comes at append.
    package init(_ event: Event, commitments: [(name: String, digest: SHA256Digest)] = [], source: EventSource) {
        var out: [UInt8] = []
        out.reserveCapacity(event.data.bytes.count + 768)
        func raw(_ text: StaticString) { text.withUTF8Buffer { out.append(contentsOf: $0) } }
        func string(_ name: StaticString, _ value: String) {
            raw(name)
            CanonicalJSON.append(value, to: &out)
        }
        raw("{")
        if let action = event.action {
            string("\"action\":", action)
            raw(",")
        }
        raw("\"actor\":{")
        if let human = event.actor.human {
            string("\"human\":", human)
            string(",\"id\":", event.actor.id)
        } else {
            string("\"id\":", event.actor.id)
        }
        if let session = event.actor.session { string(",\"session\":", session) }
        string(",\"type\":", event.actor.type)
        string("},\"assurance\":", event.assurance.rawValue)
        string(",\"classification\":", event.classification)
        if !commitments.isEmpty {
            // Their names differ: one container holds no two contents of one name.
            let members = commitments.count == 1 ? commitments : commitments.sorted { CanonicalJSON.precedes($0.name, $1.name) }
            raw(",\"commitments\":{")
            for (place, member) in members.enumerated() {
                if place > 0 { raw(",") }
                CanonicalJSON.append(member.name, to: &out)
                string(":", member.digest.description)
            }
            raw("}")
        }
        raw(",\"data\":")
        out.append(contentsOf: event.data.bytes)
        if let effectiveAt = event.effectiveAt { string(",\"effective_at\":", effectiveAt.description) }
        string(",\"id\":", event.id)
        if !event.marks.isEmpty {
            raw(",\"marks\":")
            CanonicalJSON.append(.array(event.marks.sorted().map { .string($0.rawValue) }), to: &out)
        }
        string(",\"outcome\":", event.outcome.rawValue)
        if let policy = event.policy { string(",\"policy\":", policy) }
        if let reasonCode = event.reasonCode { string(",\"reason_code\":", reasonCode) }
        raw(",\"recorded_at\":\"")
        timeOffset = out.count
        out.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: Timestamp.wireLength))
        raw("\"")
        if let resource = event.resource {
            string(",\"resource\":{\"id\":", resource.id)
            string(",\"type\":", resource.type)
            if let version = resource.version { string(",\"version\":", version) }
            raw("}")
        }
        string(",\"retention\":", event.retention)
        raw(",\"source\":{\"incarnation\":")
        CanonicalJSON.append(source.incarnation, to: &out)
        string(",\"node\":", source.node)
        raw(",\"seq\":")
        numberOffset = out.count
        string(",\"stream\":", source.stream)
        raw("}")
        if let subjectKey = event.subjectKey { string(",\"subject_key\":", subjectKey) }
        if let system = event.system { string(",\"system\":", system) }
        if let trace = event.trace { string(",\"trace\":", trace) }
        string(",\"type\":", event.type.name)
        raw(",\"v\":1}")
        bytes = out
        type = event.type.name
    }

    /// For templates that were stored (the outbox).
    package init?(bytes: [UInt8], timeOffset: Int, numberOffset: Int) {
        guard timeOffset > 0, timeOffset + Timestamp.wireLength < numberOffset, numberOffset < bytes.count else { return nil }
        // A leaf ends in its type and its version: that is the canonical order.
        let end = Array("\",\"v\":1}".utf8)
        guard bytes.suffix(end.count) == end[...], let quote = bytes.dropLast(end.count).lastIndex(of: UInt8(ascii: "\"")) else { return nil }
        type = String(decoding: bytes[(quote + 1)..<(bytes.count - end.count)], as: UTF8.self)
        self.bytes = bytes
        self.timeOffset = timeOffset
        self.numberOffset = numberOffset
    }

    /// Length of the leaf once stamped with this number.
    package func leafLength(number: Int64) -> Int { bytes.count + Self.digits(number) }

    /// Appends the stamped leaf.
    package func stamp(at time: Timestamp, number: Int64, into out: inout [UInt8]) {
        let start = out.count
        out.append(contentsOf: bytes[..<numberOffset])
        out.withUnsafeMutableBytes { buffer in
            time.write(to: UnsafeMutableRawBufferPointer(rebasing: buffer[(start + timeOffset)...]))
        }
        CanonicalJSON.append(number, to: &out)
        out.append(contentsOf: bytes[numberOffset...])
    }

    private static func digits(_ number: Int64) -> Int {
        var count = number < 0 ? 2 : 1
        var rest = number.magnitude
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }
}

/// Who numbers events without gaps (DESIGN: sources).
package struct EventSource: Hashable, Sendable {
    package let node: String
    package let incarnation: Int64
    /// `gateway` and `system` are numbered at append, `state` inside the transaction of its outbox.
    package let stream: String

    package init(node: String, incarnation: Int64, stream: String) {
        self.node = node
        self.incarnation = incarnation
        self.stream = stream
    }
}
