import NIOCore
import Testing

@testable import Gateway

struct EventStreamReaderTests {
    private static let events = [
        ": keepalive\n\n",
        "data: {\"model\":\"m-1\",\"system_fingerprint\":\"fp\",\"choices\":[{\"delta\":{\"content\":\"h\u{e9}\"},\"finish_reason\":null}]}\n\n",
        "event: x\r\nid: 4\r\ndata: {\"choices\":[{\"delta\":{}}],\"usage\":null}\r\n\r\n",
        "data:{\"choices\":[]}\n\n",
    ]
    private static let tail = [
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n",
        "data: [DONE]\n\n",
    ]

    private func read(_ text: String, pieces: Int) throws -> (released: String, rest: String, reader: EventStreamReader) {
        var reader = EventStreamReader(maximumEventBytes: 4096, maximumHeldBytes: 4096)
        var released = ByteBuffer()
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            try reader.feed(ByteBuffer(bytes: bytes[start..<min(start + pieces, bytes.count)]))
            if let passing = reader.takeReleasable() { released.writeImmutableBuffer(passing) }
        }
        let rest = reader.takeRest()
        return (String(buffer: released), String(buffer: rest), reader)
    }

    @Test("however the bytes arrive, everything before the terminal event passes and nothing of it", arguments: [1, 2, 3, 7, 64, 100_000])
    func holds(pieces: Int) throws {
        let before = Self.events.joined()
        let after = Self.tail.joined()
        let result = try read(before + after, pieces: pieces)
        #expect(result.released == before)
        #expect(result.rest == after)
        #expect(result.reader.isTerminal)
        #expect(result.reader.isDone)
        #expect(result.reader.summary.model == "m-1")
        #expect(result.reader.summary.fingerprint == "fp")
        #expect(result.reader.summary.finishCode == "stop")
        #expect(result.reader.summary.inputTokens == 7)
        #expect(result.reader.summary.outputTokens == 3)
    }

    @Test("an event that is not complete does not pass")
    func incomplete() throws {
        let result = try read(Self.events[1] + "data: {\"choices\":[{\"finish_reason\":\"st", pieces: 5)
        #expect(result.released == Self.events[1])
        #expect(!result.reader.isTerminal)
    }

    @Test(
        "a terminal event does not hide",
        arguments: [
            "\u{feff}data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n",
            "data: {\"choices\":\ndata: [{\"finish_reason\":\"stop\"}]}\n\n",
            "data: {\"choices\":[{\"finish_reason\":null},{\"finish_reason\":\"length\"}]}\n\n",
            "data: {\"choices\":[{\"finish\\u005freason\":\"stop\"}]}\n\n",
            "data: {\"cho\\u0069ces\":[{\"finish_reason\":\"stop\"}]}\n\n",
            "data: {\"choices\":[{\"finish_reason\":17}]}\n\n",
            "data: [DONE]\n\n",
            "data:[DONE]\r\n\r\n",
        ])
    func hiding(text: String) throws {
        for pieces in [1, 4, 1000] {
            let result = try read(text, pieces: pieces)
            #expect(result.released == "")
            #expect(result.reader.isTerminal)
        }
    }

    @Test(
        "what other readers could take for an event is refused where we cannot read it",
        arguments: [
            "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\r\rdata: x\n\n",
            "data: not json\n\n",
            "data: {\"choices\":[],\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n",
            ": comment\rdata: {}\n\n",
            "data: {\"choices\":[\n\n",
        ])
    func garbage(text: String) {
        #expect(throws: EventStreamReader.Fault(failure: .garbage)) { try read(text, pieces: 3) }
    }

    @Test("an event without an end, and a stream without one, are bounded")
    func bounds() {
        #expect(throws: EventStreamReader.Fault(failure: .tooLarge)) { try read("data: " + String(repeating: "x", count: 5000), pieces: 100) }
        let held = Self.tail[0] + String(repeating: ": more\n\n", count: 1000)
        #expect(throws: EventStreamReader.Fault(failure: .tooLarge)) { try read(held, pieces: 100) }
    }
}
