import Core
import Crypto
import EnvelopeEncryption
import Testing

@testable import Ledger

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite struct KeyStoreTests {
    let directory = KeyTestDirectory()
    var path: String { directory.path + "/keys" }

    func seal(_ text: String, _ key: WrappingKey, _ classification: DataClassification = .confidential) throws -> [UInt8] {
        try Envelope.seal(Array(text.utf8), under: key, classification: classification)
    }

    func open(_ envelope: [UInt8], _ store: KeyStore) throws -> String {
        let key = try store.openingKey(try EnvelopeHeader(reading: envelope))
        return String(decoding: try Envelope.open(envelope, with: key), as: UTF8.self)
    }

    /// Without the syncs of a durable write, which would make most of the test's time.
    func overwrite(_ path: String, _ bytes: [UInt8]) throws {
        let file = try OpenFile(path, .update)
        try file.truncate(to: 0)
        try file.write(bytes)
    }

    @Test("a new store opens again with the same keys", arguments: DataClassification.allCases)
    func reopens(classification: DataClassification) throws {
        let store = try KeyStore.create(at: path)
        let sealed = try seal("words", store.sealingKey(classification), classification)
        let again = try KeyStore.open(at: path)
        #expect(try open(sealed, again) == "words")
        #expect(again.sealingKey(classification).id == store.sealingKey(classification).id)
        #expect(again.signingKey.rawRepresentation == store.signingKey.rawRepresentation)
        #expect(again.signingKeyID == store.signingKeyID)
        #expect(Identifier(parsing: store.sealingKey(classification).id)?.prefix == "key")
    }

    @Test("every classification has a key of its own, and two stores share none")
    func distinct() throws {
        let a = try KeyStore.create(at: path)
        let b = try KeyStore.create(at: directory.path + "/other")
        let ids = DataClassification.allCases.flatMap { [a.sealingKey($0).id, b.sealingKey($0).id] }
        #expect(Set(ids).count == 8)
        let sealed = try seal("words", a.sealingKey(.confidential))
        let error = #expect(throws: KeyStoreError.self) { try open(sealed, b) }
        #expect(error?.code == .unknownKey)
    }

    @Test("all files are for their owner only, and no key stands in clear but the root key")
    func files() throws {
        _ = try KeyStore.create(at: path)
        let names = try DurableFile.list(path)
        #expect(names.filter { !$0.hasPrefix("subjects.key_") } == ["keys.json", "log.key", "root.key", "subjects.keys"])
        #expect(names.count == 5)
        for name in names { #expect(try DurableFile.status("\(path)/\(name)")?.permissions == 0o600, "\(name)") }
        #expect(try DurableFile.status(path)?.permissions == 0o700)
        #expect(try DurableFile.list(directory.path) == ["keys"])
    }

    @Test("keys are not made over keys that are there")
    func createsOnce() throws {
        let store = try KeyStore.create(at: path)
        let error = #expect(throws: KeyStoreError.self) { try KeyStore.create(at: path) }
        #expect(error?.code == .exists)
        #expect(try KeyStore.open(at: path).signingKeyID == store.signingKeyID)
    }

    @Test("half a store, left by a crash, is made anew")
    func partial() throws {
        try DurableFile.makeDirectory(path + ".partial")
        try DurableFile.write([1], to: path + ".partial/root.key")
        #expect(!KeyStore.exists(at: path))
        _ = try KeyStore.create(at: path)
        #expect(KeyStore.exists(at: path))
        #expect(try DurableFile.list(directory.path) == ["keys"])
    }

    @Test("a root key that others may read is refused", arguments: [0o640, 0o604, 0o660, 0o620, 0o601] as [UInt32])
    func unsafeMode(mode: UInt32) throws {
        _ = try KeyStore.create(at: path)
        try #require(chmod(path + "/root.key", mode_t(mode)) == 0)
        let error = #expect(throws: KeyStoreError.self) { try KeyStore.open(at: path) }
        #expect(error?.code == .unsafe)
        #expect(error?.message.contains("root.key") == true)
    }

    @Test("a root key that belongs to somebody else is refused", .enabled(if: geteuid() == 0, "only root can give files away"))
    func foreignOwner() throws {
        _ = try KeyStore.create(at: path)
        try #require(chown(path + "/root.key", 12345, 0) == 0)
        #expect(throws: KeyStoreError.self) { try KeyStore.open(at: path) }
    }

    @Test("a link in place of the root key is refused")
    func link() throws {
        _ = try KeyStore.create(at: path)
        try DurableFile.rename(path + "/root.key", to: directory.path + "/root.key")
        try #require(symlink(directory.path + "/root.key", path + "/root.key") == 0)
        #expect(throws: KeyStoreError.self) { try KeyStore.open(at: path) }
    }

    @Test("a missing file is an error that names it")
    func missing() throws {
        _ = try KeyStore.create(at: path)
        for name in try DurableFile.list(path) {
            let bytes = try DurableFile.read("\(path)/\(name)", maximumBytes: 1 << 20)
            try DurableFile.remove("\(path)/\(name)")
            let error = #expect(throws: KeyStoreError.self) { try KeyStore.open(at: path) }
            #expect(error?.code == .missing)
            #expect(error?.message.contains(name) == true)
            try DurableFile.write(bytes, to: "\(path)/\(name)")
        }
        _ = try KeyStore.open(at: path)
    }

    @Test("a changed byte anywhere in any file is found, and no error shows what is in the file")
    func changedBytes() throws {
        _ = try KeyStore.create(at: path)
        let root = String(decoding: try DurableFile.read(path + "/root.key", maximumBytes: 100).prefix(64), as: UTF8.self)
        for name in try DurableFile.list(path) {
            let file = "\(path)/\(name)"
            let bytes = try DurableFile.read(file, maximumBytes: 1 << 20)
            for index in stride(from: 0, to: bytes.count, by: bytes.count > 400 ? 7 : 1) where bytes[index] != UInt8(ascii: "\n") {
                var changed = bytes
                changed[index] ^= 1
                try overwrite(file, changed)
                let error = #expect(throws: KeyStoreError.self, "\(name), byte \(index)") { try KeyStore.open(at: path) }
                #expect(error?.message.contains(root) == false)
            }
            for length in [0, 1, bytes.count / 2, bytes.count - 2] {
                try overwrite(file, Array(bytes[..<length]))
                #expect(throws: KeyStoreError.self, "\(name), \(length) bytes") { try KeyStore.open(at: path) }
            }
            try overwrite(file, bytes)
        }
        _ = try KeyStore.open(at: path)
    }

    @Test("the files of one store do not go with the root key of another")
    func mixed() throws {
        _ = try KeyStore.create(at: path)
        _ = try KeyStore.create(at: directory.path + "/other")
        try DurableFile.rename(directory.path + "/other/root.key", to: path + "/root.key")
        let error = #expect(throws: KeyStoreError.self) { try KeyStore.open(at: path) }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains("root.key") == true)
    }

    @Test("a new version seals, the old one still opens, also after a restart")
    func rotation() throws {
        let store = try KeyStore.create(at: path)
        let old = try seal("old", store.sealingKey(.confidential))
        let rotated = try store.rotateClassKey(.confidential)
        #expect(rotated.version == 2)
        let new = try seal("new", store.sealingKey(.confidential))
        #expect(try EnvelopeHeader(reading: new).keyVersion == 2)
        for store in [store, try KeyStore.open(at: path)] {
            #expect(try open(old, store) == "old")
            #expect(try open(new, store) == "new")
            #expect(store.sealingKey(.confidential).version == 2)
            #expect(store.sealingKey(.restricted).version == 1)
        }
    }

    @Test("errors of a directory that cannot be written leave the keys as they were")
    func readOnly() throws {
        let store = try KeyStore.create(at: path)
        // A directory in place of the file: even root cannot rename over it.
        try DurableFile.rename(path + "/keys.json", to: directory.path + "/keys.json")
        try DurableFile.makeDirectory(path + "/keys.json")
        let error = #expect(throws: KeyStoreError.self) { try store.rotateClassKey(.public) }
        #expect(error?.code == .io)
        #expect(store.sealingKey(.public).version == 1)
    }
}

/// A directory of one test, removed with the value.
final class KeyTestDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/countersign-test-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: mkdtemp($0)) } ?? ""
        }
    }

    deinit { Self.removeAll(path) }

    private static func removeAll(_ path: String) {
        for name in (try? DurableFile.list(path)) ?? [] {
            let child = "\(path)/\(name)"
            if (try? DurableFile.status(child))?.isDirectory == true { removeAll(child) } else { _ = unlink(child) }
        }
        _ = rmdir(path)
    }
}
