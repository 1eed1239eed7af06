package import Core

/// Seals what goes beside an event, and opens it again. Called on the caller's thread; no I/O.
package protocol PayloadSealing: Sendable {
    /// Seals contents under the class key of a classification, or under a subject's key where one is named.
    /// - Returns: the envelope, and name and commitment of each content in ascending order of the names.
    func seal(
        _ contents: [Content], classification: String, subjectKey: String?
    ) throws(RecordError) -> (sealed: [UInt8], commitments: [(name: String, digest: SHA256Digest)])

    /// Opens an envelope and checks each content against the commitments of its leaf.
    func open(_ sealed: [UInt8], commitments: [(name: String, digest: SHA256Digest)]) throws -> [Content]
}
