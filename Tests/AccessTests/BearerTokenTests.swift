import Crypto
import Testing

@testable import Access

@Suite("Bearer tokens")
struct BearerTokenTests {
    @Test("a new token reads back, and its printed form hides the secret")
    func roundTrip() throws {
        let token = BearerToken.generate()
        #expect(token.text.utf8.count == 51)
        let key = try #require(BearerToken.parse(token.text))
        #expect(key.prefix == BearerToken.prefixKey(token.prefix))
        #expect(key.hash.equals(token.hash))
        let secret = token.text.dropFirst(12).prefix(32)
        #expect(key.hash.bytes == Array(SHA256.hash(data: Array(secret.utf8))))
        #expect(!"\(token)".contains(secret) && !String(reflecting: token).contains(secret))
        var dumped = ""
        dump(token, to: &dumped)
        #expect(!dumped.contains(secret))
    }

    @Test("tokens do not repeat")
    func unique() {
        #expect(Set((0..<1000).map { _ in BearerToken.generate().text }).count == 1000)
    }

    @Test("any one changed character is refused before anything is looked up")
    func typingErrors() {
        let token = Array(BearerToken.generate().text.utf8)
        for index in token.indices {
            for byte in Array("0Az_-".utf8) where token[index] != byte {
                var changed = token
                changed[index] = byte
                #expect(BearerToken.parse(String(decoding: changed, as: UTF8.self)) == nil, "position \(index)")
            }
        }
    }

    @Test(
        "what is no token of ours is refused",
        arguments: ["", "cs_", "Bearer x", String(repeating: "a", count: 51), String(repeating: "é", count: 26)])
    func malformed(_ text: String) {
        #expect(BearerToken.parse(text) == nil)
    }

    @Test("longer and shorter ones are refused")
    func lengths() {
        let token = BearerToken.generate().text
        #expect(BearerToken.parse(token + "0") == nil)
        #expect(BearerToken.parse(String(token.dropLast())) == nil)
        #expect(BearerToken.parse("\u{0}" + token.dropFirst()) == nil)
    }

    @Test("the checksum is zlib's CRC-32")
    func checksum() {
        let sum = Array("123456789".utf8).withUnsafeBytes { CRC32.checksum($0) }
        #expect(sum == 0xcbf4_3926)
        for number in [0, 1, 61, 62, 0xcbf4_3926, UInt32.max] as [UInt32] {
            let text = Base62.encode(number)
            #expect(text.withUnsafeBytes { Base62.decode($0[...]) } == number)
        }
        #expect(Array("zzzzzz".utf8).withUnsafeBytes { Base62.decode($0[...]) } == nil)
    }

    @Test("hashes compare equal only where every byte is")
    func hashes() throws {
        let bytes = Array(SHA256.hash(data: [1]))
        let hash = try #require(SecretHash(bytes: bytes))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(try !#require(SecretHash(bytes: other)).equals(hash))
        }
        #expect(hash.equals(hash))
        #expect(SecretHash(bytes: Array(bytes.dropLast())) == nil)
    }
}
