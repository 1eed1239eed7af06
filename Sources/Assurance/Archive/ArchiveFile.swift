#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An open file: positioned reads and writes, every result checked. Calls block.
final class ArchiveFile {
    let path: String
    private let descriptor: CInt

    /// - Parameter creating: makes the file, which must not exist.
    init(path: String, creating: Bool = false) throws(AssuranceError) {
        self.path = path
        descriptor = creating ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.fault(creating ? "create" : "open", path) }
    }

    deinit { close(descriptor) }

    private static func fault(_ what: String, _ path: String) -> AssuranceError {
        AssuranceError(.file, "cannot \(what) \(path): \(String(cString: strerror(errno)))")
    }

    var size: UInt64 {
        get throws(AssuranceError) {
            var info = stat()
            guard fstat(descriptor, &info) == 0 else { throw Self.fault("look at", path) }
            guard info.st_mode & S_IFMT == S_IFREG else { throw AssuranceError(.file, "\(path) is no regular file") }
            return UInt64(info.st_size)
        }
    }

    /// Exactly `count` bytes.
    func read(at offset: UInt64, count: Int) throws(AssuranceError) -> [UInt8] {
        var failed: AssuranceError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let done = pread(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
                if done < 0, errno == EINTR { continue }
                guard done > 0 else {
                    failed = done == 0 ? AssuranceError(.file, "\(path) ends early") : Self.fault("read", path)
                    return
                }
                filled += done
            }
        }
        if let failed { throw failed }
        return bytes
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(AssuranceError) {
        var written = 0
        while written < bytes.count {
            let done = pwrite(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written, off_t(offset) + off_t(written))
            if done < 0, errno == EINTR { continue }
            guard done > 0 else { throw Self.fault("write", path) }
            written += done
        }
    }

    func sync() throws(AssuranceError) {
        guard fsync(descriptor) == 0 else { throw Self.fault("sync", path) }
    }
}
