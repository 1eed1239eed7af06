import Foundation

/// Everything decoded, so that the decoder, which is lazy, validates everything.
enum DecodedValue: Decodable, Equatable {
    case null
    case bool(Bool)
    case string(String)
    case number(Double)
    case array([DecodedValue])
    case object([String: DecodedValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try Self.unlessMismatched({ try container.decode(String.self) }) {
            self = .string(value)
        } else if let value = try Self.unlessMismatched({ try container.decode(Bool.self) }) {
            self = .bool(value)
        } else if let value = try Self.unlessMismatched({ try container.decode([DecodedValue].self) }) {
            self = .array(value)
        } else if let value = try Self.unlessMismatched({ try container.decode([String: DecodedValue].self) }) {
            self = .object(value)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }

    /// Members of the value and of all values in it.
    var memberCount: Int {
        switch self {
        case .object(let members): members.values.reduce(members.count) { $0 + $1.memberCount }
        case .array(let values): values.reduce(0) { $0 + $1.memberCount }
        default: 0
        }
    }

    /// nil only where the value is of another type; a fault in the text is thrown on.
    private static func unlessMismatched<Value>(_ decode: () throws -> Value) throws -> Value? {
        do {
            return try decode()
        } catch DecodingError.typeMismatch {
            return nil
        }
    }

    /// The member of an object; nil where this is no object or lacks it.
    subscript(name: String) -> DecodedValue? { if case .object(let members) = self { members[name] } else { nil } }

    /// The text decoded as an object; nil where it is none.
    static func object(in bytes: [UInt8]) -> DecodedValue? {
        (try? JSONDecoder().decode([String: DecodedValue].self, from: Data(bytes))).map { .object($0) }
    }
}
