import NIOCore

/// The parsers of the relay by themselves, for the fuzzer: what they make of bytes, without a connection.
package enum RelayProbe {
    /// What became of an upstream's stream of events.
    package struct Stream: Hashable, Sendable {
        /// Passed on before the outcome was durable.
        package var released: [UInt8] = []
        /// Kept back until it was.
        package var held: [UInt8] = []
        package var isTerminal = false
        package var finish: String?
        package var inputTokens: Int64?
        package var outputTokens: Int64?
    }

    /// - Parameter pieces: the stream's bytes as they arrive.
    /// - Returns: nil where the stream is refused as garbage.
    package static func relay(_ pieces: [[UInt8]]) -> Stream? {
        var reader = EventStreamReader(maximumEventBytes: 1 << 20, maximumHeldBytes: 1 << 20)
        var stream = Stream()
        for piece in pieces {
            do throws(EventStreamReader.Fault) { try reader.feed(ByteBuffer(bytes: piece)) } catch { return nil }
            while let part = reader.takeReleasable() { stream.released.append(contentsOf: part.readableBytesView) }
        }
        stream.isTerminal = reader.isTerminal
        stream.finish = reader.summary.finish
        stream.inputTokens = reader.summary.inputTokens
        stream.outputTokens = reader.summary.outputTokens
        stream.held.append(contentsOf: reader.takeRest().readableBytesView)
        return stream
    }

    /// A request as it is read and as it is sent on.
    package struct Request: Sendable {
        package let model: String
        package let isStreamed: Bool
        package let forwarded: [UInt8]
    }

    /// - Parameters:
    ///   - model: the upstream's name of the model; nil leaves it.
    ///   - asksForUsage: whether the route wants usage in streams.
    /// - Returns: nil where the body is refused.
    package static func rewrite(_ body: [UInt8], model: [UInt8]?, asksForUsage: Bool) -> Request? {
        let request: ChatRequest
        do throws(Refusal.Thrown) { request = try ChatRequest(ByteBuffer(bytes: body)) } catch { return nil }
        var forwarded = body
        for edit in request.edits(model: model, asksForUsage: asksForUsage).reversed() { forwarded.replaceSubrange(edit.range, with: edit.bytes) }
        return Request(model: request.model, isStreamed: request.isStreamed, forwarded: forwarded)
    }
}
