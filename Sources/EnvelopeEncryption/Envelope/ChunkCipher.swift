import Crypto
import FoundationEssentials

/// Seals and opens the chunks of one envelope. See ``EnvelopeHeader`` for the construction.
struct ChunkCipher: Sendable {
    private let key: SymmetricKey
    private let noncePrefix: [UInt8]
    /// SHA-256 of the header.
    private let headerDigest: [UInt8]

    static let tagLength = 16
    static let maximumChunks: UInt64 = 1 << 32

    /// Makes a new object: a data key, its wrapping, a header.
    static func seal(
        under key: WrappingKey, classification: DataClassification, randomness: Randomness
    ) throws(EnvelopeError) -> (header: [UInt8], cipher: ChunkCipher) {
        guard key.classification == nil || key.classification == classification else {
            throw EnvelopeError(.wrongKey, "key \(key.id) seals \(key.classification?.name ?? "") only, not \(classification)")
        }
        // One draw: data key, object id, nonce prefix.
        var random = randomness.bytes(32 + 16 + 7)
        defer { random.zeroise() }
        let dataKey = random.withUnsafeBytes { SymmetricKey(data: UnsafeRawBufferPointer(rebasing: $0[..<32])) }
        let objectID = Array(random[32..<48])
        let keys = ObjectKeys(dataKey: dataKey, objectID: objectID)
        let wrapped: [UInt8]
        do {
            wrapped = Array(try AES.KeyWrap.wrap(dataKey, using: key.key))
        } catch {
            throw EnvelopeError(.invalidArgument, "key \(key.id) could not wrap a data key")
        }
        let header = EnvelopeHeader(
            classification: classification, keyKind: key.kind, keyID: key.id, keyVersion: key.version, objectID: objectID,
            noncePrefix: Array(random[48...]), keyCommitment: keys.commitment, wrappedDataKey: wrapped)
        let bytes = header.bytes
        return (bytes, ChunkCipher(key: keys.encryption, header: header, headerBytes: bytes[...]))
    }

    /// Opens the data key of an object and checks that it is the one that was committed to.
    /// - Parameter headerBytes: exactly the header.
    static func open(_ header: EnvelopeHeader, headerBytes: ArraySlice<UInt8>, with key: WrappingKey) throws(EnvelopeError) -> ChunkCipher {
        guard header.names(key) else {
            throw EnvelopeError(.wrongKey, "the envelope is sealed under key \(header.keyID) version \(header.keyVersion), not under \(key.id)")
        }
        let dataKey: SymmetricKey
        do {
            dataKey = try AES.KeyWrap.unwrap(header.wrappedDataKey, using: key.key)
        } catch {
            throw EnvelopeError(.keyDoesNotOpen, "the envelope's data key does not open under key \(key.id) version \(key.version)")
        }
        let keys = ObjectKeys(dataKey: dataKey, objectID: header.objectID)
        guard equalInConstantTime(keys.commitment, header.keyCommitment) else {
            throw EnvelopeError(.authenticationFailed, "the envelope's key commitment does not match its data key")
        }
        return ChunkCipher(key: keys.encryption, header: header, headerBytes: headerBytes)
    }

    private init(key: SymmetricKey, header: EnvelopeHeader, headerBytes: ArraySlice<UInt8>) {
        self.key = key
        noncePrefix = header.noncePrefix
        var hasher = SHA256()
        headerBytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        headerDigest = hasher.finalize().withUnsafeBytes { [UInt8]($0) }
    }

    /// Seals one chunk.
    /// - Parameter total: the length of the whole plaintext, for the last chunk; nil for the others.
    func seal(_ plaintext: UnsafeRawBufferPointer, number: UInt32, total: UInt64?, into out: inout [UInt8]) throws(EnvelopeError) {
        do {
            let box = try AES.GCM.seal(
                plaintext, using: key, nonce: nonce(number, last: total != nil), authenticating: associatedData(total: total))
            guard let combined = box.combined else { throw EnvelopeError(.invalidArgument, "a chunk could not be sealed") }
            // `combined` starts with the nonce, which the reader makes for itself. From its memory: the bytes of a `Data` come one by one.
            combined.withUnsafeBytes { out.append(contentsOf: $0[12...]) }
        } catch {
            throw EnvelopeError(.invalidArgument, "a chunk could not be sealed")
        }
    }

    /// Opens one chunk.
    /// - Parameter sealed: ciphertext and tag.
    func open(_ sealed: UnsafeRawBufferPointer, number: UInt32, total: UInt64?, into out: inout [UInt8]) throws(EnvelopeError) {
        let end = sealed.count - Self.tagLength
        guard end >= 0 else { throw EnvelopeError(.authenticationFailed, "the envelope is cut off in chunk \(number)") }
        do {
            let box = try AES.GCM.SealedBox(
                nonce: nonce(number, last: total != nil), ciphertext: UnsafeRawBufferPointer(rebasing: sealed[..<end]),
                tag: UnsafeRawBufferPointer(rebasing: sealed[end...]))
            out.append(contentsOf: try AES.GCM.open(box, using: key, authenticating: associatedData(total: total)))
        } catch {
            throw EnvelopeError(.authenticationFailed, "chunk \(number) of the envelope was changed, moved or cut, or the header was")
        }
    }

    private func nonce(_ number: UInt32, last: Bool) throws -> AES.GCM.Nonce {
        var bytes = noncePrefix
        bytes.reserveCapacity(12)
        bytes.appendBigEndian(number)
        bytes.append(last ? 1 : 0)
        return try AES.GCM.Nonce(data: bytes)
    }

    private func associatedData(total: UInt64?) -> [UInt8] {
        guard let total else { return headerDigest }
        var bytes = headerDigest
        bytes.appendBigEndian(total)
        return bytes
    }
}
