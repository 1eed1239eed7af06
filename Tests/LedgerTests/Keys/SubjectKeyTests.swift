import Core
import Crypto
import EnvelopeEncryption
import Testing

@testable import Ledger

@Suite struct SubjectKeyTests {
    let directory = KeyTestDirectory()
    var path: String { directory.path + "/keys" }

    func fileKeys() throws -> [String] { try DurableFile.list(path).filter { $0.hasPrefix("subjects.key_") } }

    func seal(_ key: WrappingKey) throws -> [UInt8] { try Envelope.seal([1, 2, 3], under: key, classification: .restricted) }

    func opens(_ envelope: [UInt8], _ store: KeyStore) throws -> Bool {
        do {
            return try Envelope.open(envelope, with: try store.openingKey(try EnvelopeHeader(reading: envelope))) == [1, 2, 3]
        } catch let error as KeyStoreError {
            #expect(error.code == .unknownKey)
            return false
        }
    }

    @Test("a subject's key seals and opens, also after a restart")
    func create() throws {
        let store = try KeyStore.create(at: path)
        let key = try store.createSubjectKey()
        let sealed = try seal(key)
        #expect(key.kind == .subjectKey)
        #expect(Identifier(parsing: key.id)?.prefix == "key")
        for store in [store, try KeyStore.open(at: path)] {
            #expect(try opens(sealed, store))
            #expect(store.subjectKey(key.id)?.id == key.id)
            #expect(store.subjectKeyCount == 1)
        }
    }

    @Test("a shredded key is gone at once and after a restart; the others stay")
    func shred() throws {
        let store = try KeyStore.create(at: path)
        let keys = try store.createSubjectKeys(5)
        let sealed = try keys.map(seal)
        #expect(try store.shredSubjectKeys([keys[1].id, keys[3].id, "key_never"]) == [keys[1].id, keys[3].id])
        for store in [store, try KeyStore.open(at: path)] {
            #expect(try sealed.map { try opens($0, store) } == [true, false, true, false, true])
            #expect(store.subjectKey(keys[1].id) == nil)
        }
        #expect(try store.shredSubjectKeys([keys[1].id]) == [])
        let after = try seal(try store.createSubjectKey())
        #expect(try opens(after, try KeyStore.open(at: path)))
    }

    @Test("an old copy of the file of subject keys does not open after a shredding")
    func oldCopy() throws {
        let store = try KeyStore.create(at: path)
        let key = try store.createSubjectKey()
        let copy = try DurableFile.read(path + "/subjects.keys", maximumBytes: 1 << 20)
        let oldFileKeys = try fileKeys()
        try store.shredSubjectKeys([key.id])
        let newFileKeys = try fileKeys()
        #expect(oldFileKeys.count == 1)
        #expect(newFileKeys.count == 1)
        #expect(oldFileKeys != newFileKeys)
        try DurableFile.write(copy, to: path + "/subjects.keys")
        let error = #expect(throws: KeyStoreError.self) { try KeyStore.open(at: path) }
        #expect(error?.code == .missing)
    }

    @Test("a shredding that was interrupted before the old file key was destroyed is finished at the next start")
    func interruptedLate() throws {
        let store = try KeyStore.create(at: path)
        let keys = try store.createSubjectKeys(2)
        let sealed = try keys.map(seal)
        let oldName = try #require(try fileKeys().first)
        let oldKey = try DurableFile.read("\(path)/\(oldName)", maximumBytes: 4096)
        try store.shredSubjectKeys([keys[0].id])
        try DurableFile.write(oldKey, to: "\(path)/\(oldName)")
        let again = try KeyStore.open(at: path)
        #expect(try fileKeys().count == 1)
        #expect(try fileKeys() != [oldName])
        #expect(try sealed.map { try opens($0, again) } == [false, true])
    }

    @Test("a shredding that was interrupted before the file was replaced has not happened")
    func interruptedEarly() throws {
        let store = try KeyStore.create(at: path)
        let key = try store.createSubjectKey()
        let sealed = try seal(key)
        let unused = "subjects.\(IdentifierMaker().make("key")).key"
        try DurableFile.write([1, 2, 3], to: "\(path)/\(unused)")
        try DurableFile.stage([1], at: DurableFile.temporaryPath(for: path + "/subjects.keys"))
        let again = try KeyStore.open(at: path)
        #expect(try opens(sealed, again))
        #expect(try DurableFile.list(path).count == 5)
    }

    @Test("after a write that failed no file key is destroyed before the file has been written again")
    func uncertainWrite() throws {
        let store = try KeyStore.create(at: path)
        let keys = try store.createSubjectKeys(2)
        let sealed = try keys.map(seal)
        let before = try fileKeys()
        let file = path + "/subjects.keys"
        try DurableFile.rename(file, to: path + "/aside")
        try DurableFile.makeDirectory(file)
        #expect(throws: KeyStoreError.self) { try store.shredSubjectKeys([keys[0].id]) }
        #expect(Set(try fileKeys()).isSuperset(of: before))
        #expect(try opens(sealed[0], store))
        try DurableFile.removeDirectory(file)
        try DurableFile.rename(path + "/aside", to: file)
        // Nothing to shred, and still the file is written before old file keys go.
        #expect(try store.shredSubjectKeys([]) == [])
        #expect(try fileKeys().count == 1)
        #expect(try sealed.map { try opens($0, try KeyStore.open(at: path)) } == [true, true])
        try store.shredSubjectKeys([keys[0].id])
        #expect(try sealed.map { try opens($0, try KeyStore.open(at: path)) } == [false, true])
    }

    @Test("a directory restored without subject keys can start with none; what they sealed stays closed")
    func startAnew() throws {
        let store = try KeyStore.create(at: path)
        let subject = try seal(try store.createSubjectKey())
        let classed = try Envelope.seal([1, 2, 3], under: store.sealingKey(.restricted), classification: .restricted)
        #expect(throws: KeyStoreError.self) { try KeyStore.startSubjectKeysAnew(at: path) }
        for name in try DurableFile.list(path) where name.hasPrefix("subjects.") { try DurableFile.remove("\(path)/\(name)") }
        let error = #expect(throws: KeyStoreError.self) { try KeyStore.open(at: path) }
        #expect(error?.code == .missing)
        try KeyStore.startSubjectKeysAnew(at: path)
        let again = try KeyStore.open(at: path)
        #expect(try !opens(subject, again))
        #expect(try opens(classed, again))
    }

    @Test("the file of subject keys is read strictly")
    func strictFile() throws {
        let fileKey = try WrappingKey(kind: .fileKey, id: "key_file", key: SymmetricKey(size: .bits256))
        func file(_ plaintext: [UInt8]) throws -> [UInt8] { try Envelope.seal(plaintext, under: fileKey, classification: .restricted) }
        let entry: [UInt8] = [1, UInt8(ascii: "k")] + [UInt8](repeating: 3, count: 32)
        #expect(try SubjectKeyFile.decode(try file([1, 0, 0, 0, 1] + entry), under: fileKey).count == 1)
        let wrong: [[UInt8]] = [
            [], [1], [2, 0, 0, 0, 0], [1, 0, 0, 0, 1], [1, 0, 0, 0, 0, 0], [1, 0xff, 0xff, 0xff, 0xff], [1, 0, 0, 0, 2] + entry,
            [1, 0, 0, 0, 2] + entry + entry, [1, 0, 0, 0, 1] + entry.dropLast(), [1, 0, 0, 0, 1] + entry + [0],
        ]
        for plaintext in wrong {
            #expect(throws: EnvelopeError.self, "\(plaintext)") { try SubjectKeyFile.decode(try file(plaintext), under: fileKey) }
        }
    }

    @Test("keys are looked up while others are made and shredded")
    func concurrency() async throws {
        let store = try KeyStore.create(at: path)
        let fixed = try store.createSubjectKey()
        let sealed = try seal(fixed)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<10 {
                        let key = try store.createSubjectKey()
                        #expect(try store.shredSubjectKeys([key.id]) == [key.id])
                    }
                }
                group.addTask {
                    for _ in 0..<2000 {
                        #expect(store.subjectKey(fixed.id) != nil)
                        _ = store.sealingKey(.confidential)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(store.subjectKeyCount == 1)
        #expect(try opens(sealed, try KeyStore.open(at: path)))
    }
}
