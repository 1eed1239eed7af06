package import Crypto

/// The plaintext of the one envelope that an event with contents has. Integers are big-endian.
///
/// | bytes | field |
/// |---|---|
/// | 1 | version, 1 |
/// | 2 | number of contents, from 1 |
/// | | for each content, in ascending order of the names' bytes: |
/// | 1 | *n*, length of the name, from 1 |
/// | *n* | name, UTF-8 |
/// | 32 | salt |
/// | 8 | length *m* |
/// | *m* | bytes |
package enum PayloadContainer {
    package struct Item: Hashable, Sendable {
        package let name: String
        /// 32 bytes.
        package let salt: [UInt8]
        package let bytes: [UInt8]

        package init(name: String, salt: [UInt8], bytes: [UInt8]) {
            self.name = name
            self.salt = salt
            self.bytes = bytes
        }

        package var commitment: SHA256.Digest { Commitment.compute(name: name, salt: salt, bytes: bytes) }
    }

    package static let version: UInt8 = 1
    package static let maximumItems = 65_535
    static let saltLength = 32

    /// Salts some contents and makes their container and their commitments, both in ascending order of the names.
    /// - Throws: ``EnvelopeError/Code/invalidArgument`` for no contents, too many, or names that are empty, longer than 255 bytes or equal.
    package static func make(
        _ contents: [(name: String, bytes: [UInt8])], randomness: Randomness = .system
    ) throws(EnvelopeError) -> (container: [UInt8], commitments: [(name: String, digest: SHA256.Digest)]) {
        var items = contents.map { Item(name: $0.name, salt: randomness.bytes(saltLength), bytes: $0.bytes) }
        if items.count > 1 { items.sort { precedes($0.name, $1.name) } }
        return (try encode(items), items.map { ($0.name, $0.commitment) })
    }

    /// - Parameter items: in ascending order of their names.
    package static func encode(_ items: [Item]) throws(EnvelopeError) -> [UInt8] {
        guard (1...maximumItems).contains(items.count) else {
            throw EnvelopeError(.invalidArgument, "a container holds 1 to \(maximumItems) contents, not \(items.count)")
        }
        guard items.allSatisfy({ (1...255).contains($0.name.utf8.count) && $0.salt.count == saltLength }) else {
            throw EnvelopeError(.invalidArgument, "a content's name has 1 to 255 bytes, its salt 32")
        }
        guard zip(items, items.dropFirst()).allSatisfy({ precedes($0.name, $1.name) }) else {
            throw EnvelopeError(.invalidArgument, "the names of contents must differ and ascend")
        }
        var out: [UInt8] = []
        out.reserveCapacity(3 + items.reduce(0) { $0 + 1 + $1.name.utf8.count + saltLength + 8 + $1.bytes.count })
        out.append(version)
        out.appendBigEndian(UInt16(truncatingIfNeeded: items.count))
        for item in items {
            out.append(UInt8(truncatingIfNeeded: item.name.utf8.count))
            out.append(contentsOf: item.name.utf8)
            out.append(contentsOf: item.salt)
            out.appendBigEndian(UInt64(item.bytes.count))
            out.append(contentsOf: item.bytes)
        }
        return out
    }

    /// Reads a container. There is exactly one container for given contents and salts; nothing else is accepted.
    /// - Throws: ``EnvelopeError/Code/malformed``.
    package static func decode(_ container: [UInt8]) throws(EnvelopeError) -> [Item] {
        try container.withUnsafeBufferPointer { (buffer) throws(EnvelopeError) in
            var reader = ByteReader(UnsafeRawBufferPointer(buffer))
            guard let version = reader.integer(UInt8.self), let count = reader.integer(UInt16.self) else { throw cutOff }
            guard version == Self.version else {
                throw EnvelopeError(.malformed, "a container of version \(version); this program reads version 1")
            }
            guard count >= 1 else { throw EnvelopeError(.malformed, "a container without contents") }
            var items: [Item] = []
            for _ in 0..<count {
                guard let nameLength = reader.integer(UInt8.self), let nameBytes = reader.take(Int(nameLength)), let salt = reader.take(saltLength),
                    let length = reader.integer(UInt64.self), length <= UInt64(reader.remaining), let bytes = reader.take(Int(length))
                else { throw cutOff }
                guard nameLength >= 1, let name = String(validating: nameBytes, as: UTF8.self) else {
                    throw EnvelopeError(.malformed, "a content of the container has no valid name")
                }
                if let last = items.last, !precedes(last.name, name) {
                    throw EnvelopeError(.malformed, "the contents of the container are not in ascending order")
                }
                items.append(Item(name: name, salt: salt, bytes: bytes))
            }
            guard reader.remaining == 0 else { throw EnvelopeError(.malformed, "bytes after the end of the container") }
            return items
        }
    }

    /// Reads a container and checks it against the commitments of its leaf: the same names, and each digest.
    /// - Parameter commitments: name and 32-byte digest, in any order.
    /// - Throws: ``EnvelopeError/Code/malformed``, ``EnvelopeError/Code/commitmentMismatch``.
    package static func open(_ container: [UInt8], commitments: [(name: String, digest: [UInt8])]) throws(EnvelopeError) -> [Item] {
        let items = try decode(container)
        let expected = commitments.sorted { precedes($0.name, $1.name) }
        guard items.count == expected.count else {
            throw EnvelopeError(.commitmentMismatch, "the container holds \(items.count) contents, the leaf commits to \(expected.count)")
        }
        for (item, expected) in zip(items, expected) {
            guard item.name.utf8.elementsEqual(expected.name.utf8), equalInConstantTime(Array(item.commitment), expected.digest) else {
                throw EnvelopeError(.commitmentMismatch, "a content of the container does not match the commitment \(expected.name) of the leaf")
            }
        }
        return items
    }

    private static var cutOff: EnvelopeError { EnvelopeError(.malformed, "the container ends early") }

    /// The order of the names' bytes; Swift's own order of strings would take equivalent Unicode forms for equal.
    private static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}
