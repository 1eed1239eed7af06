import Core
import NIOCore

/// The intent and the outcome, as the log gets them (I2). Fields: the event vocabulary's `inference.*`.
extension Exchange {
    private static let unrouted = Resource(type: "route", id: "unrouted")

    private var system: String { route?.system ?? loop.configuration.unroutedSystem }
    private var assurance: Event.Assurance { route?.assurance ?? .enforced }
    private var classification: String { route?.classification ?? Classification.internal }

    /// The snapshot that decided; for a request that met no route, the one that would have.
    private var policy: String {
        if let decision { return decision.policy }
        let decision = loop.services.authorizer.decide(AccessRequest(principal: principal, action: "infer", resource: Self.unrouted))
        return decision.policy
    }

    func recordIntent(_ verdict: ExchangeStateMachine.Verdict) {
        var reason = observedRefusal
        var outcome = Event.Outcome.success
        if case .deny(let refusal) = verdict {
            reason = refusal.reason
            outcome = .denied
        }
        var data = CanonicalObjectWriter(capacity: 768)
        data.member("capture_mode", route?.captureMode ?? CaptureMode.hash.rawValue)
        data.member("credential_id", principal.credentialID)
        data.member("decision", reason == nil ? "allow" : "deny")
        data.member("deployment_ids", strings: route?.deploymentIDs ?? [])
        data.member("grants", strings: decision?.grants ?? [])
        data.member("host_digest", hostDigest)
        data.member("logprobs", request?.wantsLogprobs ?? false)
        data.member("principal_id", principal.id)
        data.member("protocol", "openai")
        data.member("region", route?.region)
        data.member("route_digest", route?.routeDigest ?? table?.digest)
        data.member("route_id", route?.routeID)
        data.member("streamed", request?.isStreamed ?? false)
        let event = Event(
            id: id, type: .inferenceRequested, actor: principal.actor, action: "infer", resource: route?.resource ?? Self.unrouted, system: system,
            outcome: outcome, reasonCode: reason, policy: policy, assurance: assurance, classification: classification,
            retention: Retention.inference, data: data.finish())
        let contents = route?.capturesAll == true ? [Content(name: "prompt", bytes: Array(body.readableBytesView))] : []
        append(event, contents, .intent)
    }

    func recordOutcome(_ outcome: ExchangeStateMachine.Outcome) {
        let event: Event
        var contents: [Content] = []
        switch outcome {
        case .completed:
            event = self.event(.inferenceCompleted, .success, nil, completedData())
            if let captured { contents = [Content(name: "completion", bytes: captured)] }
        case .denied(let refusal):
            var data = CanonicalObjectWriter()
            data.member("provider_id", route?.providerID)
            data.member("region", route?.region)
            data.member("request_id", id)
            event = self.event(.inferenceDenied, .denied, refusal.reason, data.finish())
        case .failed(let failure):
            var data = CanonicalObjectWriter()
            data.member("latency_us", monotonicMicroseconds() - startedAt)
            data.member("provider_id", route?.providerID)
            data.member("request_id", id)
            event = self.event(.inferenceFailed, .failure, failure.reason, data.finish())
        case .aborted(let party, let reason):
            var data = CanonicalObjectWriter()
            data.member("by", party.rawValue)
            data.member("released_bytes", releasedBytes)
            data.member("request_id", id)
            event = self.event(.inferenceAborted, .unknown, reason, data.finish())
            if let captured, releasedBytes > 0 { contents = [Content(name: "completion", bytes: captured)] }
        }
        append(event, contents, .outcome)
    }

    private func completedData() -> CanonicalObject {
        let model = AnswerSummary.identifier(summary.model) ?? route?.upstreamModelName
        var data = CanonicalObjectWriter(capacity: 1024)
        data.member("attempts_count", attempts)
        data.member("binding", route?.binding)
        data.member("deployment_id", route?.deploymentID)
        data.member("fingerprint", AnswerSummary.identifier(summary.fingerprint))
        data.member("finish", summary.finishCode)
        data.member("first_byte_us", firstByteAt.map { $0 - startedAt })
        data.member("input_tokens", summary.inputTokens ?? ownUsage?.input)
        data.member("latency_us", monotonicMicroseconds() - startedAt)
        data.member("model_version_id", (route?.modelPrefix ?? "") + (model ?? "unknown"))
        data.member("output_tokens", summary.outputTokens ?? ownUsage?.output)
        data.member("provider_id", route?.providerID)
        data.member("provider_key_id", route?.providerKeyID)
        data.member("provider_model", model)
        data.member("region", route?.region)
        data.member("released_digest", releasedDigest)
        data.member("request_id", id)
        data.member("upstream_request_id", AnswerSummary.identifier(upstreamRequestID))
        return data.finish()
    }

    private func event(_ type: EventType, _ outcome: Event.Outcome, _ reason: String?, _ data: CanonicalObject) -> Event {
        Event(
            id: loop.identifiers.make("evt"), type: type, actor: principal.actor, action: "infer", resource: route?.resource ?? Self.unrouted,
            system: system, outcome: outcome, reasonCode: reason, policy: decision?.policy, assurance: assurance, classification: classification,
            retention: Retention.inference, data: data)
    }

    private func append(_ event: Event, _ contents: [Content], _ step: RecordInbox.Step) {
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        let inbox = loop.inbox
        do throws(RecordError) {
            let record = try loop.services.recorder.prepare(event, contents: contents, stream: .gateway)
            append(record, bound, inbox, step, attempt: 0)
        } catch {
            inbox.post(bound, step, .failure(error))
        }
    }

    private func append(
        _ record: PreparedRecord, _ bound: NIOLoopBound<Exchange>, _ inbox: RecordInbox, _ step: RecordInbox.Step, attempt: Int
    ) {
        let eventLoop = loop.eventLoop
        loop.flushRecords()
        loop.services.recorder.append(record, number: nil, holding: true) { result in
            // An intent that was recorded is owed its outcome: an overloaded log is asked again before we give up.
            if step == .outcome, attempt < Self.outcomeRetries.count, case .failure(let error) = result, error.code == .overloaded {
                eventLoop.scheduleTask(in: .milliseconds(Self.outcomeRetries[attempt])) {
                    bound.value.append(record, bound, inbox, step, attempt: attempt + 1)
                }
                return
            }
            inbox.post(bound, step, result)
        }
    }

    /// Milliseconds before an outcome is tried again.
    private static let outcomeRetries: [Int64] = [10, 50, 250, 1000]
}
