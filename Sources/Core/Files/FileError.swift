#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file or a directory could not be read, written or made durable.
///
/// Names the path, the operation and the system's reason; never what is in the file.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Operation: String, Sendable {
        case open, read, write, sync, rename, remove, truncate, lock, inspect, list
        case create
        case makeDirectory = "make the directory"
    }

    package let operation: Operation
    package let path: String
    /// The system's `errno`; 0 where the system reported nothing and ``detail`` says what is wrong.
    package let errno: Int32
    /// What is wrong, where it is not the system that says so.
    package let detail: String?

    package init(_ operation: Operation, _ path: String, errno: Int32 = 0, detail: String? = nil) {
        self.operation = operation
        self.path = path
        self.errno = errno
        self.detail = detail
    }

    /// The file or a directory on the way to it does not exist.
    package var isMissing: Bool { errno == ENOENT }
    /// The file exists and should not.
    package var isExisting: Bool { errno == EEXIST }
    /// The two paths of a rename lie on different file systems.
    package var isOtherFileSystem: Bool { errno == EXDEV }
    /// The disk or the quota is full: room must be made before a retry can succeed.
    package var isNoSpace: Bool { errno == ENOSPC || errno == EDQUOT }

    package var description: String {
        let reason = errno == 0 ? detail ?? "unknown reason" : [String(cString: strerror(errno)), detail].compactMap { $0 }.joined(separator: "; ")
        return "cannot \(operation.rawValue) \(path): \(reason)"
    }
}
