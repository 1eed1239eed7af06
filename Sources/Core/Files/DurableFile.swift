#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Whole files that are either there completely or not at all, whatever moment the power fails.
///
/// A write goes to a temporary file beside the target, is synced, renamed over the target, and the directory is synced. All calls
/// block and belong on threads that may. Two writers of one path must agree among themselves.
package enum DurableFile {
    /// Replaces a file.
    /// - Parameter permissions: the mode of the new file, before the umask.
    /// - Throws: ``FileError``. Where the directory could not be synced the file may be the new one or, after a power failure, the old one;
    ///   in every other case it is still the old one.
    package static func write(_ bytes: [UInt8], to path: String, permissions: UInt32 = 0o600) throws(FileError) {
        let temporary = temporaryPath(for: path)
        do throws(FileError) {
            try stage(bytes, at: temporary, permissions: permissions)
            try rename(temporary, to: path)
        } catch {
            _ = unlink(temporary)
            throw error
        }
        try syncDirectory(parent(of: path))
    }

    /// Makes a file that must not exist yet.
    ///
    /// The name appears at once (`O_EXCL`): a crash during the call can leave a file that is too short.
    package static func create(_ bytes: [UInt8], at path: String, permissions: UInt32 = 0o600) throws(FileError) {
        let file = try OpenFile(path, .create(permissions: permissions))
        do throws(FileError) {
            try file.write(bytes)
            try file.sync()
        } catch {
            _ = unlink(path)
            throw error
        }
        try syncDirectory(parent(of: path))
    }

    /// Writes and syncs a new file without syncing its directory: the first half of a batch that ends in ``rename(_:to:)`` and
    /// ``syncDirectory(_:)``.
    package static func stage(_ bytes: [UInt8], at path: String, permissions: UInt32 = 0o600) throws(FileError) {
        let file = try OpenFile(path, .create(permissions: permissions))
        try file.write(bytes)
        try file.sync()
    }

    /// Renames; durable once the target's directory is synced.
    package static func rename(_ path: String, to target: String) throws(FileError) {
        guard systemRename(path, target) == 0 else { throw FileError(.rename, target, errno: errno) }
    }

    /// Reads a whole regular file.
    /// - Parameter maximumBytes: a longer file is an error and is not read (I11).
    package static func read(_ path: String, maximumBytes: Int) throws(FileError) -> [UInt8] {
        let file = try OpenFile(path, .read)
        return try read(file, maximumBytes: maximumBytes)
    }

    /// Reads the whole of an open regular file.
    package static func read(_ file: borrowing OpenFile, maximumBytes: Int) throws(FileError) -> [UInt8] {
        let status = try file.status()
        guard status.isRegular else { throw FileError(.read, file.path, detail: "not a regular file") }
        guard status.size <= Int64(maximumBytes) else {
            throw FileError(.read, file.path, detail: "\(status.size) bytes long; at most \(maximumBytes) are expected")
        }
        let bytes = try file.read(at: 0, count: Int(status.size))
        guard bytes.count == Int(status.size) else { throw FileError(.read, file.path, detail: "became shorter while it was read") }
        return bytes
    }

    /// What is at a path; nil where there is nothing. Symbolic links are not followed.
    package static func status(_ path: String) throws(FileError) -> FileStatus? {
        var status = stat()
        if lstat(path, &status) == 0 { return FileStatus(status) }
        if errno == ENOENT { return nil }
        throw FileError(.inspect, path, errno: errno)
    }

    /// Removes a file; durable once its directory is synced.
    /// - Returns: false where there was none.
    @discardableResult
    package static func remove(_ path: String) throws(FileError) -> Bool {
        if unlink(path) == 0 { return true }
        if errno == ENOENT { return false }
        throw FileError(.remove, path, errno: errno)
    }

    /// A name beside `path` for a file in the making; see ``isTemporary(_:)``.
    package static func temporaryPath(for path: String) -> String {
        let random = UInt64.random(in: .min ... .max)
        return "\(path).\(String(random, radix: 36)).tmp"
    }

    /// Whether a name is that of a file in the making: what a crash left behind may be removed.
    package static func isTemporary(_ name: String) -> Bool { name.hasSuffix(".tmp") }
}

// MARK: - Directories

extension DurableFile {
    /// Makes the entries of a directory durable.
    package static func syncDirectory(_ path: String) throws(FileError) {
        let directory = try OpenFile(path, .directory)
        try directory.sync()
    }

    /// Makes a directory whose parent exists, and makes its entry durable.
    /// - Returns: false where the directory was there already.
    @discardableResult
    package static func makeDirectory(_ path: String, permissions: UInt32 = 0o700) throws(FileError) -> Bool {
        let isNew = try makeEntry(path, permissions)
        // Synced in either case: whoever made it may have been killed before its entry was on the disk.
        try syncDirectory(parent(of: path))
        return isNew
    }

    /// Makes those of some directories that are missing, and makes their entries durable with one sync.
    /// - Parameter names: in the directory `parent`, which exists.
    package static func makeDirectories(_ names: [String], in parent: String, permissions: UInt32 = 0o700) throws(FileError) {
        for name in names { _ = try makeEntry("\(parent)/\(name)", permissions) }
        try syncDirectory(parent)
    }

    private static func makeEntry(_ path: String, _ permissions: UInt32) throws(FileError) -> Bool {
        if mkdir(path, mode_t(permissions)) == 0 { return true }
        let reason = errno
        guard reason == EEXIST, try status(path)?.isDirectory == true else { throw FileError(.makeDirectory, path, errno: reason) }
        return false
    }

    /// Removes an empty directory; durable once its parent is synced.
    package static func removeDirectory(_ path: String) throws(FileError) {
        guard rmdir(path) == 0 else { throw FileError(.remove, path, errno: errno) }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    package static func list(_ path: String) throws(FileError) -> [String] {
        guard let directory = opendir(path) else { throw FileError(.list, path, errno: errno) }
        defer { _ = closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else { break }
            let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw FileError(.list, path, errno: errno) }
        names.sort()
        return names
    }

    /// The directory of a path: `.` for a bare name.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

// A free function, because inside the type its own method would hide the system's.
private func systemRename(_ path: String, _ target: String) -> Int32 {
    retrying { rename(path, target) }
}
