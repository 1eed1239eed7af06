import Core

/// A set of actions under a name. Fixed here, versioned and recorded when it changes (I7).
///
/// | role | on | may | may not |
/// |---|---|---|---|
/// | `application` | one route, or all | infer, read receipts of those routes | everything else |
/// | `operator` | the installation | apply, read configuration, status and receipts | manage access, infer, unseal, export |
/// | `auditor` | the installation | read everything, test controls, export evidence | change anything, infer, unseal |
/// | `administrator` | the installation | manage users, grants and tokens, apply, read, test controls | infer, unseal, export |
/// | `unsealer` | the installation | unseal | everything else |
///
/// Nobody is above the table (I4): an administrator who needs to infer or to unseal must be granted it, and the log shows by whom.
package struct Role: Hashable, Sendable {
    /// Where a grant of the role holds.
    package enum Scope: String, Sendable { case route, installation }

    package let id: String
    package let version: Int64
    package let scope: Scope
    /// In ascending order.
    package let actions: [Action]
    /// It can change what is enforced, or open what is sealed.
    package let isPrivileged: Bool
    /// `sha256:…` of all above: a grant binds to it (I5).
    package let digest: String

    init(_ id: String, version: Int64, scope: Scope, privileged: Bool, actions: [Action]) {
        self.id = id
        self.version = version
        self.scope = scope
        self.actions = actions.sorted { $0.rawValue < $1.rawValue }
        isPrivileged = privileged
        let content: JSONValue = [
            "actions": .array(self.actions.map { JSONValue($0.rawValue) }), "id": JSONValue(id), "privileged": JSONValue(privileged),
            "scope": JSONValue(scope.rawValue), "version": JSONValue(version),
        ]
        digest = SHA256Digest(hashing: CanonicalJSON.encode(content)).description
    }

    package static let administrator = Role(
        "administrator", version: 1, scope: .installation, privileged: true,
        actions: [
            .manageUsers, .manageGrants, .manageTokens, .apply, .readAccess, .readConfiguration, .readEvidence, .readLedger, .readReceipts,
            .readStatus, .testControls,
        ])
    package static let application = Role(
        "application", version: 1, scope: .route, privileged: false, actions: [.infer, .readReceipts])
    package static let auditor = Role(
        "auditor", version: 1, scope: .installation, privileged: false,
        actions: [
            .exportEvidence, .readAccess, .readConfiguration, .readEvidence, .readLedger, .readReceipts, .readStatus, .testControls,
        ])
    package static let `operator` = Role(
        "operator", version: 1, scope: .installation, privileged: true, actions: [.apply, .readConfiguration, .readReceipts, .readStatus])
    package static let unsealer = Role("unsealer", version: 1, scope: .installation, privileged: true, actions: [.unseal])

    /// In ascending order of their ids.
    package static let all = [administrator, application, auditor, `operator`, unsealer]

    package static func named(_ id: String) -> Role? { all.first { $0.id == id } }
}
