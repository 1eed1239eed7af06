package import Core

/// What checking a bundle showed, in words.
package struct BundleReport: Sendable {
    /// How far the log's history is held outside its operator's hands.
    package enum Anchoring: String, Sendable {
        /// A witness whose key the reader gave has signed this very checkpoint.
        case independentlyWitnessed = "independently witnessed"
        /// The log says that somebody else holds its root; the reader must ask them.
        case externallyAnchored = "externally anchored"
        /// Nobody but the operator vouches for it: a history rewritten with the log's key would look the same.
        case selfSignedOnly = "self-signed only"
    }

    /// Something is not what it claims to be: the bundle proves nothing.
    package internal(set) var fault: String?
    /// The records are genuine and complete as they are, but break a rule of their own.
    package internal(set) var findings: [String] = []
    package internal(set) var anchoring: Anchoring?
    package internal(set) var anchors: [String] = []
    package internal(set) var manifest: BundleManifest?
    package internal(set) var entries: UInt64 = 0
    package internal(set) var files = 0
    package internal(set) var bytes: UInt64 = 0
    package internal(set) var sources = 0
    package internal(set) var intents = 0
    package internal(set) var openIntents: [String] = []
    package internal(set) var answeredBefore = 0
    package internal(set) var dayManifests = 0
    package internal(set) var firstTime: String?
    package internal(set) var lastTime: String?
    package internal(set) var notes: [String] = []

    package var isSound: Bool { fault == nil && findings.isEmpty }

    /// What remains open, whatever was proved.
    package static let limits = [
        "Traffic that never passed through this gateway: only a provider's own usage or a probe can speak about it.",
        "What a stream had released before a crash: an aborted request may have had effects.",
        "Whether the log's key was in other hands, beyond the outside anchors named above.",
        "The truth of what others reported: a record says how it is known (assurance), not that it is so.",
    ]

    /// The account for a person.
    package var lines: [String] {
        if let fault { return ["NOT VALID: \(fault)", "Nothing in this bundle should be relied on."] }
        guard let manifest else { return ["NOT VALID: nothing was checked"] }
        var out = [
            "Every one of the \(bytes) bytes in \(files) files is what the holder of the log's key signed.",
            "Entries \(manifest.first) to \(manifest.end) (the end not included, \(entries) of them) are leaves of the log \(manifest.origin),"
                + " under its checkpoint of size \(manifest.checkpointSize), root \(manifest.checkpointRoot).",
        ]
        if let firstTime, let lastTime { out.append("They were recorded from \(firstTime) to \(lastTime).") }
        out.append(
            "\(sources) numbered sources, \(dayManifests) day manifests, \(intents) requests;"
                + " \(openIntents.count) of them without an outcome yet.")
        if answeredBefore > 0 { out.append("\(answeredBefore) outcomes answer requests from before this range.") }
        out += findings.map { "FINDING: \($0)" }
        if findings.isEmpty {
            out.append("No number is missing in any source, time never runs backwards, no request has two outcomes, the manifests agree.")
        }
        out += notes
        out.append("Outside anchoring: \(anchoring?.rawValue ?? "unknown").")
        out += anchors.map { "  \($0)" }
        out.append("What this cannot prove:")
        out += Self.limits.map { "  - \($0)" }
        return out
    }

    package var json: JSONValue {
        .compact([
            "anchoring": anchoring.map { .string($0.rawValue) }, "anchors": .array(anchors.map { .string($0) }),
            "cannot_prove": .array(Self.limits.map { .string($0) }), "entries": .int(Int64(clamping: entries)),
            "fault": fault.map { .string($0) }, "findings": .array(findings.map { .string($0) }), "first_time": firstTime.map { .string($0) },
            "intents": JSONValue(intents), "last_time": lastTime.map { .string($0) }, "manifest": manifest.map(\.summary),
            "notes": .array(notes.map { .string($0) }), "open_intents": .array(openIntents.prefix(1000).map { .string($0) }),
            "sound": .bool(isSound),
        ])
    }
}

extension BundleManifest {
    /// Without the list of files.
    var summary: JSONValue {
        var object = json.object ?? [:]
        object["files"] = nil
        return .object(object)
    }
}
