package import Core

/// Objects as files of one directory: `ab/cdef…` by the digest's hexadecimal digits.
///
/// An object is written under `tmp/`, synced, renamed, and its directory synced: a name that is there has its whole contents. Any number
/// of threads may call; one process at a time.
package struct DirectoryObjectStore: ObjectStore {
    package let path: String
    package let maximumObjectBytes: Int

    private var staging: String { path + "/tmp" }

    /// Opens a store, makes its directory if need be, and removes what a crash left half written.
    /// - Parameters:
    ///   - path: its parent exists.
    ///   - maximumObjectBytes: larger objects are refused.
    package init(at path: String, maximumObjectBytes: Int = defaultMaximumObjectBytes) throws(ObjectStoreError) {
        self.path = path
        self.maximumObjectBytes = maximumObjectBytes
        do throws(FileError) {
            try DurableFile.makeDirectory(path, permissions: 0o700)
            // All 256 now, so that no put has to make one and wait for its entry to be durable.
            try DurableFile.makeDirectories((0...255).map { [UInt8($0)].hex } + ["tmp"], in: path)
            for name in try DurableFile.list(staging) where DurableFile.isTemporary(name) { try DurableFile.remove("\(staging)/\(name)") }
        } catch {
            throw ObjectStoreError(error, object: nil)
        }
    }

    @discardableResult
    package func put(_ objects: [[UInt8]]) throws(ObjectStoreError) -> [SHA256Digest] {
        let digests = objects.map { SHA256Digest(hashing: $0) }
        var directories: Set<String> = []
        for (bytes, digest) in zip(objects, digests) {
            guard bytes.count <= maximumObjectBytes else {
                throw ObjectStoreError(
                    .tooLarge, "object \(digest) has \(bytes.count) bytes; at most \(maximumObjectBytes) are allowed", object: digest)
            }
            // Synced even where the object is there already: an earlier put may have failed between its rename and its sync.
            directories.insert(directory(of: digest))
            do throws(FileError) {
                if try !isIntact(digest, bytes) { try write(bytes, as: digest) }
            } catch {
                throw ObjectStoreError(error, object: digest)
            }
        }
        for directory in directories.sorted() {
            do throws(FileError) { try DurableFile.syncDirectory(directory) } catch { throw ObjectStoreError(error, object: nil) }
        }
        return digests
    }

    package func move(file path: String) throws(ObjectStoreError) -> SHA256Digest {
        do throws(FileError) {
            let file = try OpenFile(path, .update)
            let status = try file.status()
            guard status.isRegular, status.size <= Int64(maximumObjectBytes) else {
                throw FileError(.read, path, detail: "no regular file, or longer than the \(maximumObjectBytes) bytes that an object may have")
            }
            try file.sync()
            let digest = try SHA256Digest(hashing: file)
            do throws(FileError) {
                // One step, also over a damaged object of this name.
                try DurableFile.rename(path, to: self.file(of: digest))
            } catch  where error.isOtherFileSystem {
                try write(try DurableFile.read(file, maximumBytes: maximumObjectBytes), as: digest)
                try DurableFile.syncDirectory(directory(of: digest))
                try DurableFile.remove(path)
                return digest
            }
            try DurableFile.syncDirectory(directory(of: digest))
            return digest
        } catch {
            if error.errno == 0 { throw ObjectStoreError(.tooLarge, "\(error)", underlying: error) }
            throw ObjectStoreError(error, object: nil)
        }
    }

    package func get(_ digest: SHA256Digest, maximumBytes: Int) throws(ObjectStoreError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try DurableFile.read(file(of: digest), maximumBytes: maximumBytes)
        } catch {
            throw readFailure(error, digest)
        }
        guard SHA256Digest(hashing: bytes) == digest else {
            throw ObjectStoreError(
                .corrupted, "object \(digest) is damaged: \(file(of: digest)) has other contents than its name says; restore it from a backup",
                object: digest)
        }
        return bytes
    }

    package func contains(_ digest: SHA256Digest) throws(ObjectStoreError) -> Bool {
        do throws(FileError) {
            return try DurableFile.status(file(of: digest))?.isRegular == true
        } catch {
            throw ObjectStoreError(error, object: digest)
        }
    }

    @discardableResult
    package func delete(_ digest: SHA256Digest) throws(ObjectStoreError) -> Bool {
        do throws(FileError) {
            guard try DurableFile.remove(file(of: digest)) else { return false }
            try DurableFile.syncDirectory(directory(of: digest))
            return true
        } catch {
            throw ObjectStoreError(error, object: digest)
        }
    }

    package func list(after: SHA256Digest?, limit: Int) throws(ObjectStoreError) -> [SHA256Digest] {
        let start = after?.hex ?? ""
        var found: [SHA256Digest] = []
        do throws(FileError) {
            for directory in try DurableFile.list(path) where directory.utf8.count == 2 && directory >= start.prefix(2) {
                for name in try DurableFile.list("\(path)/\(directory)") {
                    guard found.count < limit else { return found }
                    let hex = directory + name
                    guard hex > start, let digest = SHA256Digest(parsing: "sha256:" + hex) else { continue }
                    found.append(digest)
                }
            }
        } catch {
            throw ObjectStoreError(error, object: nil)
        }
        return found
    }

    // MARK: Files

    private func directory(of digest: SHA256Digest) -> String { "\(path)/\(digest.hex.prefix(2))" }

    private func file(of digest: SHA256Digest) -> String { "\(directory(of: digest))/\(digest.hex.dropFirst(2))" }

    /// Whether the object is there with its own contents: a damaged one is written again.
    private func isIntact(_ digest: SHA256Digest, _ bytes: [UInt8]) throws(FileError) -> Bool {
        guard let status = try DurableFile.status(file(of: digest)), status.isRegular, status.size == Int64(bytes.count) else { return false }
        return try DurableFile.read(file(of: digest), maximumBytes: bytes.count) == bytes
    }

    private func write(_ bytes: [UInt8], as digest: SHA256Digest) throws(FileError) {
        let temporary = DurableFile.temporaryPath(for: "\(staging)/\(digest.hex)")
        do throws(FileError) {
            try DurableFile.stage(bytes, at: temporary)
            try DurableFile.rename(temporary, to: file(of: digest))
        } catch {
            _ = try? DurableFile.remove(temporary)
            throw error
        }
    }

    private func readFailure(_ error: FileError, _ digest: SHA256Digest) -> ObjectStoreError {
        if error.isMissing { return ObjectStoreError(.notFound, "object \(digest) is not in \(path)", object: digest, underlying: error) }
        // What is refused without the system: too long, or no regular file.
        if error.errno == 0 { return ObjectStoreError(.tooLarge, "object \(digest): \(error)", object: digest, underlying: error) }
        return ObjectStoreError(error, object: digest)
    }
}
