/// One request of somebody we know, from its head to its last byte: what may happen next, and what must happen first.
///
/// Without I/O: events go in, the one action to take comes out. It holds I1 (nothing is released before its outcome is durable) and
/// I2 (one intent, one outcome): every path through it passes ``Action/recordIntent(_:)`` once and, where that was recorded,
/// ``Action/recordOutcome(_:cancelUpstream:)`` once. An event that comes too late changes nothing.
struct ExchangeStateMachine: Sendable {
    enum Verdict: Hashable, Sendable {
        case allow
        case deny(Refusal)
    }

    enum Party: String, Sendable { case client, upstream }

    enum Outcome: Hashable, Sendable {
        case completed
        case denied(Refusal)
        case failed(UpstreamFailure)
        case aborted(by: Party, reason: String)
    }

    /// What the client gets once the outcome is durable.
    enum Release: Hashable, Sendable {
        /// The plain answer, of whatever status, as the upstream gave it.
        case answer
        case refusal(Refusal)
        /// What is held of a stream, and its proper end.
        case restOfStream
        /// Nothing more: the connection closes without the stream's proper end.
        case truncation
        /// Nobody is there.
        case nothing
    }

    enum Action: Hashable, Sendable {
        case none
        case recordIntent(Verdict)
        case sendUpstream
        /// Write the head of a stream; from here on bytes pass as they come.
        case openStream
        case recordOutcome(Outcome, cancelUpstream: Bool)
        case release(Release)
        /// The intent is not durable: nothing was done, nothing is owed to the log. Answer 503 and count (I11).
        case refuseUnrecorded(isClientThere: Bool)
        /// The outcome of a running stream is not durable: say so in the stream, and close.
        case failStream
    }

    enum AnswerKind: Hashable, Sendable {
        case plain
        case stream
        /// A whole answer of a status that is no success.
        case error(Int)
    }

    private enum State {
        case receiving
        case recordingIntent(Verdict)
        case awaitingUpstream
        case collecting(AnswerKind)
        case streaming
        /// A terminal event was seen: everything is held until the outcome is durable.
        case holding
        case recordingOutcome(Release, isStreamOpen: Bool)
        case finished
    }

    private var state = State.receiving
    private var isClientThere = true

    var isFinished: Bool { if case .finished = state { true } else { false } }
    /// Bytes that come from the upstream may be written to the client.
    var isStreaming: Bool { if case .streaming = state { true } else { false } }
    /// What follows a terminal event is being read: it has its own bound of time.
    var isSeeingTail: Bool { if case .holding = state { true } else { false } }
    /// What will be released once the outcome under way is durable.
    var pendingRelease: Release? { if case .recordingOutcome(let release, _) = state { release } else { nil } }
    var isStreamOpen: Bool {
        switch state {
        case .streaming, .holding: true
        case .recordingOutcome(_, let isOpen): isOpen
        default: false
        }
    }

    // MARK: The request

    /// The request is complete and was decided on, or it never will be complete.
    mutating func decided(_ verdict: Verdict) -> Action {
        guard case .receiving = state else { return .none }
        state = .recordingIntent(verdict)
        return .recordIntent(verdict)
    }

    mutating func intentRecorded() -> Action {
        guard case .recordingIntent(let verdict) = state else { return .none }
        switch verdict {
        case .allow where !isClientThere: return close(.aborted(by: .client, reason: "client_left"), .nothing, cancels: false)
        case .allow:
            state = .awaitingUpstream
            return .sendUpstream
        case .deny where !isClientThere: return close(.aborted(by: .client, reason: "client_left"), .nothing, cancels: false)
        case .deny(let refusal): return close(.denied(refusal), .refusal(refusal), cancels: false)
        }
    }

    mutating func intentNotRecorded() -> Action {
        guard case .recordingIntent = state else { return .none }
        state = .finished
        return .refuseUnrecorded(isClientThere: isClientThere)
    }

    /// The client closed its connection, or took nothing for too long.
    mutating func clientLeft() -> Action {
        guard isClientThere else { return .none }
        isClientThere = false
        switch state {
        case .receiving: return decided(.deny(.clientLeft))
        case .recordingIntent, .finished: return .none
        case .awaitingUpstream, .collecting, .streaming, .holding:
            return close(.aborted(by: .client, reason: "client_left"), .nothing, cancels: true)
        case .recordingOutcome(_, let isOpen):
            state = .recordingOutcome(.nothing, isStreamOpen: isOpen)
            return .none
        }
    }

    // MARK: The upstream

    mutating func upstreamAnswered(_ kind: AnswerKind) -> Action {
        guard case .awaitingUpstream = state else { return .none }
        if kind == .stream {
            state = .streaming
            return .openStream
        }
        state = .collecting(kind)
        return .none
    }

    /// The first terminal event of a stream was read; none of it was released.
    mutating func terminalEventSeen() -> Action {
        guard case .streaming = state else { return .none }
        state = .holding
        return .none
    }

    /// The answer is complete.
    /// - Parameter isUsable: whether a plain answer is one of a model.
    mutating func upstreamEnded(isUsable: Bool) -> Action {
        switch state {
        case .collecting(.error(let status)): close(.failed(.status(status)), .answer, cancels: false)
        case .collecting where isUsable: close(.completed, .answer, cancels: false)
        case .collecting: close(.failed(.garbage), .refusal(Refusal(.garbage)), cancels: false)
        case .holding: close(.completed, .restOfStream, cancels: false)
        // It ended in order, but never said that it was done.
        case .streaming: close(.aborted(by: .upstream, reason: "upstream_unfinished"), .restOfStream, cancels: false)
        default: .none
        }
    }

    mutating func upstreamFailed(_ failure: UpstreamFailure) -> Action {
        switch state {
        case .awaitingUpstream, .collecting: close(.failed(failure), .refusal(Refusal(failure)), cancels: true)
        case .streaming, .holding: close(.aborted(by: .upstream, reason: failure.reason), .truncation, cancels: true)
        default: .none
        }
    }

    // MARK: The outcome

    mutating func outcomeRecorded() -> Action {
        guard case .recordingOutcome(let release, _) = state else { return .none }
        state = .finished
        return .release(release)
    }

    mutating func outcomeNotRecorded() -> Action {
        guard case .recordingOutcome(let release, let isStreamOpen) = state else { return .none }
        state = .finished
        if release == .nothing { return .release(.nothing) }
        // I1: what is not recorded is not released.
        return isStreamOpen ? .failStream : .release(.refusal(.unrecorded))
    }

    private mutating func close(_ outcome: Outcome, _ release: Release, cancels: Bool) -> Action {
        state = .recordingOutcome(isClientThere ? release : .nothing, isStreamOpen: isStreamOpen)
        return .recordOutcome(outcome, cancelUpstream: cancels)
    }
}
