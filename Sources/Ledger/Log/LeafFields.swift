package import Core

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The members of a leaf that the log itself needs, found without building a tree of values.
///
/// The scan trusts nothing: on bytes that are no canonical object with these members it answers nil.
package struct LeafFields: Sendable {
    package let id: String
    package let type: String
    package let recordedAt: Timestamp
    package let source: EventSource
    package let number: Int64
    package let system: String?
    package let outcome: String
    /// `data.request_id`.
    package let requestID: String?
    /// `data.day` of a manifest.
    package let manifestDay: String?

    package init?(leaf: UnsafeRawBufferPointer) {
        var members = CanonicalMembers(leaf)
        var id: String?, type: String?, recordedAt: Timestamp?, source: UnsafeRawBufferPointer?, system: String?, outcome: String?
        var data: UnsafeRawBufferPointer?
        while let (name, value) = members.next() {
            switch name.count {
            case 2 where name.equals("id"): id = CanonicalMembers.string(value)
            case 4 where name.equals("type"): type = CanonicalMembers.string(value)
            case 4 where name.equals("data"): data = value
            case 6 where name.equals("source"): source = value
            case 6 where name.equals("system"): system = CanonicalMembers.string(value)
            case 7 where name.equals("outcome"): outcome = CanonicalMembers.string(value)
            case 11 where name.equals("recorded_at"): recordedAt = CanonicalMembers.string(value).flatMap(Timestamp.init(parsing:))
            default: break
            }
        }
        guard members.isComplete, let id, let type, let recordedAt, let source, let outcome else { return nil }
        var incarnation: Int64?, node: String?, number: Int64?, stream: String?
        members = CanonicalMembers(source)
        while let (name, value) = members.next() {
            switch name.count {
            case 3 where name.equals("seq"): number = CanonicalMembers.integer(value)
            case 4 where name.equals("node"): node = CanonicalMembers.string(value)
            case 6 where name.equals("stream"): stream = CanonicalMembers.string(value)
            case 11 where name.equals("incarnation"): incarnation = CanonicalMembers.integer(value)
            default: break
            }
        }
        guard members.isComplete, let incarnation, let node, let number, let stream else { return nil }
        self.id = id
        self.type = type
        self.recordedAt = recordedAt
        self.source = EventSource(node: node, incarnation: incarnation, stream: stream)
        self.number = number
        self.system = system
        self.outcome = outcome
        requestID = data.flatMap { CanonicalMembers.string(member: "request_id", of: $0) }
        manifestDay = type == EventType.manifestClosed.name ? data.flatMap { CanonicalMembers.string(member: "day", of: $0) } : nil
    }

    /// What the record means to the counting of intents and outcomes.
    var role: RecordRole {
        Self.role(type: type, id: id, system: system, requestID: requestID)
    }

    static func role(type: String, id: String, system: String?, requestID: String?) -> RecordRole {
        if type == EventType.inferenceRequested.name { return .intent(id: id, system: system) }
        if let requestID, EventType.inferenceOutcomes.contains(where: { $0.name == type }) { return .outcome(of: requestID) }
        return .other
    }
}

/// Walks the members of one canonical JSON object.
struct CanonicalMembers {
    private let bytes: UnsafeRawBufferPointer
    private var at: Int
    private var failed = false

    init(_ object: UnsafeRawBufferPointer) {
        bytes = object
        at = 1
        if object.count < 2 || object[0] != UInt8(ascii: "{") || object[object.count - 1] != UInt8(ascii: "}") { failed = true }
        if object.count == 2 { at = 2 }
    }

    /// The whole object was read and nothing was wrong with it.
    var isComplete: Bool { !failed && at == bytes.count }

    mutating func next() -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        guard !failed, at < bytes.count else { return nil }
        guard let nameEnd = skipString(from: at), nameEnd < bytes.count, bytes[nameEnd] == UInt8(ascii: ":"),
            let valueEnd = skipValue(from: nameEnd + 1), valueEnd < bytes.count,
            bytes[valueEnd] == UInt8(ascii: ",") || (bytes[valueEnd] == UInt8(ascii: "}") && valueEnd == bytes.count - 1)
        else {
            failed = true
            return nil
        }
        let name = UnsafeRawBufferPointer(rebasing: bytes[(at + 1)..<(nameEnd - 1)])
        let value = UnsafeRawBufferPointer(rebasing: bytes[(nameEnd + 1)..<valueEnd])
        at = valueEnd + 1
        return (name, value)
    }

    /// The position after the string that starts here. From quote to quote by `memchr`: byte by byte, this was a tenth of what it
    /// costs to integrate a record.
    private func skipString(from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress, bytes[start] == UInt8(ascii: "\"") else { return nil }
        var at = start + 1
        while at < bytes.count, let quote = memchr(base + at, Int32(UInt8(ascii: "\"")), bytes.count - at) {
            let end = UnsafeRawPointer(quote) - base
            var escape = end
            while escape > start + 1, bytes[escape - 1] == UInt8(ascii: "\\") { escape -= 1 }
            // Backslashes in pairs escape each other; the odd one escapes the quote.
            if (end - escape).isMultiple(of: 2) { return end + 1 }
            at = end + 1
        }
        return nil
    }

    private func skipValue(from start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        switch bytes[start] {
        case UInt8(ascii: "\""): return skipString(from: start)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            var at = start
            while at < bytes.count {
                switch bytes[at] {
                case UInt8(ascii: "\""):
                    guard let end = skipString(from: at) else { return nil }
                    at = end
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth == 0 { return at + 1 }
                default: break
                }
                at += 1
            }
            return nil
        default:
            var at = start
            while at < bytes.count, bytes[at] != UInt8(ascii: ","), bytes[at] != UInt8(ascii: "}") { at += 1 }
            return at > start ? at : nil
        }
    }

    /// The text of a JSON string; nil for other values.
    static func string(_ value: UnsafeRawBufferPointer) -> String? {
        guard value.count >= 2, value[0] == UInt8(ascii: "\"") else { return nil }
        let inner = UnsafeRawBufferPointer(rebasing: value[1..<(value.count - 1)])
        // Escapes are as good as never there: identifiers and enumerations have none.
        if inner.contains(UInt8(ascii: "\\")) { return (try? JSONParser.parse(Array(value), maximumBytes: value.count))?.string }
        return String(decoding: inner, as: UTF8.self)
    }

    static func integer(_ value: UnsafeRawBufferPointer) -> Int64? {
        Int64(String(decoding: value, as: UTF8.self))
    }

    static func string(member name: StaticString, of object: UnsafeRawBufferPointer) -> String? {
        var members = CanonicalMembers(object)
        while let member = members.next() {
            if member.name.equals(name) { return string(member.value) }
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && text.withUTF8Buffer { $0.elementsEqual(self) }
    }
}
