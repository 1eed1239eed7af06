import Testing

@testable import MerkleLog

@Suite("Base 64 and decimal numbers")
struct EncodingTests {
    @Test(
        "the vectors of RFC 4648",
        arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")])
    func base64(plain: String, text: String) {
        #expect(StrictBase64.encode(Array(plain.utf8)) == Array(text.utf8))
        #expect(StrictBase64.decode(Array(text.utf8)) == Array(plain.utf8))
    }

    @Test("every byte comes back")
    func everyByte() {
        for length in 0..<260 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ length) }
            #expect(StrictBase64.decode(StrictBase64.encode(bytes)) == bytes)
        }
    }

    @Test(
        "a second text for the same bytes is refused",
        arguments: ["Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm 9v", "Zm-_", "Zm9vYg==\n", "=Zg=", "Zg=A"])
    func notCanonical(text: String) {
        #expect(StrictBase64.decode(Array(text.utf8)) == nil)
    }

    @Test("numbers have one text")
    func decimals() {
        for value in [0, 1, 9, 10, 255, 20_852_163, UInt64(Int64.max), .max] { #expect(Decimal.parse(Array(String(value).utf8)) == value) }
        for text in ["", "00", "01", "-1", "+1", " 1", "1 ", "1_0", "0x1", "18446744073709551616", "99999999999999999999", "123456789012345678901"] {
            #expect(Decimal.parse(Array(text.utf8)) == nil, "\(text)")
        }
        #expect(Decimal.parse(Array("256".utf8), maximum: 255) == nil)
    }
}
