import Core
import Foundation

extension FuzzTarget {
    /// The byte scanner against Foundation's decoder, which was written by others: both accept the same texts and see the same values.
    ///
    /// Where they may differ: the scanner refuses deep nesting and wanted members that are there twice; the decoder refuses numbers that no
    /// Swift type holds, and guesses UTF-16 and UTF-32 from zero bytes and byte order marks, which RFC 8259 does not have.
    package static let json = FuzzTarget(
        name: "json", summary: "FieldScanner and JSONParser against Foundation's JSONDecoder", maximumBytes: 4096
    ) { bytes in
        let scanned = bytes.withUnsafeBytes { buffer in Result { try Scanned(buffer) } }
        if let broken = parserAgrees(bytes, isScanned: (try? scanned.get()) != nil) { return broken }
        // The decoder takes other encodings than UTF-8.
        if bytes.contains(0) || bytes.starts(with: [0xef, 0xbb, 0xbf]) || bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
            return nil
        }
        // A text that the scanner accepts is decoded without its exponents' digits: they alone may put a number out of every type's range.
        let text = (try? scanned.get()) == nil ? bytes : withoutExponents(bytes)
        let decoded = Result { try JSONDecoder().decode([String: DecodedValue].self, from: Data(text)) }
        switch (scanned, decoded) {
        case (.success(let scanned), .success(let decoded)):
            return scanned.disagreement(with: decoded)
        case (.success, .failure(let error)):
            return hasLongNumber(bytes) ? nil : "the scanner accepts what JSONDecoder refuses: \(error)"
        case (.failure(let error), .success(let decoded)):
            let code = (error as? JSONError)?.code
            if code == .tooDeep || code == .duplicateKey { return nil }
            // Of members that are there twice the decoder, which is lazy, looks at one only: it has not seen the fault in the other.
            if DecodedValue.object(decoded).memberCount < colonCount(bytes) { return nil }
            // The decoder lets a comma stand before a closing bracket; RFC 8259 does not.
            if hasTrailingComma(bytes) { return nil }
            return "the scanner refuses what JSONDecoder accepts: \(error)"
        case (.failure, .failure):
            return nil
        }
    }

    /// Calls `body` with the index of every byte that is in no string; the quotes are not either.
    private static func forEachOutsideStrings(_ bytes: [UInt8], _ body: (Int, UInt8) -> Void) {
        var isString = false
        var isEscaped = false
        for (index, byte) in bytes.enumerated() {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                isString.toggle()
            } else if isString {
                isEscaped = byte == UInt8(ascii: "\\")
            } else {
                body(index, byte)
            }
        }
    }

    /// As many as the text has members.
    private static func colonCount(_ bytes: [UInt8]) -> Int {
        var count = 0
        forEachOutsideStrings(bytes) { if $1 == UInt8(ascii: ":") { count += 1 } }
        return count
    }

    private static func hasTrailingComma(_ bytes: [UInt8]) -> Bool {
        var previous: UInt8 = 0
        var found = false
        forEachOutsideStrings(bytes) { _, byte in
            guard byte > 0x20 else { return }
            if previous == UInt8(ascii: ","), byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { found = true }
            previous = byte
        }
        return found
    }

    /// The text with `0` for each digit of an exponent.
    private static func withoutExponents(_ bytes: [UInt8]) -> [UInt8] {
        var out = bytes
        var isExponent = false
        forEachOutsideStrings(bytes) { index, byte in
            switch byte {
            // Outside of strings an e that follows a digit begins an exponent: those of `true` and `false` follow letters.
            case UInt8(ascii: "e"), UInt8(ascii: "E"): isExponent = index > 0 && isDigit(bytes[index - 1])
            case UInt8(ascii: "+"), UInt8(ascii: "-"): break
            default:
                if !isDigit(byte) {
                    isExponent = false
                } else if isExponent {
                    out[index] = UInt8(ascii: "0")
                }
            }
        }
        return out
    }

    /// Some hundred digits in a row are out of range without an exponent too.
    private static func hasLongNumber(_ bytes: [UInt8]) -> Bool {
        var run = 0
        for byte in bytes {
            run = isDigit(byte) ? run + 1 : 0
            if run > 300 { return true }
        }
        return false
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// What the strict parser reads, the scanner reads too; its canonical form is a fixed point.
    private static func parserAgrees(_ bytes: [UInt8], isScanned: Bool) -> String? {
        guard let value = try? JSONParser.parse(bytes) else { return nil }
        if case .object = value, !isScanned { return "the parser accepts an object that the scanner refuses" }
        var canonical: [UInt8] = []
        CanonicalJSON.append(value, to: &canonical)
        guard let again = try? JSONParser.parse(canonical) else { return "the parser refuses its own canonical form" }
        guard again == value else { return "the canonical form means another value" }
        var second: [UInt8] = []
        CanonicalJSON.append(again, to: &second)
        return second == canonical ? nil : "the canonical form of the canonical form differs"
    }
}

/// The members that the scanner was asked for.
private struct Scanned {
    static let names = ["model", "stream", "n", "messages"]
    static let scanner = FieldScanner(names)

    var present: [Bool]
    var model: String?
    var stream: Bool?
    var n: Int64?
    var elements: Int?

    init(_ buffer: UnsafeRawBufferPointer) throws {
        let fields = try Scanned.scanner.scan(buffer)
        present = Scanned.names.indices.map { fields[$0] != nil }
        model = fields[0].flatMap { JSONText.string(buffer, $0) }
        stream = fields[1].flatMap { JSONText.bool(buffer, $0) }
        n = fields[2].flatMap { JSONText.integer(buffer, $0) }
        if let messages = fields[3], JSONText.isArray(buffer, messages) {
            var count = 0
            try FieldScanner.forEachElement(of: buffer, in: messages) { _ in
                count += 1
                return true
            }
            elements = count
        }
    }

    func disagreement(with decoded: [String: DecodedValue]) -> String? {
        for (index, name) in Scanned.names.enumerated() where present[index] != (decoded[name] != nil) {
            return "only one of scanner and decoder sees the member \(name)"
        }
        if case .string(let text) = decoded["model"] {
            guard let model, Array(model.utf8) == Array(text.utf8) else { return "another model is scanned than decoded" }
        } else if model != nil {
            return "the scanner takes something for a model that is no string"
        }
        if case .bool(let flag) = decoded["stream"] {
            guard stream == flag else { return "another value of stream is scanned than decoded" }
        } else if stream != nil {
            return "the scanner takes something for a Boolean that is none"
        }
        if let n {
            guard case .number(let number) = decoded["n"], number == Double(n) else { return "another integer is scanned than decoded" }
        }
        if case .array(let values) = decoded["messages"] {
            guard elements == values.count else { return "another number of elements is scanned than decoded" }
        } else if elements != nil {
            return "the scanner takes something for an array that is none"
        }
        return nil
    }
}
