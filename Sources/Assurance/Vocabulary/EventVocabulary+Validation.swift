import Core

extension EventVocabulary {
    /// Something in a leaf that the vocabulary does not allow.
    package struct Fault: Hashable, Sendable, CustomStringConvertible {
        package enum Code: String, Sendable {
            case notAnEvent = "not_an_event"
            case unknownType = "unknown_type"
            case unknownMember = "unknown_member"
            case missing
            case wrongKind = "wrong_kind"
        }
        package let code: Code
        /// Where, for example `data.tree_size`.
        package let member: String
        /// The leaf's type, where it has one.
        package let type: String

        package var description: String { "\(type.isEmpty ? "leaf" : type): \(code.rawValue) \(member)" }
    }

    private static let members: Set = [
        "v", "id", "type", "recorded_at", "effective_at", "source", "actor", "action", "resource", "system", "outcome", "reason_code", "policy",
        "trace", "assurance", "marks", "classification", "retention", "subject_key", "commitments", "data",
    ]
    private static let always = [
        "id", "type", "recorded_at", "source.node", "source.incarnation", "source.stream", "source.seq", "actor.type", "actor.id", "outcome",
        "assurance", "classification", "retention",
    ]

    /// Checks one leaf.
    /// - Parameters:
    ///   - leaf: its bytes; they must be canonical, which rules out floating-point numbers.
    ///   - unresolvedHumans: lets `actor.human` be absent: nobody could be resolved, which the control tests judge.
    /// - Returns: what is wrong; empty for a good leaf.
    package func validate(_ leaf: [UInt8], unresolvedHumans: Bool = false) -> [Fault] {
        guard let event = try? JSONParser.parse(leaf), CanonicalJSON.encode(event) == leaf, let object = event.object, event["v"]?.int == 1 else {
            return [Fault(code: .notAnEvent, member: "", type: "")]
        }
        let type = event["type"]?.string ?? ""
        var faults: [Fault] = []
        func fault(_ code: Fault.Code, _ member: String) { faults.append(Fault(code: code, member: member, type: type)) }
        for name in object.keys.sorted() where !Self.members.contains(name) { fault(.unknownMember, name) }
        for path in Self.always where Self.value(event, path) == nil { fault(.missing, path) }
        checkEnvelope(event, fault)
        guard let rule = types[type] else {
            fault(.unknownType, "type")
            return faults
        }
        for group in rule.mustFill where !group.contains(where: { Self.isFilled(event, $0) }) {
            if unresolvedHumans, group == ["actor.human"] { continue }
            fault(.missing, group.joined(separator: " or "))
        }
        for (name, value) in (event["data"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let kind = rule.fields[name] else {
                fault(.unknownMember, "data.\(name)")
                continue
            }
            if !kind.allows(value) { fault(.wrongKind, "data.\(name)") }
        }
        if type == EventType.configChanged.name { checkAttributes(event, fault) }
        return faults
    }

    private func checkEnvelope(_ event: JSONValue, _ fault: (Fault.Code, String) -> Void) {
        let words: [(String, [String])] = [
            ("outcome", ["success", "failure", "denied", "unknown"]), ("assurance", ["enforced", "observed", "reported", "attested"]),
            ("classification", Classification.all), ("actor.type", ["user", "service", "agent", "system"]),
        ]
        for (path, allowed) in words {
            if let value = Self.value(event, path), !Kind.word(allowed).allows(value) { fault(.wrongKind, path) }
        }
        for path in ["recorded_at", "effective_at"] {
            if let value = Self.value(event, path), !Kind.time.allows(value) { fault(.wrongKind, path) }
        }
        for path in ["source.incarnation", "source.seq"] {
            if let value = Self.value(event, path), (value.int ?? -1) < 0 { fault(.wrongKind, path) }
        }
        for path in [
            "id", "source.node", "source.stream", "actor.id", "actor.human", "actor.session", "action", "resource.type", "resource.id",
            "resource.version", "system", "reason_code", "policy", "trace", "retention", "subject_key",
        ] {
            if let value = Self.value(event, path), !Kind.id.allows(value) { fault(.wrongKind, path) }
        }
        if let marks = event["marks"] {
            let known = ["drill", "simulated", "solo"].map { JSONValue.string($0) }
            if marks.array?.allSatisfy(known.contains) != true { fault(.wrongKind, "marks") }
        }
        if let commitments = event["commitments"] {
            if commitments.object?.values.allSatisfy({ Kind.digest.allows($0) }) != true { fault(.wrongKind, "commitments") }
        }
        if event["data"]?.object == nil { fault(.missing, "data") }
    }

    private func checkAttributes(_ event: JSONValue, _ fault: (Fault.Code, String) -> Void) {
        guard let given = event["data"]?["attributes"]?.object, let kind = event["resource"]?["type"]?.string else { return }
        guard let known = attributes[kind] else { return fault(.unknownMember, "resource.type") }
        for name in given.keys.sorted() where !known.contains(name) { fault(.unknownMember, "data.attributes.\(name)") }
    }

    private static func value(_ event: JSONValue, _ path: String) -> JSONValue? {
        path.split(separator: ".").reduce(Optional(event)) { $0?[String($1)] }
    }

    private static func isFilled(_ event: JSONValue, _ path: String) -> Bool {
        // "actor" is always there; what the vocabulary means by it is that somebody is named.
        guard let value = value(event, path == "actor" ? "actor.id" : path) else { return false }
        return value != .null && value != .string("")
    }
}

extension EventVocabulary.Kind {
    /// Whether a value is of this kind.
    func allows(_ value: JSONValue) -> Bool {
        switch self {
        case .integer: return value.int != nil
        case .boolean: return value.bool != nil
        case .list: return value.array != nil
        case .map: return value.object != nil
        case .digest: return value.string.map { SHA256Digest(parsing: $0) != nil } ?? false
        case .time: return value.string.map { $0.utf8.count == Timestamp.wireLength && Timestamp(parsing: $0) != nil } ?? false
        case .date: return value.string.map { $0.utf8.count == 10 && Timestamp(parsing: $0) != nil } ?? false
        case .id, .text: return value.string.map { !$0.isEmpty && $0.utf8.count <= 512 } ?? false
        case .word(let allowed):
            guard let text = value.string else { return false }
            if !allowed.isEmpty { return allowed.contains(text) }
            return !text.isEmpty && text.utf8.count <= 64
                && text.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"):
                        true
                    default: false
                    }
                }
        }
    }
}
