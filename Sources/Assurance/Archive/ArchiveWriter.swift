package import Core
import Crypto

/// Writes a ZIP archive: files stored as they are, fixed metadata, so that the same files in the same order give the same bytes.
package final class ArchiveWriter {
    private let file: ArchiveFile
    private var records: [ArchiveRecord] = []
    private var names: Set<String> = []
    private var offset: UInt64 = 0

    /// - Parameter path: of a file that does not exist yet.
    package init(path: String) throws(AssuranceError) {
        file = try ArchiveFile(path: path, creating: true)
    }

    @discardableResult
    package func add(_ name: String, _ bytes: [UInt8]) throws -> Core.SHA256Digest {
        try add(name, size: UInt64(bytes.count)) { sink in try bytes.withUnsafeBytes { try sink($0) } }
    }

    /// Adds a file piece by piece.
    /// - Parameters:
    ///   - size: of the whole file, known beforehand.
    ///   - body: gives the pieces in order.
    /// - Returns: the digest of the file's bytes.
    @discardableResult
    package func add(_ name: String, size: UInt64, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws -> Core.SHA256Digest {
        guard ArchiveRecord.isName(name), names.insert(name).inserted else {
            throw AssuranceError(.malformedArchive, "an archive cannot hold a file of this name, or not twice: \(name)")
        }
        let file = self.file
        let start = offset + UInt64(ArchiveRecord(name: name, size: size, crc: 0, offset: offset).localHeader.count)
        var crc = CRC32()
        var hasher = SHA256()
        var written: UInt64 = 0
        try body { piece in
            guard written + UInt64(piece.count) <= size else { throw AssuranceError(.malformedArchive, "\(name) grew while it was packed") }
            crc.update(piece)
            hasher.update(bufferPointer: piece)
            try file.write(piece, at: start + written)
            written += UInt64(piece.count)
        }
        guard written == size else { throw AssuranceError(.malformedArchive, "\(name) shrank while it was packed") }
        let record = ArchiveRecord(name: name, size: size, crc: crc.value, offset: offset)
        try record.localHeader.withUnsafeBytes { try file.write($0, at: offset) }
        records.append(record)
        offset = record.end
        return SHA256Digest(hasher.finalize())
    }

    /// Adds a file that lies on the disk.
    @discardableResult
    func add(_ name: String, fileAt path: String) throws -> BundleManifest.File {
        let source = try ArchiveFile(path: path)
        let size = try source.size
        let digest = try add(name, size: size) { sink in
            var at: UInt64 = 0
            while at < size {
                let piece = try source.read(at: at, count: Int(min(1 << 20, size - at)))
                try piece.withUnsafeBytes { try sink($0) }
                at += UInt64(piece.count)
            }
        }
        return BundleManifest.File(bytes: size, digest: digest)
    }

    /// Writes the directory and syncs the file.
    package func finish() throws {
        var at = offset
        for record in records {
            let header = record.centralHeader
            try header.withUnsafeBytes { try file.write($0, at: at) }
            at += UInt64(header.count)
        }
        let trailer = ArchiveRecord.trailer(count: records.count, directoryStart: offset, directorySize: at - offset)
        try trailer.withUnsafeBytes { try file.write($0, at: at) }
        try file.sync()
    }
}
