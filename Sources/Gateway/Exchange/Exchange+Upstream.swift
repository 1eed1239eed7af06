import Core
import NIOCore
import NIOHTTP1

/// What the upstream does, as its connection and the pool tell it.
extension Exchange {
    /// An answer is still wanted.
    var wantsUpstream: Bool { !isOver && upstream == nil && deadline > 0 && firstByteAt == nil }

    var connectTimeout: Int64 { route?.timeouts.connect ?? 5000 }

    func upstreamStarted(on connection: UpstreamConnection) {
        upstream = connection
        attempts += 1
        expect(within: route?.timeouts.firstByte, or: .firstByteTimeout)
    }

    func upstreamWasStale(_ request: ByteBuffer) {
        upstream = nil
        guard let key = route?.upstream, attempts == 1 else { return upstreamFailed(.died) }
        expect(within: route?.timeouts.connect, or: .connectTimeout)
        loop.pool.send(request, to: key, for: self, onFresh: true)
    }

    func upstreamHead(_ head: HTTPResponseHead) {
        firstByteAt = monotonicMicroseconds()
        expect(within: route?.timeouts.idle, or: .idleTimeout)
        // The request has done its work.
        body = ByteBuffer()
        letGo()
        let status = Int(head.status.code)
        var isEventStream = false
        var isEncoded = false
        var out = ResponseHead.begin(status)
        for (name, value) in head.headers {
            ResponseHead.relay(name, value, to: &out)
            switch name.utf8.count {
            case 10 where upstreamRequestID == nil && name.isHeader("request-id"): upstreamRequestID = value
            case 12 where name.isHeader("x-request-id"): upstreamRequestID = value
            case 12 where name.isHeader("content-type"): isEventStream = value.hasHeaderPrefix("text/event-stream")
            case 16 where name.isHeader("content-encoding"): isEncoded = !value.isHeader("identity")
            default: break
            }
        }
        answerHead = out
        switch status {
        // We asked for identity: what is encoded all the same could be read by nobody who checks the record.
        case _ where isEncoded: upstreamFailed(.garbage)
        case 200..<300 where isEventStream:
            guard request?.isStreamed == true else { return upstreamFailed(.garbage) }
            perform(machine.upstreamAnswered(.stream))
        case 200..<300: perform(machine.upstreamAnswered(.plain))
        case 300..<400: upstreamFailed(.redirected)
        case 400..<600: perform(machine.upstreamAnswered(.error(status)))
        default: upstreamFailed(.garbage)
        }
    }

    func upstreamBody(_ bytes: ByteBuffer) {
        guard !isOver else { return }
        if !machine.isSeeingTail { expect(within: route?.timeouts.idle, or: .idleTimeout) }
        guard reader != nil else {
            guard answerBody.readableBytes + bytes.readableBytes <= loop.configuration.maximumAnswerBytes,
                loop.bufferedBytes + bytes.readableBytes <= loop.maximumBufferedBytes
            else { return upstreamFailed(.tooLarge) }
            hold(bytes.readableBytes)
            if answerBody.readableBytes == 0 { answerBody = bytes } else { answerBody.writeImmutableBuffer(bytes) }
            return
        }
        do throws(EventStreamReader.Fault) {
            try reader?.feed(bytes)
            if let passing = reader?.takeReleasable() { relay(passing) }
        } catch {
            return upstreamFailed(error.failure)
        }
        if reader?.isTerminal == true, machine.isStreaming {
            perform(machine.terminalEventSeen())
            expect(withinMilliseconds: loop.configuration.tailTimeout, or: .tail)
        }
    }

    func upstreamReadComplete() {
        flushChunks()
        if machine.isStreaming, connection?.isWritable == false { pauseUpstream() }
    }

    /// The client takes nothing: neither do we. It is not the upstream's silence then; the client's own bound of time runs.
    func pauseUpstream() {
        guard let upstream else { return }
        upstream.pauseReading()
        deadline = 0
    }

    func resumeUpstream() {
        guard let upstream, upstream.isPaused else { return }
        if machine.isStreaming { expect(within: route?.timeouts.idle, or: .idleTimeout) }
        upstream.resumeReading()
    }

    func upstreamEnded() {
        upstream = nil
        deadline = 0
        flushChunks()
        if let reader {
            summary = reader.summary
            perform(machine.upstreamEnded(isUsable: true))
        } else {
            perform(machine.upstreamEnded(isUsable: summary.read(answer: answerBody)))
        }
    }

    func upstreamFailed(_ failure: UpstreamFailure) {
        flushChunks()
        perform(machine.upstreamFailed(failure))
    }

    func expect(within milliseconds: Int64?, or failure: UpstreamFailure) {
        expect(withinMilliseconds: milliseconds ?? 60_000, or: failure)
    }

    func expect(withinMilliseconds milliseconds: Int64, or failure: UpstreamFailure) {
        deadline = monotonicMicroseconds() / 1000 + milliseconds
        deadlineFailure = failure
    }
}
