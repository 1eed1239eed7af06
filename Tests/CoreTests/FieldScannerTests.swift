import Core
import Foundation
import Testing

struct FieldScannerTests {
    private func scan(_ text: String, _ names: [String] = ["model", "stream"]) throws -> [String?] {
        try Self.scan(Array(text.utf8), names)
    }

    private static func scan(_ bytes: [UInt8], _ names: [String]) throws -> [String?] {
        try bytes.withUnsafeBytes { buffer in
            let fields = try FieldScanner(names).scan(buffer)
            return names.indices.map { index in fields[index].map { String(decoding: buffer[$0], as: UTF8.self) } }
        }
    }

    @Test("wanted members are found wherever they stand, and only at the top")
    func finds() throws {
        #expect(try scan(#"{"model":"a","stream":true}"#) == [#""a""#, "true"])
        #expect(try scan(" {\n\"x\" : {\"model\":1} ,\t\"stream\" : [ {\"model\":2} ] , \"model\":\r\"b\" } ") == [#""b""#, #"[ {"model":2} ]"#])
        #expect(try scan("{}") == [nil, nil])
        #expect(try scan(#"{"model ":1,"Model":2,"mode":3,"models":4}"#) == [nil, nil])
    }

    @Test("a name is the same however it is escaped", arguments: [#"mod\u0065l"#, #"\u006dodel"#, #"m\u006Fdel"#])
    func escapedNames(name: String) throws {
        #expect(try scan("{\"\(name)\":\"a\"}") == [#""a""#, nil])
        #expect(throws: JSONError.self) { try scan("{\"model\":\"a\",\"\(name)\":\"b\"}") }
        #expect(throws: JSONError.self) { try scan("{\"\(name)\":\"a\",\"x\":0,\"model\":\"b\"}") }
    }

    @Test("a wanted member that is there twice is refused; another may repeat")
    func duplicates() throws {
        let error = #expect(throws: JSONError.self) { try scan(#"{"model":"a","stream":true,"model":"a"}"#) }
        #expect(error?.code == .duplicateKey)
        #expect(error?.offset == 27)
        #expect(try scan(#"{"x":1,"x":2,"model":"a"}"#) == [#""a""#, nil])
    }

    @Test(
        "what RFC 8259 does not allow is refused",
        arguments: [
            "", " ", "[]", "null", "\"a\"", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{a:1}", "{'a':1}",
            "{\"a\":01}", "{\"a\":-}", "{\"a\":+1}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":0x1}", "{\"a\":NaN}",
            "{\"a\":tru}", "{\"a\":True}", "{\"a\":nul}", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[}", "{\"a\":]}", "{\"a\":{]}", "{\"a\":[}]",
            "{\"a\":\"\n\"}", "{\"a\":\"\u{1}\"}", #"{"a":"\x"}"#, #"{"a":"\u12"}"#, #"{"a":"\u12g4"}"#, #"{"a":"\ud800"}"#, #"{"a":"\udc00"}"#,
            #"{"a":"\ud800\u0041"}"#, #"{"a":"\ud800x"}"#, #"{"a":"\"#, "{} {}", "{}x", "\u{feff}{}", "{\"a\":1}\u{0}", "// c\n{}", "{\"a\":\"",
        ])
    func malformed(text: String) {
        #expect(throws: JSONError.self) { try scan(text) }
    }

    @Test(
        "bytes that are no UTF-8 are refused",
        arguments: [
            [0x80], [0xc0, 0xaf], [0xc1, 0xbf], [0xc2], [0xe0, 0x80, 0x80], [0xe0, 0x9f, 0xbf], [0xed, 0xa0, 0x80], [0xf0, 0x80, 0x80, 0x80],
            [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82], [0xff], [0xfe],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        for padding in 0..<9 {
            let text = Array("{\"a\":\"".utf8) + Array(repeating: UInt8(ascii: "x"), count: padding) + bytes + Array("\"}".utf8)
            #expect(throws: JSONError.self) { try Self.scan(text, ["a"]) }
        }
    }

    @Test("strings of every alignment end where they end")
    func alignment() throws {
        for length in 0..<40 {
            for special in ["", "é", "€", "😀", #"\""#, #"\\"#, #"\u00e9"#, #"\ud83d\ude00"#] {
                let content = String(repeating: "x", count: length) + special + String(repeating: "y", count: 39 - length)
                #expect(try scan("{\"model\":\"\(content)\",\"stream\":1}") == ["\"\(content)\"", "1"])
            }
        }
    }

    @Test("nesting is bounded at 64")
    func depth() throws {
        func nested(_ depth: Int) -> String { "{\"a\":" + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}" }
        #expect(try scan(nested(64), ["a"]).first != nil)
        let error = #expect(throws: JSONError.self) { try scan(nested(65), ["a"]) }
        #expect(error?.code == .tooDeep)
        #expect(throws: JSONError.self) { try scan(nested(100_000), ["a"]) }
    }

    @Test("a part of a text is read like a whole one")
    func parts() throws {
        let text = Array(#"{"o":{"include_usage":true,"n":-12},"a":[{"i":1}, 2 ,"x"]}"#.utf8)
        try text.withUnsafeBytes { bytes in
            let outer = try FieldScanner(["o", "a"]).scan(bytes)
            let object = try #require(outer[0])
            let inner = try FieldScanner(["include_usage", "n"]).scan(bytes, in: object)
            #expect(inner[0].flatMap { JSONText.bool(bytes, $0) } == true)
            #expect(inner[1].flatMap { JSONText.integer(bytes, $0) } == -12)
            var elements: [String] = []
            try FieldScanner.forEachElement(of: bytes, in: outer[1]) { range in
                elements.append(String(decoding: bytes[range], as: UTF8.self))
                return true
            }
            #expect(elements == [#"{"i":1}"#, "2", #""x""#])
        }
    }

    @Test("values are read for what they are, and nothing else")
    func values() throws {
        func with<T>(_ text: String, _ body: (UnsafeRawBufferPointer, Range<Int>) -> T) -> T {
            Array(text.utf8).withUnsafeBytes { body($0, 0..<$0.count) }
        }
        #expect(with(#""a\n\u00e9\ud83d\ude00\/""#, JSONText.string) == "a\né😀/")
        #expect(with("12", JSONText.string) == nil)
        #expect(with("9223372036854775807", JSONText.integer) == .max)
        #expect(with("-9223372036854775808", JSONText.integer) == .min)
        #expect(with("9223372036854775808", JSONText.integer) == nil)
        #expect(with("1.0", JSONText.integer) == nil)
        #expect(with("1e3", JSONText.integer) == nil)
        #expect(with("\"true\"", JSONText.bool) == nil)
    }

    /// Anything that JSON can say, read by Foundation.
    private enum Anything: Decodable {
        case value
        init(from decoder: any Decoder) throws {
            if let keyed = try? decoder.container(keyedBy: Key.self) {
                for key in keyed.allKeys { _ = try keyed.decode(Anything.self, forKey: key) }
            } else if var list = try? decoder.unkeyedContainer() {
                while !list.isAtEnd { _ = try list.decode(Anything.self) }
            } else {
                let single = try decoder.singleValueContainer()
                if !single.decodeNil(), (try? single.decode(Bool.self)) == nil, (try? single.decode(Double.self)) == nil {
                    _ = try single.decode(String.self)
                }
            }
            self = .value
        }
        struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }

    private struct Fields: Decodable {
        let model: String?
        let stream: Bool?
    }

    @Test("the scanner and Foundation's decoder agree on texts that were made and then damaged", arguments: [1, 2, 3, 4] as [UInt64])
    func differential(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var accepted = 0
        var refused = 0
        for _ in 0..<1500 {
            var bytes = Array(Self.object(depth: 0, &random).utf8)
            if random.next() % 3 > 0, !bytes.isEmpty {
                for _ in 0...random.next() % 2 { Self.damage(&bytes, &random) }
            }
            let data = Data(bytes)
            let foundation =
                (try? JSONDecoder().decode([String: Anything].self, from: data)) != nil && String(validating: bytes, as: UTF8.self) != nil
            // Foundation lets a comma stand before a closing bracket, and refuses numbers that no type of Swift's holds.
            if String(decoding: bytes, as: UTF8.self).contains(/,\s*[}\]]|[0-9][eE][+]?[0-9]{3}/) { continue }
            let ours: [String?]?
            do { ours = try Self.scan(bytes, ["model", "stream"]) } catch let error as JSONError {
                ours = nil
                // Foundation takes the last of two members, and nests deeper.
                if error.code == .duplicateKey || error.code == .tooDeep { continue }
            }
            #expect((ours != nil) == foundation, "\(String(decoding: bytes, as: UTF8.self))")
            if let ours {
                accepted += 1
                guard let fields = try? JSONDecoder().decode(Fields.self, from: data) else { continue }
                try bytes.withUnsafeBytes { buffer in
                    let ranges = try FieldScanner(["model", "stream"]).scan(buffer)
                    #expect(ranges[0].flatMap { JSONText.string(buffer, $0) } == fields.model)
                    #expect(ranges[1].flatMap { JSONText.bool(buffer, $0) } == fields.stream)
                }
                #expect(ours.count == 2)
            } else {
                refused += 1
            }
        }
        // The test would say nothing if one side were never met.
        #expect(accepted > 100)
        #expect(refused > 100)
    }

    private static func object(depth: Int, _ random: inout SplitMix) -> String {
        var members: [String] = []
        // Of two members Foundation looks at one only.
        var used: Set<String> = []
        for _ in 0..<random.next() % 5 {
            let keys = ["model", "stream", "x", #"mod\u0065l"#, "é", ""]
            let key = keys[Int(random.next() % UInt64(keys.count))]
            guard used.insert(key.hasPrefix("mod") ? "model" : key).inserted else { continue }
            let plain = depth == 0 && key == "model" ? string(&random) : depth == 0 && key == "stream" ? "true" : value(depth: depth, &random)
            members.append("\"\(key)\"\(space(&random)):\(space(&random))\(plain)")
        }
        return space(&random) + "{" + members.joined(separator: ",") + "}" + space(&random)
    }

    private static func value(depth: Int, _ random: inout SplitMix) -> String {
        switch random.next() % (depth > 4 ? 5 : 7) {
        case 0: string(&random)
        case 1: ["0", "-1", "12.5", "1e3", "-0.5E-2", "9007199254740993", "-0"][Int(random.next() % 7)]
        case 2: "true"
        case 3: "null"
        case 4: "false"
        case 5: object(depth: depth + 1, &random)
        default: "[" + (0..<random.next() % 4).map { _ in value(depth: depth + 1, &random) }.joined(separator: ",") + "]"
        }
    }

    private static func string(_ random: inout SplitMix) -> String {
        let pieces = ["a", "hello wor", "é", "漢字", "😀", #"\n"#, #"\""#, #"\\"#, #"\u00e9"#, #"\ud83d\ude00"#, "/", #"\/"#, "0123456789abcdef"]
        return "\"" + (0..<random.next() % 6).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined() + "\""
    }

    private static func space(_ random: inout SplitMix) -> String { ["", "", "", " ", "\n", "\t\r"][Int(random.next() % 6)] }

    private static func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        let at = Int(random.next() % UInt64(bytes.count))
        let alphabet = Array("{}[]\",:\\u0eE+-.ntx \u{7f}".utf8) + [0x00, 0x1f, 0x80, 0xc3, 0xe2, 0xff]
        let byte = alphabet[Int(random.next() % UInt64(alphabet.count))]
        switch random.next() % 4 {
        case 0: bytes[at] = byte
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(byte, at: at)
        default: bytes.removeSubrange(at...)
        }
        if bytes.isEmpty { bytes = [UInt8(ascii: "{")] }
    }
}

/// Repeatable randomness.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
