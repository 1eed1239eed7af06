import Core
import Crypto
import NIOCore
import NIOHTTP1

/// One request of somebody known: carries out what its ``ExchangeStateMachine`` says, on its connection's event loop.
final class Exchange {
    let loop: GatewayLoop
    let principal: Principal
    /// When its head arrived.
    let arrived: Timestamp
    let hostDigest: String
    let id: String
    let head: RequestHead
    let startedAt = monotonicMicroseconds()
    var machine = ExchangeStateMachine()
    var connection: ClientConnection?

    // What was asked, and by which route it goes.
    var table: RouteTable?
    var route: CompiledRoute?
    var request: ChatRequest?
    var decision: AccessDecision?
    /// A refusal that the route only observes.
    var observedRefusal: String?
    var body = ByteBuffer()

    // What came back.
    var summary = AnswerSummary()
    /// What our own rules counted: the record has it even where the caller did not ask for it.
    var ownUsage: (input: Int64, output: Int64)?
    var upstreamRequestID: String?
    var firstByteAt: Int64?
    var attempts: Int64 = 0
    var upstream: UpstreamConnection?
    var answerHead = ByteBuffer()
    var answerBody = ByteBuffer()
    var reader: EventStreamReader?
    private var heldRest: ByteBuffer?
    private var chunks = ByteBuffer()
    private var hasher = SHA256()
    var releasedBytes: Int64 = 0
    var captured: [UInt8]? = []
    var releasedDigest: String?

    // How long it may take; milliseconds of the monotonic clock, 0 is none.
    var deadline: Int64 = 0
    var deadlineFailure = UpstreamFailure.connectTimeout
    private var totalDeadline: Int64 = 0
    private var heldBytes = 0
    var isOver = false

    init(loop: GatewayLoop, connection: ClientConnection, principal: Principal, arrived: Timestamp, hostDigest: String, head: RequestHead) {
        self.loop = loop
        self.connection = connection
        self.principal = principal
        self.arrived = arrived
        self.hostDigest = hostDigest
        self.head = head
        id = loop.identifiers.make("inf")
        loop.openExchanges += 1
    }

    // MARK: From the connection

    /// Counts bytes that are held for this request (I11).
    func hold(_ count: Int) {
        heldBytes += count
        loop.bufferedBytes += count
    }

    func letGo() {
        loop.bufferedBytes -= heldBytes
        heldBytes = 0
    }

    func requestComplete(_ body: ByteBuffer) {
        self.body = body
        let table = loop.services.routes.current()
        self.table = table
        do throws(Refusal.Thrown) {
            let request = try ChatRequest(body)
            self.request = request
            guard let route = table.compiledRoute(for: request.model) else { throw Refusal.Thrown(refusal: .unknownModel()) }
            self.route = route
            guard body.readableBytes <= route.maximumBodyBytes else { throw Refusal.Thrown(refusal: .bodyTooLarge.keeping()) }
            // I4, I9: the parsed model decides, and what is not allowed is refused.
            let decision = loop.services.authorizer.decide(AccessRequest(principal: principal, action: "infer", resource: route.resource))
            self.decision = decision
            if !decision.allowed {
                guard route.isObserving else { throw Refusal.Thrown(refusal: .forbidden(decision.reasonCode)) }
                observedRefusal = decision.reasonCode
            }
            perform(machine.decided(.allow))
        } catch {
            perform(machine.decided(.deny(error.refusal)))
        }
    }

    func refuse(_ refusal: Refusal) {
        table = table ?? loop.services.routes.current()
        perform(machine.decided(.deny(refusal)))
    }

    func clientLeft() {
        table = table ?? loop.services.routes.current()
        connection = nil
        perform(machine.clientLeft())
    }

    func writabilityChanged(_ isWritable: Bool) {
        if isWritable { resumeUpstream() } else if machine.isStreaming { pauseUpstream() }
    }

    func tick(now: Int64) {
        if totalDeadline > 0, now >= totalDeadline {
            upstreamFailed(.totalTimeout)
        } else if deadline > 0, now >= deadline {
            upstreamFailed(deadlineFailure)
        }
    }

    // MARK: From the log

    func recorded(_ step: RecordInbox.Step, _ result: Result<Recorded, RecordError>) {
        switch (step, result) {
        case (.intent, .success(let recorded)):
            loop.services.counters.intentRecorded(arrived: arrived, recordedAt: recorded.recordedAt)
            perform(machine.intentRecorded())
        case (.intent, .failure):
            loop.services.counters.writeRefused(arrived: arrived)
            perform(machine.intentNotRecorded())
        case (.outcome, .success): perform(machine.outcomeRecorded())
        case (.outcome, .failure): perform(machine.outcomeNotRecorded())
        }
    }

    // MARK: Actions

    func perform(_ action: ExchangeStateMachine.Action) {
        switch action {
        case .none: break
        case .recordIntent(let verdict): recordIntent(verdict)
        case .sendUpstream: sendUpstream()
        case .openStream: openStream()
        case .recordOutcome(let outcome, let cancels):
            if cancels {
                if let upstream { upstream.cancel() } else if let key = route?.upstream { loop.pool.forget(self, key) }
                upstream = nil
            }
            deadline = 0
            totalDeadline = 0
            settle(outcome)
            recordOutcome(outcome)
        case .release(let release): self.release(release)
        case .refuseUnrecorded: connectionAnswer(.unrecorded)
        case .failStream:
            chunks.clear()
            write(chunk: ByteBuffer(string: "data: \(String(decoding: ResponseHead.errorBody(.unrecorded), as: UTF8.self))\n\n"))
            connection?.write(chunks, flush: true)
            connection?.truncate()
            finish()
        }
    }

    private func sendUpstream() {
        guard let route, let request else { return }
        totalDeadline = monotonicMicroseconds() / 1000 + route.timeouts.total
        if let rules = route.rules {
            answerByRules(rules, request)
            return
        }
        guard let key = route.upstream else { return }
        expect(within: route.timeouts.connect, or: .connectTimeout)
        loop.pool.send(UpstreamRequest.encode(body, request, route, head), to: key, for: self)
    }

    private func answerByRules(_ rules: RuleSet, _ request: ChatRequest) {
        let answer = RuleAnswerer(rules: rules, route: route?.route, intentID: id, created: arrived.microseconds / 1_000_000)
            .answer(to: body, request)
        attempts = 1
        firstByteAt = monotonicMicroseconds()
        var out = ResponseHead.begin(200)
        ResponseHead.relay("content-type", request.isStreamed ? "text/event-stream; charset=utf-8" : "application/json", to: &out)
        answerHead = out
        perform(machine.upstreamAnswered(request.isStreamed ? .stream : .plain))
        ownUsage = (answer.inputTokens, answer.outputTokens)
        upstreamBody(answer.bytes)
        upstreamEnded()
    }

    private func openStream() {
        reader = EventStreamReader(
            maximumEventBytes: loop.configuration.maximumEventBytes, maximumHeldBytes: loop.configuration.maximumHeldBytes)
        var out = answerHead
        ResponseHead.finish(&out, receipt: id, date: loop.dateHeader, closes: connection?.closesAfterAnswer ?? true)
        out.writeStaticString("transfer-encoding: chunked\r\n\r\n")
        // Goes with the first event where both came at once.
        chunks = out
    }

    /// Passes bytes of a stream on: they are what the record's digest covers.
    func relay(_ bytes: ByteBuffer) {
        note(released: bytes)
        write(chunk: bytes)
    }

    private func note(released bytes: ByteBuffer) {
        releasedBytes += Int64(bytes.readableBytes)
        bytes.withUnsafeReadableBytes { hasher.update(bufferPointer: $0) }
        guard route?.capturesAll == true, let kept = captured?.count else { return }
        if kept + bytes.readableBytes <= loop.configuration.maximumCapturedStreamBytes,
            loop.bufferedBytes + bytes.readableBytes <= loop.maximumBufferedBytes
        {
            hold(bytes.readableBytes)
            captured?.append(contentsOf: bytes.readableBytesView)
        } else {
            captured = nil
        }
    }

    private func write(chunk bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        if chunks.capacity == 0 { chunks = ByteBufferAllocator().buffer(capacity: bytes.readableBytes + 32) }
        chunks.writeString(String(bytes.readableBytes, radix: 16))
        chunks.writeStaticString("\r\n")
        chunks.writeImmutableBuffer(bytes)
        chunks.writeStaticString("\r\n")
    }

    func flushChunks() {
        guard chunks.readableBytes > 0 else { return }
        connection?.write(chunks, flush: true)
        chunks = ByteBuffer()
    }

    /// Fixes what the record says of the answer, before anything of it that is held can pass.
    private func settle(_ outcome: ExchangeStateMachine.Outcome) {
        flushChunks()
        if var reader {
            summary = reader.summary
            if machine.pendingRelease == .restOfStream {
                let rest = reader.takeRest()
                note(released: rest)
                heldRest = rest
            }
            self.reader = reader
            if captured?.isEmpty == true { captured = nil }
            releasedDigest = SHA256Digest(hasher.finalize()).description
        } else if outcome == .completed {
            releasedBytes = Int64(answerBody.readableBytes)
            releasedDigest = answerBody.withUnsafeReadableBytes { bytes in
                var hasher = SHA256()
                hasher.update(bufferPointer: bytes)
                return SHA256Digest(hasher.finalize()).description
            }
            captured = route?.capturesAll == true ? Array(answerBody.readableBytesView) : nil
        } else {
            captured = nil
        }
    }

    /// The longest answer that is sent in one piece with its head.
    private static let joinedBytes = 16 << 10

    // I1: called only when the outcome is durable.
    private func release(_ release: ExchangeStateMachine.Release) {
        switch release {
        case .answer:
            var out = answerHead
            ResponseHead.finish(&out, receipt: id, date: loop.dateHeader, closes: connection?.closesAfterAnswer ?? true)
            out.writeStaticString("content-length: ")
            out.writeString(String(answerBody.readableBytes))
            out.writeStaticString("\r\n\r\n")
            if answerBody.readableBytes <= Self.joinedBytes {
                // One write of one buffer: copying this much is cheaper than gathering.
                out.writeImmutableBuffer(answerBody)
                connection?.write(out, flush: true)
            } else {
                connection?.write(out, flush: false)
                connection?.write(answerBody, flush: true)
            }
            finish()
        case .refusal(let refusal): connectionAnswer(refusal)
        case .restOfStream:
            if let heldRest { write(chunk: heldRest) }
            chunks.writeStaticString("0\r\n\r\n")
            flushChunks()
            finish()
        case .truncation:
            connection?.truncate()
            finish()
        case .nothing: finish()
        }
    }

    private func connectionAnswer(_ refusal: Refusal) {
        let connection = connection
        over()
        connection?.answer(refusal, receipt: id)
    }

    private func finish() {
        let connection = connection
        over()
        connection?.nextRequest()
    }

    private func over() {
        guard !isOver else { return }
        isOver = true
        connection = nil
        letGo()
        loop.openExchanges -= 1
    }
}
