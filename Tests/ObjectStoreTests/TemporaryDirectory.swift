import Core

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A directory of one test, removed with the value.
final class TemporaryDirectory: Sendable {
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
