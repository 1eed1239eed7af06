import Core
import NIOCore

/// What the record needs to know of an answer.
struct AnswerSummary {
    var model: String?
    var fingerprint: String?
    var finish: String?
    var inputTokens: Int64?
    var outputTokens: Int64?

    private static let scanner = FieldScanner(["choices", "usage", "model", "system_fingerprint"])
    private static let choiceScanner = FieldScanner(["finish_reason"])
    private static let usageScanner = FieldScanner(["prompt_tokens", "completion_tokens"])

    /// Reads a plain answer.
    /// - Returns: false where it is no chat completion.
    mutating func read(answer: ByteBuffer) -> Bool {
        answer.withUnsafeReadableBytes { bytes in
            do throws(JSONError) {
                return try read(bytes, in: nil).hasChoices
            } catch {
                return false
            }
        }
    }

    /// Reads the JSON of an answer or of one chunk of a stream.
    /// - Returns: whether it has choices, and whether one of them says why it finished.
    mutating func read(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>?) throws(JSONError) -> (hasChoices: Bool, isTerminal: Bool) {
        let fields = try Self.scanner.scan(bytes, in: range)
        if model == nil, let value = fields[2] { model = JSONText.string(bytes, value) }
        if fingerprint == nil, let value = fields[3] { fingerprint = JSONText.string(bytes, value) }
        if let value = fields[1], JSONText.isObject(bytes, value) {
            let usage = try Self.usageScanner.scan(bytes, in: value)
            if let tokens = usage[0].flatMap({ JSONText.integer(bytes, $0) }) { inputTokens = tokens }
            if let tokens = usage[1].flatMap({ JSONText.integer(bytes, $0) }) { outputTokens = tokens }
        }
        guard let choices = fields[0], JSONText.isArray(bytes, choices) else { return (false, false) }
        var isTerminal = false
        var fault: JSONError?
        var reason: String?
        try FieldScanner.forEachElement(of: bytes, in: choices) { element in
            guard JSONText.isObject(bytes, element) else { return true }
            do throws(JSONError) {
                if let value = try Self.choiceScanner.scan(bytes, in: element)[0], !JSONText.isNull(bytes, value) {
                    isTerminal = true
                    if reason == nil { reason = JSONText.string(bytes, value) ?? "other" }
                }
                return true
            } catch {
                fault = error
                return false
            }
        }
        if let fault { throw fault }
        if finish == nil { finish = reason }
        return (true, isTerminal)
    }

    /// The finish as an enumeration; what we do not know is `other`.
    var finishCode: String? {
        finish.map { ["stop", "length", "tool_calls", "content_filter", "function_call"].contains($0) ? $0 : "other" }
    }

    /// A provider's word as it may stand in a leaf (I3): an identifier of at most 128 characters, otherwise its digest.
    static func identifier(_ text: String?) -> String? {
        guard let text, !text.isEmpty else { return nil }
        let isPlain =
            text.utf8.count <= 128
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "@"),
                    UInt8(ascii: "+"):
                    true
                default: false
                }
            }
        return isPlain ? text : SHA256Digest(hashing: Array(text.utf8)).description
    }
}
