import Crypto
import Testing

@testable import EnvelopeEncryption

@Suite struct KeyTests {
    @Test("AES-KW wraps 256 bits under 256 bits as RFC 3394, section 4.6, says")
    func keyWrapVector() throws {
        let kek = SymmetricKey(data: bytes(hex: "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"))
        let data = bytes(hex: "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F")
        let wrapped = bytes(hex: "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")
        #expect(Array(try AES.KeyWrap.wrap(SymmetricKey(data: data), using: kek)) == wrapped)
        #expect(try AES.KeyWrap.unwrap(wrapped, using: kek) == SymmetricKey(data: data))
        // And so the envelope's wrapped data key is that of the RFC.
        let key = try WrappingKey(kind: .subjectKey, id: "key_rfc", key: kek)
        let randomness = Randomness { buffer in
            for index in buffer.indices { buffer[index] = index < 32 ? data[index] : 0 }
        }
        let sealed = try Envelope.seal([], under: key, classification: .public, randomness: randomness)
        #expect(Array(sealed[72..<112]) == wrapped)
    }

    @Test("the keys of an object are what swift-crypto's HKDF derives", arguments: 0..<50)
    func derivation(seed: UInt8) {
        let dataKey = SymmetricKey.random(fixedRandomness(seed))
        let objectID = fixedRandomness(seed &+ 100).bytes(16)
        let keys = ObjectKeys(dataKey: dataKey, objectID: objectID)
        func derive(_ info: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(inputKeyMaterial: dataKey, salt: objectID, info: Array(info.utf8), outputByteCount: 32)
        }
        #expect(keys.encryption == derive("countersign/envelope/v1/encryption"))
        #expect(SymmetricKey(data: keys.commitment) == derive("countersign/envelope/v1/commitment"))
    }

    @Test("HMAC for every length of key and message that one block allows", arguments: 0...64)
    func authentication(length: Int) {
        for count in [0, 1, 31, 32, 33, 63, 64, 200] {
            let (key, message) = (fixedRandomness(1).bytes(length), fixedRandomness(2).bytes(count))
            var code = [UInt8](repeating: 0, count: 32)
            code.withUnsafeMutableBytes { out in
                key.withUnsafeBytes { key in message.withUnsafeBytes { ObjectKeys.authenticate($0, under: key, into: out) } }
            }
            #expect(code == Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key))), "message of \(count)")
        }
    }

    @Test("the hierarchy unwraps what it wrapped, from the root to a class key")
    func hierarchy() throws {
        let root = try RootKey([UInt8](repeating: 1, count: 32))
        let kek = KeyEncryptionKey(id: "key_kek", classification: .restricted, key: .random(fixedRandomness()))
        let classKey = try WrappingKey(kind: .classKey, id: "key_class", version: 2, classification: .restricted, key: .random(fixedRandomness(2)))
        let wrappedKEK = try root.wrap(kek)
        let wrappedClassKey = try kek.wrap(classKey)
        #expect(wrappedKEK.count == 40)
        let kekAgain = try root.unwrapKeyEncryptionKey(wrappedKEK, id: "key_kek", classification: .restricted, version: 1)
        let again = try kekAgain.unwrapClassKey(wrappedClassKey, id: "key_class", version: 2)
        #expect(again.key == classKey.key)
    }

    @Test("a wrapped key does not open in another slot")
    func slots() throws {
        let root = try RootKey([UInt8](repeating: 1, count: 32))
        let secret = SymmetricKey.random(fixedRandomness())
        let slot = KeySlot(.logSigningSeed, id: "key_a")
        let wrapped = try root.wrap(secret, in: slot)
        #expect(try root.unwrap(wrapped, in: slot) == secret)
        let others = [
            KeySlot(.subjectFileKey, id: "key_a"), KeySlot(.logSigningSeed, id: "key_b"), KeySlot(.logSigningSeed, id: "key_a", version: 2),
            KeySlot(.logSigningSeed, id: "key_a", classification: .public),
        ]
        for other in others { #expect(throws: EnvelopeError.self) { try root.unwrap(wrapped, in: other) } }
        let otherRoot = try RootKey([UInt8](repeating: 2, count: 32))
        #expect(throws: EnvelopeError.self) { try otherRoot.unwrap(wrapped, in: slot) }
        #expect(throws: EnvelopeError.self) { try root.unwrap(Array(wrapped.dropLast()), in: slot) }
    }

    @Test("the format never changes: a wrapped key in its slot, and an authentication code")
    func golden() throws {
        let root = try RootKey((0..<32).map { UInt8($0) })
        let wrapped = try root.wrap(
            SymmetricKey(data: [UInt8](repeating: 9, count: 32)), in: KeySlot(.classKey, id: "key_a", classification: .internal, version: 4))
        #expect(hex(wrapped) == goldenWrappedKey)
        #expect(hex(root.authenticate([1, 2, 3])) == goldenAuthentication)
        #expect(root.isAuthentic([1, 2, 3], code: root.authenticate([1, 2, 3])))
        #expect(!root.isAuthentic([1, 2, 4], code: root.authenticate([1, 2, 3])))
    }

    @Test("a key encryption key wraps class keys of its own classification only")
    func classifications() throws {
        let kek = KeyEncryptionKey(id: "key_kek", classification: .public, key: .random(fixedRandomness()))
        #expect(throws: EnvelopeError.self) { try kek.wrap(try classKey(.restricted)) }
    }

    @Test("keys that the format cannot hold are refused", arguments: ["", "Key", "key-1", "key_é", String(repeating: "k", count: 65)])
    func invalidIDs(id: String) {
        #expect(throws: EnvelopeError.self) { try classKey(id: id) }
    }

    @Test("keys of other lengths, version 0, and a class key without classification are refused")
    func invalidKeys() throws {
        #expect(throws: EnvelopeError.self) { try classKey(version: 0) }
        #expect(throws: EnvelopeError.self) { try WrappingKey(kind: .subjectKey, id: "k", key: SymmetricKey(size: .bits128)) }
        #expect(throws: EnvelopeError.self) { try WrappingKey(kind: .classKey, id: "k", key: SymmetricKey(size: .bits256)) }
        #expect(throws: EnvelopeError.self) {
            try WrappingKey(kind: .subjectKey, id: "k", classification: .public, key: SymmetricKey(size: .bits256))
        }
        #expect(throws: EnvelopeError.self) { try RootKey([1, 2, 3]) }
    }

    @Test("the system's randomness fills all it is given", arguments: [0, 1, 55, 256, 257, 5000])
    func randomness(count: Int) {
        let a = Randomness.system.bytes(count)
        #expect(a.count == count)
        if count >= 55 {
            #expect(a != Randomness.system.bytes(count))
            #expect(Set(a.suffix(50)).count > 10)
        }
    }

    @Test("zeroising overwrites the bytes")
    func zeroise() {
        var secret: [UInt8] = [1, 2, 3]
        secret.zeroise()
        #expect(secret == [0, 0, 0])
    }
}
