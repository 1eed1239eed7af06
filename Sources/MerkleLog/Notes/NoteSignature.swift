/// One signature line of a signed note.
package struct NoteSignature: Hashable, Sendable {
    /// The key's name.
    package let name: String
    /// The key's id.
    package let keyID: UInt32
    /// What the key's algorithm made.
    package let signature: [UInt8]

    init(name: String, keyID: UInt32, signature: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.signature = signature
    }

    /// The line: em dash, space, name, space, base 64 of key id and signature, newline.
    package var line: [UInt8] {
        var out: [UInt8] = Array("\u{2014} ".utf8)
        out.append(contentsOf: name.utf8)
        out.append(UInt8(ascii: " "))
        let id = (0..<4).map { UInt8(truncatingIfNeeded: keyID >> UInt32(24 - 8 * $0)) }
        StrictBase64.append(id + signature, to: &out)
        out.append(UInt8(ascii: "\n"))
        return out
    }

    /// Reads a line without its newline.
    init?(line: some Collection<UInt8>) {
        guard let body = line.dropping(prefix: "\u{2014} "), let space = body.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        guard let name = String(validating: body[..<space], as: UTF8.self), KeyName.isValid(name) else { return nil }
        guard let bytes = StrictBase64.decode(body[body.index(after: space)...]), bytes.count > 4 else { return nil }
        self.init(name: name, keyID: bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }, signature: Array(bytes.dropFirst(4)))
    }
}
