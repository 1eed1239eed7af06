#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One open file, closed when the value goes. Every call blocks: never on an event loop or the cooperative pool.
///
/// Calls are the plain POSIX ones, checked each; `EINTR` is retried. After a failed ``sync()`` or ``syncData()`` nothing is known
/// about what reached the disk, and a second attempt may report success for data that was lost: give the file up.
package struct OpenFile: ~Copyable, Sendable {
    package let path: String
    package let descriptor: Int32

    package enum Mode: Sendable {
        case read
        /// A new file that must not exist yet; permission bits before the umask.
        case create(permissions: UInt32)
        /// An existing file, for reading and writing.
        case update
        /// At the end of the file, which is made if need be.
        case append(permissions: UInt32)
        /// A directory, for ``sync()``.
        case directory
    }

    /// - Throws: ``FileError``; a symbolic link as the last component is refused.
    package init(_ path: String, _ mode: Mode) throws(FileError) {
        let flags: Int32
        var permissions: UInt32 = 0
        switch mode {
        case .read: flags = O_RDONLY | O_NOFOLLOW
        case .create(let bits): (flags, permissions) = (O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, bits)
        case .update: flags = O_RDWR | O_NOFOLLOW
        case .append(let bits): (flags, permissions) = (O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, bits)
        case .directory: flags = O_RDONLY | O_DIRECTORY
        }
        let descriptor = retrying { open(path, flags | O_CLOEXEC, mode_t(permissions)) }
        guard descriptor >= 0 else {
            if case .create = mode { throw FileError(.create, path, errno: errno) }
            throw FileError(.open, path, errno: errno)
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { _ = close(descriptor) }

    /// Writes all bytes at the current position.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let written = systemWrite(descriptor, bytes, from: done)
            guard written > 0 else { throw FileError(.write, path, errno: written == 0 ? EIO : errno) }
            done += written
        }
    }

    package func write(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in try write(UnsafeRawBufferPointer(buffer)) }
    }

    /// Makes contents and metadata durable (`fsync`). For a directory: its entries.
    package func sync() throws(FileError) {
        guard retrying({ fsync(descriptor) }) == 0 else { throw FileError(.sync, path, errno: errno) }
    }

    /// Makes contents and the length durable (`fdatasync`).
    package func syncData() throws(FileError) {
        #if canImport(Glibc)
        guard retrying({ fdatasync(descriptor) }) == 0 else { throw FileError(.sync, path, errno: errno) }
        #else
        try sync()
        #endif
    }

    /// Reads up to `count` bytes at an offset; fewer at the end of the file.
    package func read(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            done = 0
            while done < count {
                let read = systemRead(
                    descriptor, UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[done...]), at: offset + Int64(done))
                if read < 0 { failure = FileError(.read, path, errno: errno) }
                guard read > 0 else { return }
                done += read
            }
        }
        if let failure { throw failure }
        return bytes
    }

    package func truncate(to length: Int64) throws(FileError) {
        guard retrying({ ftruncate(descriptor, off_t(length)) }) == 0 else { throw FileError(.truncate, path, errno: errno) }
    }

    /// What the system says about the file.
    package func status() throws(FileError) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(.inspect, path, errno: errno) }
        return FileStatus(status)
    }

    /// Takes an exclusive advisory lock that lasts as long as the file is open (`flock`), without waiting.
    /// - Returns: false where another open file holds it.
    package func tryLock() throws(FileError) -> Bool {
        if retrying({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 { return true }
        if errno == EWOULDBLOCK { return false }
        throw FileError(.lock, path, errno: errno)
    }
}

/// Size, kind and owner of a file.
package struct FileStatus: Hashable, Sendable {
    /// Bytes.
    package let size: Int64
    /// The nine permission bits and the three above them.
    package let permissions: UInt32
    package let owner: UInt32
    package let isRegular: Bool
    package let isDirectory: Bool

    init(_ status: stat) {
        size = Int64(status.st_size)
        permissions = UInt32(status.st_mode) & 0o7777
        owner = status.st_uid
        isRegular = UInt32(status.st_mode) & UInt32(S_IFMT) == UInt32(S_IFREG)
        isDirectory = UInt32(status.st_mode) & UInt32(S_IFMT) == UInt32(S_IFDIR)
    }
}

// Free functions, because inside the type its own methods would hide the system's.

func retrying(_ call: () -> Int32) -> Int32 {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
    while true {
        let written = write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
        if written >= 0 || errno != EINTR { return written }
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int {
    while true {
        let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
        if count >= 0 || errno != EINTR { return count }
    }
}
