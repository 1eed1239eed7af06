#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A folder of this process's own for disposable files; removed with its last reference, the files that were asked for in it included.
package final class TemporaryFolder {
    package let path: String
    private var files: [String] = []

    /// - Parameter parent: a folder that exists; `TMPDIR`, or `/tmp`, where none is given.
    package init(in parent: String? = nil) throws(AssuranceError) {
        let parent = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/countersign.XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw AssuranceError(.file, "cannot make a folder in \(parent): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The path of a file in it.
    package func file(_ name: String) -> String {
        files.append(path + "/" + name)
        return path + "/" + name
    }

    deinit {
        for file in files { unlink(file) }
        rmdir(path)
    }
}
