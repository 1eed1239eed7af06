import Access
import AsyncHTTPClient
import Core
import Ledger
import NIOCore
import NIOHTTP1

/// Tries every day to write to the log as everybody who holds a role on the installation, and looks who could (LOG-01b).
///
/// The attempts are real: the decision is asked of the snapshot in force for each such principal, and the control plane is sent requests
/// that would change a tile. What the probe cannot try is a person with a shell on the host: the directory's permissions are recorded for
/// that, and the outside anchors are what would show it.
struct LedgerWriteProbe {
    let installation: Installation
    private let identifiers = IdentifierMaker()

    init(installation: Installation) { self.installation = installation }

    private var ledger: Ledger { installation.ledger }

    func run(day: String) async throws {
        let state = try await installation.access.state()
        for role in Role.all {
            let holders = state.grants.filter { $0.roleID == role.id }.map(\.principalID)
            let principals = state.users.filter { $0.isActive && holders.contains($0.id) }
            guard !principals.isEmpty else { continue }
            let allowed = principals.filter { mayWrite($0, role) }.count
            try await report(target: role.id, attempts: principals.count, succeeded: allowed)
        }
        let attempts = try await requests()
        try await report(target: "control_plane", attempts: attempts.count, succeeded: attempts.filter { (200..<300).contains($0) }.count)
        try await collect(day: day)
    }

    private func mayWrite(_ user: User, _ role: Role) -> Bool {
        let kind: Principal.Kind = user.kind == .person ? .user : user.kind == .service ? .service : .agent
        let principal = Principal(id: user.id, kind: kind, human: user.humanID, roles: [role.id])
        return ["write_ledger", "update_ledger", "delete_ledger"].contains { action in
            installation.access.decider.decide(AccessRequest(principal: principal, action: action, resource: .installation)).allowed
        }
    }

    /// Statuses of requests that would change the log's files.
    private func requests() async throws -> [Int] {
        let base = "http://\(installation.configuration.controlListener)"
        var statuses: [Int] = []
        for (method, path) in [(HTTPMethod.PUT, "/ledger/tile/0/000"), (.DELETE, "/ledger/tile/entries/000"), (.POST, "/ledger/checkpoint")] {
            var request = HTTPClientRequest(url: base + path)
            request.method = method
            request.body = .bytes([0])
            statuses.append(Int(try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status.code))
        }
        return statuses
    }

    private func report(target: String, attempts: Int, succeeded: Int) async throws {
        try await record(
            .probeCompleted, nil,
            [
                "as_expected": JSONValue(succeeded == 0), "cases_count": JSONValue(attempts), "expected": "refused",
                "hits_count": JSONValue(succeeded),
                "observed": JSONValue(succeeded == 0 ? "refused" : "allowed"), "probe": "ledger_write", "target_id": JSONValue(target),
            ])
    }

    /// What each role may do to the log, and what the file system allows.
    private func collect(day: String) async throws {
        let collection = identifiers.make("col").text
        let directory = installation.configuration.data + "/ledger"
        let status = try await offTheEventLoops { try DurableFile.status(directory) }
        var items: [(id: String, flags: [String])] = Role.all.map { role in
            (role.id, role.actions.contains(.readLedger) ? ["can_read"] : [])
        }
        items.append(("file_system_others", status.map { $0.permissions & 0o022 == 0 } == true ? [] : ["can_update", "can_delete"]))
        try await record(
            .collectionCompleted, Resource(type: "collection", id: collection),
            [
                "day": JSONValue(day), "items_count": JSONValue(items.count), "permission_ok": true, "scope": "ledger_store",
                "source_id": JSONValue(ledger.node),
            ])
        for item in items {
            try await record(
                .snapshotRecorded, Resource(type: "acl", id: item.id),
                [
                    "collection_id": JSONValue(collection), "flags": .array(item.flags.map { JSONValue($0) }), "object_id": JSONValue(item.id),
                    "object_type": "acl", "source_id": JSONValue(ledger.node),
                ])
        }
    }

    private func record(_ type: EventType, _ resource: Resource?, _ data: JSONValue) async throws {
        try await ledger.record(
            Event(
                id: identifiers.make("evt").text, type: type, effectiveAt: type == .snapshotRecorded ? SystemClock().now() : nil, actor: .system,
                resource: resource, assurance: .observed, data: CanonicalObject(data)))
    }
}
