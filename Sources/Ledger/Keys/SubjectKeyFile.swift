import Core
import Crypto
import EnvelopeEncryption

/// The contents of `subjects.keys`: an envelope, classified restricted, under a file key. Its plaintext, integers big-endian:
/// `u8 version = 1, u32 count, then per key in ascending order of the ids: u8 length, id, 32 bytes`.
enum SubjectKeyFile {
    static let maximumKeys = 1_000_000
    static let maximumBytes = 128 << 20

    static func encode(_ keys: [String: SubjectKey], under fileKey: WrappingKey, randomness: Randomness) throws(EnvelopeError) -> [UInt8] {
        var plaintext: [UInt8] = [1]
        // Reserved, so that growing leaves no copies of keys in freed memory.
        plaintext.reserveCapacity(5 + keys.keys.reduce(0) { $0 + 1 + $1.utf8.count + 32 })
        defer { plaintext.zeroise() }
        withUnsafeBytes(of: UInt32(clamping: keys.count).bigEndian) { plaintext.append(contentsOf: $0) }
        for (id, key) in keys.sorted(by: { $0.key < $1.key }) {
            plaintext.append(UInt8(clamping: id.utf8.count))
            plaintext.append(contentsOf: id.utf8)
            key.secret.withUnsafeBytes { plaintext.append(contentsOf: $0) }
        }
        return try Envelope.seal(plaintext, under: fileKey, classification: .restricted, randomness: randomness)
    }

    static func decode(_ bytes: [UInt8], under fileKey: WrappingKey) throws(EnvelopeError) -> [String: SubjectKey] {
        var plaintext = try Envelope.open(bytes, with: fileKey)
        defer { plaintext.zeroise() }
        let malformed = EnvelopeError(.malformed, "the list of subject keys is malformed")
        guard plaintext.count >= 5, plaintext[0] == 1 else { throw malformed }
        let count = plaintext[1..<5].reduce(0) { $0 << 8 | Int($1) }
        guard count <= maximumKeys else { throw malformed }
        var keys: [String: SubjectKey] = [:]
        keys.reserveCapacity(count)
        var at = 5
        for _ in 0..<count {
            guard at < plaintext.count else { throw malformed }
            let secretAt = at + 1 + Int(plaintext[at])
            guard secretAt + 32 <= plaintext.count else { throw malformed }
            let id = String(decoding: plaintext[at + 1..<secretAt], as: UTF8.self)
            let secret = plaintext.withUnsafeBytes { SymmetricKey(data: UnsafeRawBufferPointer(rebasing: $0[secretAt..<secretAt + 32])) }
            guard keys.updateValue(try SubjectKey(id: id, secret: secret), forKey: id) == nil else { throw malformed }
            at = secretAt + 32
        }
        guard at == plaintext.count else { throw malformed }
        return keys
    }
}

/// A subject key and the secret in it, which must be written again whenever the file is.
struct SubjectKey: Sendable {
    let wrapping: WrappingKey
    let secret: SymmetricKey

    init(id: String, secret: SymmetricKey) throws(EnvelopeError) {
        wrapping = try WrappingKey(kind: .subjectKey, id: id, key: secret)
        self.secret = secret
    }
}
