import Core
import Database

/// One change of governed objects inside a transaction: each object with its event (I1).
struct GatewayChange {
    let store: GatewayStore
    let context: RouteStore.Context
    let principal: Principal
    let policy: String?
    let justification: String?
    let now: Timestamp
    /// Nothing is changed: what is gets told to the log of a new epoch.
    var isRestatement = false

    func carryOut(_ change: GatewayPlan.Change) throws {
        switch change {
        case .provider(_, let after):
            try store.put(
                kind: "provider", id: after.id, name: after.specification.name, version: after.version, content: after.json,
                digest: try after.provider().digest, at: now)
        case .capture(_, let after):
            try store.put(
                kind: "capture", id: after.system, name: after.system, version: after.version, content: after.json, digest: after.digest, at: now)
        case .route(_, let after, _):
            try store.put(
                kind: "route", id: after.id, name: after.specification.model, version: after.version, content: after.json, digest: after.digest,
                at: now)
        }
        try record(change)
    }

    func record(_ change: GatewayPlan.Change) throws {
        switch change {
        case .provider(let before, let after):
            let digest = try after.provider().digest
            try emit(
                Resource(type: "provider", id: after.id, version: String(after.version)), system: nil,
                [
                    "before_digest": try before.map { JSONValue(try $0.provider().digest) }, "after_digest": JSONValue(digest),
                    "mode": "enforce",
                    "attributes": [
                        "kind": JSONValue(after.specification.kind.rawValue), "region": JSONValue(after.specification.region),
                        "region_proof": "configuration",
                    ],
                ])
        case .capture(let before, let after):
            try emit(
                Resource(type: "capture", id: after.system, version: String(after.version)), system: after.system,
                [
                    "before_digest": before.map { JSONValue($0.digest) }, "after_digest": JSONValue(after.digest), "mode": "enforce",
                    "value_text": JSONValue(after.mode.rawValue), "attributes": ["system": JSONValue(after.system)],
                ])
        case .route(let before, let after, let region):
            let wanted = after.specification
            try emit(
                Resource(type: "route", id: after.id, version: String(after.version)), system: wanted.system,
                [
                    "before_digest": before.map { JSONValue($0.digest) }, "after_digest": JSONValue(after.digest),
                    "mode": JSONValue(wanted.mode.rawValue),
                    "attributes": [
                        "system": JSONValue(wanted.system), "published": JSONValue(wanted.mode != .disabled), "log_required": true,
                        "capture_mode": JSONValue(wanted.capture.rawValue), "regions": [JSONValue(region)], "fallbacks": [], "limits": [],
                    ],
                ])
        }
    }

    private func emit(_ resource: Resource, system: String?, _ data: KeyValuePairs<String, JSONValue?>) throws {
        let event = Event(
            id: IdentifierMaker(clock: context.clock).make("evt").text, type: .configChanged, actor: principal.actor, resource: resource,
            system: system, policy: policy, assurance: isRestatement ? .observed : .enforced, marks: context.isSolo ? [.solo] : [],
            data: CanonicalObject(.compact(data)))
        let contents = justification.map { [Content(name: "justification", bytes: Array($0.utf8))] } ?? []
        do {
            try store.transaction.record(try context.recorder.prepare(event, contents: contents, stream: .state))
        } catch let error as RecordError {
            throw GatewayError(.unrecordable, "nothing was changed: the change could not be recorded (\(error.code.rawValue))")
        }
    }
}
