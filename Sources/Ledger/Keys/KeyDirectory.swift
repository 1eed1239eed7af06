import Core
import Crypto
import EnvelopeEncryption

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The files of a key store.
///
/// | file | holds |
/// |---|---|
/// | `root.key` | the root key, 64 hexadecimal digits, mode 0600 |
/// | `keys.json` | key-encryption keys wrapped by the root key, class keys wrapped by those; authenticated under the root key |
/// | `log.key` | the seed of the log's signing key, wrapped by the root key |
/// | `subjects.keys` | subject keys, in an envelope under a file key |
/// | `subjects.<id>.key` | that file key, wrapped by the root key |
struct KeyDirectory: Sendable {
    let path: String

    var root: String { path + "/root.key" }
    var list: String { path + "/keys.json" }
    var log: String { path + "/log.key" }
    var subjects: String { path + "/subjects.keys" }
    func subjectFileKey(_ id: String) -> String { "\(path)/\(Self.subjectFileKeyPrefix)\(id)\(Self.subjectFileKeySuffix)" }

    static let subjectFileKeyPrefix = "subjects."
    static let subjectFileKeySuffix = ".key"
    static let maximumListBytes = 1 << 20

    // MARK: Root key

    func createRootKey(_ randomness: Randomness) throws(KeyStoreError) -> RootKey {
        var bytes = randomness.bytes(32)
        defer { bytes.zeroise() }
        var text = Array(bytes.hex.utf8) + [UInt8(ascii: "\n")]
        defer { text.zeroise() }
        try file { () throws(FileError) in try DurableFile.create(text, at: root, permissions: 0o600) }
        return try rootKey(bytes)
    }

    /// Reads the root key, unless somebody else may read it too.
    func loadRootKey() throws(KeyStoreError) -> RootKey {
        var text: [UInt8]
        do throws(FileError) {
            let file = try OpenFile(root, .read)
            // Asked of the open file, so that it cannot be another one by the time it is read.
            let status = try file.status()
            if let reason = Self.exposure(of: status) { throw FileError(.open, root, detail: reason) }
            text = try DurableFile.read(file, maximumBytes: 128)
        } catch {
            if error.errno == 0 { throw KeyStoreError(.unsafe, error.description, underlying: error) }
            throw KeyStoreError(error)
        }
        defer { text.zeroise() }
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        guard var bytes = [UInt8](hex: String(decoding: text, as: UTF8.self)), bytes.count == 32 else {
            throw KeyStoreError(.damaged, "\(root) does not hold 64 hexadecimal digits; restore it from its backup")
        }
        defer { bytes.zeroise() }
        return try rootKey(bytes)
    }

    /// Who else may read a file; nil where nobody else may.
    private static func exposure(of status: FileStatus) -> String? {
        if status.owner != geteuid() { return "it belongs to user \(status.owner) and this program runs as \(geteuid()); chown it" }
        if status.permissions & 0o077 != 0 {
            return "others may use it (mode \(String(status.permissions, radix: 8))); chmod 600 it, and make new keys if somebody did"
        }
        return nil
    }

    private func rootKey(_ bytes: [UInt8]) throws(KeyStoreError) -> RootKey {
        do { return try RootKey(bytes) } catch { throw KeyStoreError(.damaged, "\(root): \(error.message)") }
    }

    // MARK: Single wrapped keys

    /// Writes a key of its own, wrapped by the root key.
    func writeWrapped(_ key: SymmetricKey, in slot: KeySlot, under root: RootKey, at path: String) throws(KeyStoreError) {
        let wrapped: [UInt8]
        do { wrapped = try root.wrap(key, in: slot) } catch { throw KeyStoreError(.damaged, "\(path): \(error.message)") }
        let text = CanonicalJSON.encode(["id": JSONValue(slot.id), "v": 1, "wrapped": JSONValue(wrapped.hex)]) + [UInt8(ascii: "\n")]
        try file { () throws(FileError) in try DurableFile.write(text, to: path) }
    }

    func readWrapped(_ purpose: KeySlot.Purpose, under root: RootKey, at path: String) throws(KeyStoreError) -> (id: String, key: SymmetricKey) {
        let bytes = try file { () throws(FileError) in try DurableFile.read(path, maximumBytes: 4096) }
        guard let value = try? JSONParser.parse(bytes), value["v"] == 1, let id = value["id"]?.string, let text = value["wrapped"]?.string,
            let wrapped = [UInt8](hex: text), Identifier(parsing: id) != nil
        else { throw KeyStoreError(.damaged, "\(path) is not the wrapped key that belongs there; restore it from its backup") }
        do {
            return (id, try root.unwrap(wrapped, in: KeySlot(purpose, id: id)))
        } catch {
            throw KeyStoreError(.damaged, "\(path): \(error.message); restore it together with root.key")
        }
    }

    /// Overwrites a key file with zeros and removes it.
    ///
    /// A file system that copies on write, or a disk that moves blocks, may keep the old bytes: they are a key wrapped by the root key.
    func destroy(_ path: String) throws(FileError) {
        do {
            let file = try OpenFile(path, .update)
            try file.write([UInt8](repeating: 0, count: Int(try file.status().size)))
            try file.sync()
        }
        try DurableFile.remove(path)
        try DurableFile.syncDirectory(self.path)
    }

    /// Ids of the subject file keys that are there; one, unless a shredding was interrupted.
    func subjectFileKeys() throws(KeyStoreError) -> [String] {
        try file { () throws(FileError) in try DurableFile.list(path) }.filter {
            $0.hasPrefix(Self.subjectFileKeyPrefix) && $0.hasSuffix(Self.subjectFileKeySuffix)
        }.map { String($0.dropFirst(Self.subjectFileKeyPrefix.count).dropLast(Self.subjectFileKeySuffix.count)) }
    }

    func file<T>(_ body: () throws(FileError) -> T) throws(KeyStoreError) -> T {
        do { return try body() } catch { throw KeyStoreError(error) }
    }
}
