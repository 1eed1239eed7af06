/// One event, before it is stamped with its time and its place in the log.
///
/// It becomes a leaf of the log, which holds no personal data in clear (I3): ids, enumerations, integers and digests only.
/// Words that people wrote go beside it as ``Content``, which is sealed.
package struct Event: Sendable {
    /// `evt_…`, or `inf_…` for an intent.
    package var id: String
    package var type: EventType
    /// What somebody claims; never used to prove "before" (I6).
    package var effectiveAt: Timestamp?
    package var actor: Actor
    package var action: String?
    package var resource: Resource?
    /// The AI system concerned.
    package var system: String?
    package var outcome: Outcome
    package var reasonCode: String?
    /// Digest of the policy snapshot that decided.
    package var policy: String?
    package var trace: String?
    /// How we know it (I13).
    package var assurance: Assurance
    package var marks: Set<Mark>
    package var classification: String
    package var retention: String
    package var subjectKey: String?
    package var data: CanonicalObject

    package init(
        id: String, type: EventType, effectiveAt: Timestamp? = nil, actor: Actor, action: String? = nil, resource: Resource? = nil,
        system: String? = nil, outcome: Outcome = .success, reasonCode: String? = nil, policy: String? = nil, trace: String? = nil,
        assurance: Assurance, marks: Set<Mark> = [], classification: String = Classification.internal, retention: String = Retention.audit,
        subjectKey: String? = nil, data: CanonicalObject
    ) {
        self.id = id
        self.type = type
        self.effectiveAt = effectiveAt
        self.actor = actor
        self.action = action
        self.resource = resource
        self.system = system
        self.outcome = outcome
        self.reasonCode = reasonCode
        self.policy = policy
        self.trace = trace
        self.assurance = assurance
        self.marks = marks
        self.classification = classification
        self.retention = retention
        self.subjectKey = subjectKey
        self.data = data
    }

    package enum Outcome: String, Sendable { case success, failure, denied, unknown }

    /// I13: `enforced` may only be written by the code that carried the decision out.
    package enum Assurance: String, Sendable { case enforced, observed, reported, attested }

    package enum Mark: String, Sendable, Comparable {
        case drill, simulated, solo
        package static func < (a: Mark, b: Mark) -> Bool { a.rawValue < b.rawValue }
    }
}

/// Who did it.
package struct Actor: Hashable, Sendable {
    /// `user`, `service`, `agent` or `system`.
    package var type: String
    package var id: String
    /// The human behind the principal, resolved when the event is recorded; nil means nobody (I5).
    package var human: String?
    package var session: String?

    package init(type: String, id: String, human: String? = nil, session: String? = nil) {
        self.type = type
        self.id = id
        self.human = human
        self.session = session
    }

    /// The program itself.
    package static let system = Actor(type: "system", id: "countersign")
}

/// What it is about.
package struct Resource: Hashable, Sendable {
    package var type: String
    package var id: String
    package var version: String?

    package init(type: String, id: String, version: String? = nil) {
        self.type = type
        self.id = id
        self.version = version
    }
}

/// Classifications of data; each has key-encryption keys of its own.
package enum Classification {
    package static let `public` = "public"
    package static let `internal` = "internal"
    package static let confidential = "confidential"
    package static let restricted = "restricted"
    package static let all = [`public`, `internal`, confidential, restricted]
}

/// Retention classes.
package enum Retention {
    package static let audit = "audit"
    package static let inference = "inference"
}

/// Words or bytes that are sealed beside an event: the leaf carries a commitment under the same name.
package struct Content: Sendable {
    /// The commitment's name in the leaf, for example `prompt`.
    package let name: String
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}
