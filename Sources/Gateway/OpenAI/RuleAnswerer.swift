import Core
import NIOCore

/// Answers like a model, by rules: the same question gets the same answer, and nothing leaves the machine.
///
/// Tokens are counted as words between white space: of all messages' texts in, of the answer out. `system_fingerprint` is the digest of the rules.
struct RuleAnswerer {
    let rules: RuleSet
    let route: Route?
    let intentID: String
    /// Seconds since 1970.
    let created: Int64

    private static let messageScanner = FieldScanner(["role", "content"])
    private static let partScanner = FieldScanner(["type", "text"])

    struct Answer {
        /// Whole: JSON, or a stream of events.
        let bytes: ByteBuffer
        let inputTokens: Int64
        let outputTokens: Int64
    }

    func answer(to body: ByteBuffer, _ request: ChatRequest) -> Answer {
        let question = body.withUnsafeReadableBytes { read($0, request.messages) }
        let text = rules.answer(to: question.last)
        let output = Self.words(text)
        let usage: JSONValue = [
            "completion_tokens": JSONValue(output), "prompt_tokens": JSONValue(question.words), "total_tokens": JSONValue(output + question.words),
        ]
        func made(_ bytes: ByteBuffer) -> Answer {
            Answer(bytes: bytes, inputTokens: Int64(question.words), outputTokens: Int64(output))
        }
        if !request.isStreamed {
            let choice: JSONValue = [
                "finish_reason": "stop", "index": 0, "logprobs": nil, "message": ["content": JSONValue(text), "refusal": nil, "role": "assistant"],
            ]
            return made(ByteBuffer(bytes: CanonicalJSON.encode(object("chat.completion", [choice], usage))))
        }
        var out = ByteBuffer()
        func event(_ value: JSONValue) {
            out.writeStaticString("data: ")
            out.writeBytes(CanonicalJSON.encode(value))
            out.writeStaticString("\n\n")
        }
        func chunk(_ delta: JSONValue, finish: JSONValue = nil) {
            event(object("chat.completion.chunk", [["delta": delta, "finish_reason": finish, "index": 0, "logprobs": nil]], nil))
        }
        chunk(["content": "", "role": "assistant"])
        for piece in Self.pieces(text) { chunk(["content": JSONValue(piece)]) }
        chunk([:], finish: "stop")
        if request.includesUsage || route?.includeUsage == true { event(object("chat.completion.chunk", [], usage)) }
        out.writeStaticString("data: [DONE]\n\n")
        return made(out)
    }

    private func object(_ kind: String, _ choices: [JSONValue], _ usage: JSONValue?) -> JSONValue {
        .compact([
            "choices": .array(choices), "created": JSONValue(created), "id": JSONValue("chatcmpl-\(intentID)"),
            "model": JSONValue(route?.upstreamModel.isEmpty == false ? route?.upstreamModel ?? "rules" : "rules"), "object": JSONValue(kind),
            "system_fingerprint": JSONValue(rules.digest), "usage": usage,
        ])
    }

    /// The text of the last user message, and the words of all messages.
    private func read(_ bytes: UnsafeRawBufferPointer, _ messages: Range<Int>?) -> (last: String, words: Int) {
        var last = ""
        var words = 0
        guard let messages, JSONText.isArray(bytes, messages) else { return (last, words) }
        // Validated with the whole body: what cannot be read here is empty.
        try? FieldScanner.forEachElement(of: bytes, in: messages) { element in
            guard let fields = try? Self.messageScanner.scan(bytes, in: element), let content = fields[1] else { return true }
            let text = Self.text(bytes, content)
            words += Self.words(text)
            if let role = fields[0], JSONText.isString("user", bytes, role) { last = text }
            return true
        }
        return (last, words)
    }

    /// A content is a string, or an array of parts of which those of type `text` count.
    private static func text(_ bytes: UnsafeRawBufferPointer, _ content: Range<Int>) -> String {
        if let text = JSONText.string(bytes, content) { return text }
        guard JSONText.isArray(bytes, content) else { return "" }
        var texts: [String] = []
        try? FieldScanner.forEachElement(of: bytes, in: content) { part in
            if let fields = try? partScanner.scan(bytes, in: part), let text = fields[1].flatMap({ JSONText.string(bytes, $0) }) {
                texts.append(text)
            }
            return true
        }
        return texts.joined(separator: "\n")
    }

    private static func words(_ text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }

    /// The words with the white space that follows them.
    private static func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var piece = ""
        for character in text {
            if !character.isWhitespace, piece.last?.isWhitespace == true {
                pieces.append(piece)
                piece = ""
            }
            piece.append(character)
        }
        if !piece.isEmpty { pieces.append(piece) }
        return pieces
    }
}
