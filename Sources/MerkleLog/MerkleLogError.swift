/// Why this room refused a value: what was wrong with it, for a person, and a code for the caller.
package struct MerkleLogError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A signed note that the format does not allow.
        case malformedNote
        /// A verifier key, a key's name or a seed that the format does not allow.
        case malformedKey
        /// A note text that is not a checkpoint.
        case malformedCheckpoint
        /// Not the path of a file of a tiled log.
        case malformedPath
        /// Bytes that are not a tile of the width its path says.
        case malformedTile
        /// Bytes that are not an entry bundle of the width its path says.
        case malformedBundle
        /// A proof file that the format does not allow.
        case malformedProof
        /// A witness request that the format does not allow.
        case malformedRequest
        /// A stored frontier that is not one.
        case malformedFrontier
        /// An entry longer than a bundle's length prefix can say.
        case entryTooLong
        /// An index or a size outside the tree.
        case outOfRange
        /// No signature of a known key.
        case unsigned
        /// A signature of a known key that does not verify.
        case badSignature
        /// Hashes that do not lead to the root they should lead to.
        case wrongRoot
        /// A file that the log must have and has not.
        case missingFile
        /// A file that is not what the entries make it.
        case wrongFile
        /// A stored witness state that is not one.
        case malformedState
    }

    package let code: Code
    /// The file of the log that the fault is in, where it is known.
    package let file: LogFile?
    package let message: String

    package init(_ code: Code, _ message: String, file: LogFile? = nil) {
        self.code = code
        self.message = message
        self.file = file
    }

    package var description: String {
        guard let file else { return message }
        return "\(file.path): \(message)"
    }
}
