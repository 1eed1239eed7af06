/// Takes lines, each ended by a newline, from the front of some bytes.
struct LineReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) {
        rest = ArraySlice(Array(bytes))
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next line without its newline; nil if no newline is left.
    mutating func next() -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = rest[rest.startIndex..<end]
        rest = rest[(end + 1)...]
        return line
    }
}

extension Collection<UInt8> {
    /// What follows a prefix; nil if the bytes do not begin with it.
    func dropping(prefix: StaticString) -> SubSequence? {
        var at = startIndex
        for offset in 0..<prefix.utf8CodeUnitCount {
            guard at != endIndex, self[at] == prefix.utf8Start[offset] else { return nil }
            at = index(after: at)
        }
        return self[at...]
    }
}

/// The text of UTF-8 bytes; nil if they are not valid UTF-8, or hold a control character below U+0020 other than newline.
func noteText(_ bytes: some Collection<UInt8>) -> String? {
    guard bytes.allSatisfy({ $0 >= 0x20 || $0 == UInt8(ascii: "\n") }) else { return nil }
    return String(validating: bytes, as: UTF8.self)
}

/// Whether two texts are the same bytes. `==` on String also holds for texts that are only canonically equivalent, which names must not be.
func sameBytes(_ a: String, _ b: String) -> Bool {
    a.utf8.elementsEqual(b.utf8)
}
