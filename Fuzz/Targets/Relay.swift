import Gateway

extension FuzzTarget {
    /// Streams of events: what is released ends no answer, whoever reads it, and does not depend on how the bytes were cut up (I1, I10).
    package static let eventStream = FuzzTarget(name: "event-stream", summary: "server-sent events from an upstream", maximumBytes: 4096) { bytes in
        guard let step = bytes.first.map({ Int($0) % 61 + 1 }) else { return nil }
        let stream = Array(bytes[1...])
        let pieces = stride(from: 0, to: stream.count, by: step).map { Array(stream[$0..<min($0 + step, stream.count)]) }
        let whole = RelayProbe.relay([stream])
        let cut = RelayProbe.relay(pieces)
        guard whole == cut else { return "a stream is read otherwise in pieces than as a whole" }
        guard let whole else { return nil }
        guard whole.released + whole.held == stream else { return "a stream's bytes are changed" }
        return endsAnswer(whole.released) ? "an event that ends the answer is released" : nil
    }

    /// Another reader of events, as the HTML Standard has it, over what a caller would get.
    private static func endsAnswer(_ released: [UInt8]) -> Bool {
        var bytes = released[...]
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
        var data: [[UInt8]] = []
        // Lines end with a newline, a carriage return, or both.
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == 0x0d || (byte == 0x0a && previous != 0x0d) {
                lines.append(line)
                line = []
            } else if byte != 0x0a {
                line.append(byte)
            }
            previous = byte
        }
        for line in lines {
            if line.isEmpty {
                if isTerminal(Array(data.joined(separator: [0x0a]))) { return true }
                data = []
                continue
            }
            let name = line.prefix { $0 != UInt8(ascii: ":") }
            guard name.elementsEqual("data".utf8) else { continue }
            var value = line.dropFirst(name.count + 1)
            if value.first == 0x20 { value = value.dropFirst() }
            data.append(Array(value))
        }
        return false
    }

    private static func isTerminal(_ data: [UInt8]) -> Bool {
        if data.elementsEqual("[DONE]".utf8) { return true }
        guard case .array(let choices) = DecodedValue.object(in: data)?["choices"] else { return false }
        return choices.contains { choice in
            guard let reason = choice["finish_reason"] else { return false }
            return reason != .null
        }
    }

    /// Requests: what is authorised is what is sent on, and nothing but the model and the wish for usage is changed (I9, I10).
    /// The first byte of the input chooses what is changed.
    package static let chatRequest = FuzzTarget(name: "chat-request", summary: "bodies of chat completion requests", maximumBytes: 4096) { bytes in
        guard let choice = bytes.first else { return nil }
        let body = Array(bytes[1...])
        let renames = choice & 1 != 0
        let asksForUsage = choice & 2 != 0
        let replacement = renames ? Array("\"up/stream\"".utf8) : nil
        guard let request = RelayProbe.rewrite(body, model: replacement, asksForUsage: asksForUsage) else { return nil }
        if !renames, !asksForUsage, request.forwarded != body { return "a body is changed without need" }
        // The decoder refuses numbers out of range, which are none of our business.
        guard let before = DecodedValue.object(in: body) else { return nil }
        guard let after = DecodedValue.object(in: request.forwarded) else { return "a changed body is no longer JSON" }
        guard case .string(let model) = before["model"], Array(model.utf8) == Array(request.model.utf8) else {
            return "another model is authorised than the body names"
        }
        guard after["model"] == (renames ? .string("up/stream") : before["model"]) else { return "another model is sent on than was meant" }
        guard (before["stream"] == .bool(true)) == request.isStreamed else { return "another wish for streaming is read than decoded" }
        guard case .object(var expected) = before, case .object(var got) = after else { return nil }
        expected["model"] = got["model"]
        if asksForUsage, request.isStreamed {
            guard after["stream_options"]?["include_usage"] == .bool(true) else { return "the wish for usage is not put in" }
            expected["stream_options"] = nil
            got["stream_options"] = nil
        }
        return expected == got ? nil : "more of a body is changed than is allowed"
    }
}
