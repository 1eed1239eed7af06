package import MerkleLog

/// A signed log that is held in memory: for fixtures and tests.
package struct MemoryLog: LogSource, Sendable {
    package let signer: NoteSigner
    package private(set) var note: [UInt8]
    private var files: [LogFile: [UInt8]] = [:]

    /// Builds the log of these leaves.
    package init(leaves: [[UInt8]], signer: NoteSigner, witnesses: [CosignatureSigner] = [], time: UInt64 = 0) throws {
        self.signer = signer
        var appender = TileAppender()
        for leaf in leaves { try appender.append(leaf) }
        for write in appender.takeWrites() { files[write.file] = write.bytes }
        let checkpoint = try Checkpoint(origin: signer.name, size: appender.size, root: appender.root)
        var signed = try SignedCheckpoint(checkpoint, signedBy: signer)
        for witness in witnesses { signed = try signed.adding([witness.cosign(checkpoint.encoded, at: time)]) }
        note = signed.encoded
    }

    package func checkpoint() throws -> [UInt8] { note }

    package func bytes(of file: LogFile) throws -> [UInt8] {
        guard let bytes = files[file] else { throw AssuranceError(.outOfRange, "the log has no file \(file)") }
        return bytes
    }

    /// Signs a text as the log does.
    package func sign(_ text: [UInt8]) throws -> [UInt8] { try SignedNote(text: text, signedBy: signer).encoded }
}
