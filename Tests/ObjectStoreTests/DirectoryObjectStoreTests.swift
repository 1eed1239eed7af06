import Core
import ObjectStore
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite struct DirectoryObjectStoreTests {
    let directory = TemporaryDirectory()
    var path: String { directory.path + "/objects" }

    func file(of digest: SHA256Digest) -> String { "\(path)/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2))" }

    @Test("what is put is found by its digest", arguments: [0, 1, 4096, 1_000_000])
    func roundTrip(count: Int) throws {
        let store = try DirectoryObjectStore(at: path)
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let digest = try store.put(bytes)
        #expect(digest == SHA256Digest(hashing: bytes))
        #expect(try store.contains(digest))
        #expect(try store.get(digest) == bytes)
        #expect(try DurableFile.status(file(of: digest))?.permissions == 0o600)
        #expect(try DirectoryObjectStore(at: path).get(digest) == bytes)
    }

    @Test("a batch answers in its own order, and may hold an object twice")
    func batch() throws {
        let store = try DirectoryObjectStore(at: path)
        let objects = (0..<300).map { Array("object \($0 % 250)".utf8) }
        #expect(try store.put(objects) == objects.map { SHA256Digest(hashing: $0) })
        for object in objects { #expect(try store.get(SHA256Digest(hashing: object)) == object) }
        #expect(try store.list(after: nil, limit: 1000).count == 250)
        #expect(try DurableFile.list(path + "/tmp").isEmpty)
        #expect(try store.put([[UInt8]]()) == [])
    }

    @Test("a file that is moved in is an object, is gone from where it was, and takes the place of a damaged one")
    func moved() throws {
        let store = try DirectoryObjectStore(at: path, maximumObjectBytes: 2_000_000)
        let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        let source = directory.path + "/segment"
        for attempt in 0..<2 {
            if attempt == 1 {
                let damaged = try OpenFile(file(of: SHA256Digest(hashing: bytes)), .update)
                try damaged.write([1, 2, 3])
            }
            try DurableFile.create(bytes, at: source)
            let digest = try store.move(file: source)
            #expect(digest == SHA256Digest(hashing: bytes))
            #expect(try store.get(digest) == bytes)
            #expect(try DurableFile.status(source) == nil)
        }
        #expect(throws: ObjectStoreError.self) { try store.move(file: source) }
        try DurableFile.create([UInt8](repeating: 0, count: 2_000_001), at: source)
        let error = #expect(throws: ObjectStoreError.self) { try store.move(file: source) }
        #expect(error?.code == .tooLarge)
        #expect(try DurableFile.status(source) != nil)
    }

    @Test("an object that is not there is not found")
    func missing() throws {
        let store = try DirectoryObjectStore(at: path)
        let digest = SHA256Digest(hashing: [1])
        let error = #expect(throws: ObjectStoreError.self) { try store.get(digest) }
        #expect(error?.code == .notFound)
        #expect(error?.object == digest)
        #expect(error?.message.contains(digest.description) == true)
        #expect(try store.contains(digest) == false)
        #expect(try store.delete(digest) == false)
    }

    @Test("a deleted object is gone")
    func delete() throws {
        let store = try DirectoryObjectStore(at: path)
        let digest = try store.put([1, 2, 3])
        #expect(try store.delete(digest))
        #expect(try store.contains(digest) == false)
        #expect(throws: ObjectStoreError.self) { try store.get(digest) }
    }

    enum Damage: CaseIterable { case flipped, truncated, emptied, extended, replaced }

    @Test("a damaged object is an error that names it, and putting it again heals it", arguments: Damage.allCases)
    func damage(_ damage: Damage) throws {
        let store = try DirectoryObjectStore(at: path)
        let bytes = Array("the contents of an object".utf8)
        let digest = try store.put(bytes)
        var changed = bytes
        switch damage {
        case .flipped: changed[3] ^= 1
        case .truncated: changed.removeLast()
        case .emptied: changed = []
        case .extended: changed.append(0)
        case .replaced: changed = Array("another".utf8)
        }
        try DurableFile.write(changed, to: file(of: digest))
        let error = #expect(throws: ObjectStoreError.self) { try store.get(digest) }
        #expect(error?.code == .corrupted)
        #expect(error?.object == digest)
        #expect(error?.message.contains("the contents") == false)
        try store.put(bytes)
        #expect(try store.get(digest) == bytes)
    }

    @Test("objects are bounded when they are put and when they are read")
    func bounds() throws {
        let store = try DirectoryObjectStore(at: path, maximumObjectBytes: 100)
        let error = #expect(throws: ObjectStoreError.self) { try store.put([UInt8](repeating: 0, count: 101)) }
        #expect(error?.code == .tooLarge)
        let digest = try store.put([UInt8](repeating: 0, count: 100))
        let reading = #expect(throws: ObjectStoreError.self) { try store.get(digest, maximumBytes: 99) }
        #expect(reading?.code == .tooLarge)
        #expect(try store.get(digest, maximumBytes: 100).count == 100)
    }

    @Test("what a crash left half written is ignored, and removed at the next start")
    func leftovers() throws {
        let store = try DirectoryObjectStore(at: path)
        let digest = try store.put([1])
        let left = DurableFile.temporaryPath(for: "\(path)/tmp/\(SHA256Digest(hashing: [2]).hex)")
        try DurableFile.stage([2], at: left)
        #expect(try store.list(after: nil, limit: 10) == [digest])
        #expect(try store.contains(SHA256Digest(hashing: [2])) == false)
        _ = try DirectoryObjectStore(at: path)
        #expect(try DurableFile.list(path + "/tmp").isEmpty)
        #expect(try store.get(digest) == [1])
    }

    @Test("a list goes on after any name, in pages of any size", arguments: [1, 3, 7, 100])
    func pages(limit: Int) throws {
        let store = try DirectoryObjectStore(at: path)
        let digests = try store.put((0..<20).map { [UInt8($0)] }).sorted { $0.hex < $1.hex }
        try DurableFile.write([1], to: "\(path)/\(digests[0].hex.prefix(2))/README")
        var found: [SHA256Digest] = []
        while true {
            let page = try store.list(after: found.last, limit: limit)
            #expect(page.count <= limit)
            if page.isEmpty { break }
            found += page
        }
        #expect(found == digests)
    }

    @Test("an object that may not be read is an error that says so", .enabled(if: geteuid() != 0, "root may do everything"))
    func permissionDenied() throws {
        let store = try DirectoryObjectStore(at: path)
        let digest = try store.put([1])
        try #require(chmod(file(of: digest), 0) == 0)
        let error = #expect(throws: ObjectStoreError.self) { try store.get(digest) }
        #expect(error?.code == .io)
        #expect(error?.underlying?.errno == EACCES)
    }

    @Test("a file where the directory should be, or a directory where an object should be, is an error")
    func wrongKinds() throws {
        try DurableFile.write([1], to: directory.path + "/file")
        #expect(throws: ObjectStoreError.self) { try DirectoryObjectStore(at: directory.path + "/file") }
        let store = try DirectoryObjectStore(at: path)
        let digest = SHA256Digest(hashing: [1])
        try DurableFile.makeDirectory(file(of: digest))
        #expect(throws: ObjectStoreError.self) { try store.get(digest) }
        #expect(throws: ObjectStoreError.self) { try store.put([1]) }
        #expect(try DurableFile.list(path + "/tmp").isEmpty)
    }

    @Test("a link in place of an object is not followed")
    func links() throws {
        let store = try DirectoryObjectStore(at: path)
        let digest = try store.put([1, 2])
        try DurableFile.rename(file(of: digest), to: directory.path + "/elsewhere")
        try #require(symlink(directory.path + "/elsewhere", file(of: digest)) == 0)
        let error = #expect(throws: ObjectStoreError.self) { try store.get(digest) }
        #expect(error?.code == .io)
    }

    @Test("many threads put and read at once")
    func concurrency() async throws {
        let store = try DirectoryObjectStore(at: path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<25 {
                        let bytes = Array("object \((number + task) % 30)".utf8)
                        let digest = try store.put(bytes)
                        #expect(try store.get(digest) == bytes)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
