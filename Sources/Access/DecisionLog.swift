package import Core

/// Records decisions that are not about an inference: `access.decided`.
///
/// For what the control plane refuses, and for what is sensitive to have allowed. A decision that cannot be recorded is a denial (I4).
package struct DecisionLog: Sendable {
    private let authorizer: any Authorizer
    private let context: AccessContext

    package init(authorizer: any Authorizer, context: AccessContext) {
        self.authorizer = authorizer
        self.context = context
    }

    /// Decides, and returns when the decision is durable.
    /// - Throws: ``RecordError``: treat as denied, answer with a retryable error.
    package func decide(_ request: AccessRequest) async throws(RecordError) -> AccessDecision {
        let decision = authorizer.decide(request)
        let event = Event(
            id: context.identifiers.make("evt").text, type: .accessDecided, actor: request.principal.actor, action: request.action,
            resource: request.resource, outcome: decision.allowed ? .success : .denied, reasonCode: decision.reasonCode,
            policy: decision.policy, assurance: .enforced, marks: context.isSolo ? [.solo] : [],
            data: CanonicalObject([
                "grants": .array(decision.grants.map { JSONValue($0) }), "principal_id": JSONValue(request.principal.id),
            ]))
        try await context.recorder.record(event)
        return decision
    }
}
