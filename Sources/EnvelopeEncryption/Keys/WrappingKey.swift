package import Crypto

/// A key that wraps the data keys of envelopes.
///
/// A version never changes its key: a new version seals, the old ones stay to open. The bytes are zeroed when the last copy goes.
package struct WrappingKey: Sendable {
    /// What the key belongs to. The number is part of the envelope's format.
    package enum Kind: UInt8, Sendable {
        /// One for each classification.
        case classKey = 1
        /// One for each data subject; destroying it erases what it sealed.
        case subjectKey = 2
        /// Seals the key store's own files.
        case fileKey = 3
    }

    package let kind: Kind
    /// `key_…`.
    package let id: String
    /// From 1.
    package let version: UInt32
    /// The only classification that a class key seals; nil for the other kinds, which seal any.
    package let classification: DataClassification?
    let key: SymmetricKey

    /// - Parameters:
    ///   - id: 1 to 64 lower-case letters, digits and underscores.
    ///   - version: from 1.
    ///   - classification: needed for a class key, absent for the other kinds.
    ///   - key: 256 bits.
    /// - Throws: ``EnvelopeError/Code/invalidArgument``.
    package init(kind: Kind, id: String, version: UInt32 = 1, classification: DataClassification? = nil, key: SymmetricKey) throws(EnvelopeError) {
        guard Self.isValidID(id.utf8) else { throw EnvelopeError(.invalidArgument, "a key id has 1 to 64 characters of a-z, 0-9 and _") }
        guard version >= 1 else { throw EnvelopeError(.invalidArgument, "the version of key \(id) is 0; versions start at 1") }
        guard (kind == .classKey) == (classification != nil) else {
            throw EnvelopeError(.invalidArgument, "key \(id): a class key has a classification, and no other key has one")
        }
        guard key.bitCount == 256 else { throw EnvelopeError(.invalidArgument, "key \(id) has \(key.bitCount) bits; 256 are needed") }
        self.kind = kind
        self.id = id
        self.version = version
        self.classification = classification
        self.key = key
    }

    static let maximumIDBytes = 64

    static func isValidID(_ bytes: some Collection<UInt8>) -> Bool {
        (1...maximumIDBytes).contains(bytes.count)
            && bytes.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "_")
            }
    }
}

extension SymmetricKey {
    /// A fresh key of 256 bits.
    package static func random(_ randomness: Randomness) -> SymmetricKey {
        var bytes = randomness.bytes(32)
        defer { bytes.zeroise() }
        return SymmetricKey(data: bytes)
    }
}
