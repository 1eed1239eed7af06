import Core
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A directory of one test, removed with the value.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/countersign-test-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
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

@Suite struct DurableFileTests {
    let directory = TemporaryDirectory()

    @Test("a file is replaced as a whole, and nothing else stays in the directory")
    func replaces() throws {
        let path = directory.path + "/a"
        try DurableFile.write(Array("first, and longer".utf8), to: path)
        try DurableFile.write(Array("second".utf8), to: path, permissions: 0o640)
        #expect(try DurableFile.read(path, maximumBytes: 100) == Array("second".utf8))
        #expect(try DurableFile.list(directory.path) == ["a"])
        #expect(try DurableFile.status(path)?.permissions == 0o640)
    }

    @Test("a file that exists is not created again")
    func createsOnce() throws {
        let path = directory.path + "/a"
        try DurableFile.create([1], at: path)
        let error = #expect(throws: FileError.self) { try DurableFile.create([2], at: path) }
        #expect(error?.isExisting == true)
        #expect(try DurableFile.read(path, maximumBytes: 1) == [1])
        #expect(try DurableFile.status(path)?.permissions == 0o600)
    }

    @Test("a file longer than the bound is not read")
    func bounded() throws {
        let path = directory.path + "/a"
        try DurableFile.write([1, 2, 3], to: path)
        #expect(throws: FileError.self) { try DurableFile.read(path, maximumBytes: 2) }
    }

    @Test("a directory and a link are not read as files")
    func onlyRegularFiles() throws {
        try DurableFile.write([1], to: directory.path + "/a")
        try #require(symlink("a", directory.path + "/link") == 0)
        #expect(throws: FileError.self) { try DurableFile.read(directory.path + "/link", maximumBytes: 10) }
        #expect(throws: FileError.self) { try DurableFile.read(directory.path, maximumBytes: 10) }
    }

    @Test("an error names the path and the reason")
    func errors() {
        let path = directory.path + "/missing/a"
        let error = #expect(throws: FileError.self) { try DurableFile.write([1], to: path) }
        #expect(error?.isMissing == true)
        #expect(error?.description.contains(directory.path + "/missing/a") == true)
        #expect(error?.description.contains("No such file or directory") == true)
    }

    @Test("a failed replacement leaves the old file and no temporary one")
    func failedReplacement() throws {
        let path = directory.path + "/a"
        try DurableFile.makeDirectory(path)
        #expect(throws: FileError.self) { try DurableFile.write([1], to: path) }
        #expect(try DurableFile.list(directory.path) == ["a"])
    }

    @Test("making a directory twice is no error, over a file it is")
    func directories() throws {
        #expect(try DurableFile.makeDirectory(directory.path + "/d") == true)
        #expect(try DurableFile.makeDirectory(directory.path + "/d") == false)
        try DurableFile.write([1], to: directory.path + "/f")
        #expect(throws: FileError.self) { try DurableFile.makeDirectory(directory.path + "/f") }
    }

    @Test("a lock is held by one open file at a time")
    func locks() throws {
        let path = directory.path + "/lock"
        do {
            let first = try OpenFile(path, .append(permissions: 0o600))
            let second = try OpenFile(path, .append(permissions: 0o600))
            #expect(try first.tryLock())
            #expect(try second.tryLock() == false)
        }
        let third = try OpenFile(path, .update)
        #expect(try third.tryLock())
    }

    @Test("the parent of a path", arguments: [("a", "."), ("/a", "/"), ("/a/b", "/a"), ("a/b/c", "a/b")])
    func parents(path: String, parent: String) {
        #expect(DurableFile.parent(of: path) == parent)
    }
}
