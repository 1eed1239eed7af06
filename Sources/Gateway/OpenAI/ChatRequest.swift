import Core
import NIOCore

/// What the gateway reads of a chat completion request. Everything else passes unread (I10).
struct ChatRequest {
    let model: String
    let isStreamed: Bool
    /// The caller asked for the usage of a stream itself.
    let includesUsage: Bool
    let wantsLogprobs: Bool
    private let modelRange: Range<Int>
    private let options: Options
    /// Where the `messages` are; only our own rules read them.
    let messages: Range<Int>?
    /// Where a member can be put in: just behind the object's brace.
    private let objectStart: Int

    private enum Options {
        case absent
        case null(Range<Int>)
        case without(Range<Int>, isEmpty: Bool)
        case with(value: Range<Int>)
    }

    private static let scanner = FieldScanner(["model", "stream", "stream_options", "logprobs", "messages"])
    private static let optionScanner = FieldScanner(["include_usage"])

    /// Reads a body. The parsed values are what is authorised (I9); a body that two readers could read differently is refused.
    init(_ body: ByteBuffer) throws(Refusal.Thrown) {
        let result = body.withUnsafeReadableBytes { bytes -> Result<ChatRequest, Refusal.Thrown> in
            do throws(Refusal.Thrown) { return .success(try ChatRequest(bytes)) } catch { return .failure(error) }
        }
        self = try result.get()
    }

    private init(_ bytes: UnsafeRawBufferPointer) throws(Refusal.Thrown) {
        let fields: JSONFields
        do throws(JSONError) { fields = try Self.scanner.scan(bytes) } catch { throw .init(refusal: Refusal(error)) }
        guard let modelRange = fields[0], let model = JSONText.string(bytes, modelRange), !model.isEmpty else {
            throw .init(refusal: .missingModel)
        }
        self.model = model
        self.modelRange = modelRange
        if let range = fields[1], !JSONText.isNull(bytes, range) {
            guard let stream = JSONText.bool(bytes, range) else { throw .init(refusal: .invalidStream) }
            isStreamed = stream
        } else {
            isStreamed = false
        }
        var includesUsage = false
        if let range = fields[2] {
            if JSONText.isNull(bytes, range) {
                options = .null(range)
            } else {
                guard JSONText.isObject(bytes, range) else { throw .init(refusal: .invalidStreamOptions) }
                let inner: JSONFields
                do throws(JSONError) { inner = try Self.optionScanner.scan(bytes, in: range) } catch { throw .init(refusal: Refusal(error)) }
                if let value = inner[0] {
                    includesUsage = JSONText.bool(bytes, value) == true
                    options = .with(value: value)
                } else {
                    let isEmpty = !bytes[range].dropFirst().dropLast().contains { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
                    options = .without(range, isEmpty: isEmpty)
                }
            }
        } else {
            options = .absent
        }
        self.includesUsage = includesUsage
        wantsLogprobs = fields[3].map { JSONText.bool(bytes, $0) == true } ?? false
        messages = fields[4]
        objectStart = (bytes.firstIndex(of: UInt8(ascii: "{")) ?? 0) + 1
    }

    /// One change of the body.
    struct Edit {
        let range: Range<Int>
        let bytes: [UInt8]
    }

    /// The only changes that I10 allows: the routed model's name, and the wish for usage where the route has it.
    /// - Returns: in ascending order, apart from each other.
    func edits(model replacement: [UInt8]?, asksForUsage: Bool) -> [Edit] {
        guard replacement != nil || (asksForUsage && isStreamed && !includesUsage) else { return [] }
        var edits: [Edit] = []
        if let replacement { edits.append(Edit(range: modelRange, bytes: replacement)) }
        if asksForUsage, isStreamed, !includesUsage {
            switch options {
            case .absent: edits.append(Edit(range: objectStart..<objectStart, bytes: Array("\"stream_options\":{\"include_usage\":true},".utf8)))
            case .null(let range): edits.append(Edit(range: range, bytes: Array("{\"include_usage\":true}".utf8)))
            case .with(let value): edits.append(Edit(range: value, bytes: Array("true".utf8)))
            case .without(let range, let isEmpty):
                let at = range.lowerBound + 1
                edits.append(Edit(range: at..<at, bytes: Array((isEmpty ? "\"include_usage\":true" : "\"include_usage\":true,").utf8)))
            }
        }
        return edits.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }
}

extension Refusal {
    /// A refusal as a typed error, inside this room only.
    struct Thrown: Error {
        let refusal: Refusal
    }

    /// The body is not JSON that we accept.
    init(_ error: JSONError) {
        let reason =
            switch error.code {
            case .duplicateKey: "duplicate_member"
            case .invalidUTF8: "invalid_utf8"
            case .tooDeep: "too_deep"
            default: "malformed_json"
            }
        self.init(
            status: 400, type: .invalidRequest, code: reason, message: "We could not parse the JSON body of your request: \(error.description).",
            reason: reason)
    }
}
