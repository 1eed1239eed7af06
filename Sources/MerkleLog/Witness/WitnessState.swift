import Crypto

/// What a witness remembers: of each log the tree that it cosigned last.
///
/// Deciding and storing must be one atomic step, and the new state must be durable before its cosignature leaves the witness.
package struct WitnessState: Hashable, Sendable {
    /// A tree that the witness has cosigned.
    package struct Head: Hashable, Sendable {
        package let size: UInt64
        package let root: MerkleHash

        package init(size: UInt64, root: MerkleHash) {
            self.size = size
            self.root = root
        }
    }

    // By the origin's bytes: texts that are only canonically equivalent are different logs.
    private var heads: [[UInt8]: Head] = [:]

    /// The state of a witness that has cosigned nothing.
    package init() {}

    /// The tree of a log that was cosigned last; nil if none was.
    package subscript(origin: String) -> Head? {
        get { heads[Array(origin.utf8)] }
        set { heads[Array(origin.utf8)] = newValue }
    }

    private static let heading: [UInt8] = Array("countersign witness state v1\n".utf8)

    /// A text: a heading; of each log three lines (origin, size, root), sorted by origin; SHA-256 of all that in hexadecimal.
    package var encoded: [UInt8] {
        var out = WitnessState.heading
        for (origin, head) in heads.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            out.append(contentsOf: origin)
            out.append(UInt8(ascii: "\n"))
            Decimal.append(head.size, to: &out)
            out.append(UInt8(ascii: "\n"))
            StrictBase64.append(head.root.bytes, to: &out)
            out.append(UInt8(ascii: "\n"))
        }
        let sum = MerkleHash(SHA256.hash(data: out)).hex
        out.append(contentsOf: sum.utf8)
        out.append(UInt8(ascii: "\n"))
        return out
    }

    /// Reads what `encoded` wrote.
    /// - Throws: `malformedState` for anything else, a flipped bit included. A witness that has lost its state must not sign again.
    package init(parsing bytes: [UInt8]) throws(MerkleLogError) {
        var reader = LineReader(bytes)
        var lines: [ArraySlice<UInt8>] = []
        while let line = reader.next() { lines.append(line) }
        guard reader.isAtEnd, lines.count >= 2, lines.count % 3 == 2 else { throw MerkleLogError(.malformedState, "not a witness's state") }
        for start in stride(from: 1, to: lines.count - 1, by: 3) {
            guard !lines[start].isEmpty, let size = Decimal.parse(lines[start + 1], maximum: Frontier.maximumSize),
                let root = MerkleHash(base64: lines[start + 2])
            else { throw MerkleLogError(.malformedState, "not a witness's state") }
            heads[Array(lines[start])] = Head(size: size, root: root)
        }
        guard encoded == bytes else { throw MerkleLogError(.malformedState, "the witness's state is damaged") }
    }
}
