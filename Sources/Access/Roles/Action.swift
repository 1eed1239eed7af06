package import Core

/// What a principal may be allowed to do. The raw value is what records and requests carry.
package enum Action: String, Sendable, CaseIterable {
    /// Call a model through a route.
    case infer
    /// See the receipt of an inference, with its proofs.
    case readReceipts = "read_receipts"
    /// See how the server is.
    case readStatus = "read_status"
    /// See routes and providers.
    case readConfiguration = "read_configuration"
    /// See users, grants and tokens (never secrets).
    case readAccess = "read_access"
    /// Read the log: entries, tiles, checkpoints.
    case readLedger = "read_ledger"
    /// Read control tests and their results.
    case readEvidence = "read_evidence"
    /// Run control tests, which records their results.
    case testControls = "test_controls"
    /// Take evidence bundles out of the house.
    case exportEvidence = "export_evidence"
    /// Change routes and providers.
    case apply
    case manageUsers = "manage_users"
    case manageGrants = "manage_grants"
    case manageTokens = "manage_tokens"
    /// Open sealed contents: prompts, completions, justifications.
    case unseal
}

extension AccessRequest {
    /// - Parameter resource: the route for ``Action/infer``; for most others the installation as a whole.
    package init(principal: Principal, action: Action, resource: Resource = .installation) {
        self.init(principal: principal, action: action.rawValue, resource: resource)
    }
}

extension Resource {
    /// Everything that this log is about.
    package static let installation = Resource(type: "installation", id: "installation")
}
