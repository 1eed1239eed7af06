package import Core
package import MerkleLog

extension Ledger {
    /// What a reading of the whole log found.
    package struct Verification: Sendable {
        package var size: UInt64
        package var root: SHA256Digest
        package var gaps: Int
        /// nil where every hash was right; otherwise the first fault.
        package var fault: String?
    }

    /// Reads the whole log again from its files, checks every hash and every source's numbers, and records the finding as `log.verified`.
    /// Blocks, as long as reading takes.
    ///
    /// - Parameter head: the checkpoint to verify against; the newest where none is given.
    package func verify(against head: SignedCheckpoint? = nil) throws -> Verification {
        guard let head = head ?? checkpoint, let root = SHA256Digest(bytes: head.checkpoint.root.bytes) else {
            throw LedgerError(.missing, "nothing is signed yet")
        }
        var gaps = SourceGaps()
        var fault: String?
        do {
            try LogCheck.run(store: store, checkpoint: head, isGrowing: true) { name, bundle in
                try bundle.withUnsafeBytes { bytes in
                    for range in try EntryBundle.ranges(in: bundle, width: name.width) {
                        if let fields = LeafFields(leaf: UnsafeRawBufferPointer(rebasing: bytes[range])) { gaps.note(fields) }
                    }
                }
            }
        } catch let error as LedgerError where error.code == .inconsistent {
            fault = error.message
        }
        let found = Verification(size: head.checkpoint.size, root: root, gaps: gaps.count, fault: fault)
        let good = fault == nil && gaps.count == 0
        try recordBlocking(
            Event(
                id: identifiers.make("evt").text, type: .logVerified, actor: .system, outcome: good ? .success : .failure,
                reasonCode: good ? nil : "verification_failed", assurance: .observed,
                data: CanonicalObject([
                    "bad_hash_count": fault == nil ? 0 : 1, "first_idx": 0, "gap_count": JSONValue(gaps.count), "method": "rfc6962_rebuild",
                    "root": JSONValue(root), "tool_version": JSONValue(Version.current), "tree_size": JSONValue(Int64(head.checkpoint.size)),
                ])))
        return found
    }
}

/// Counts numbers missing between two neighbours of one source.
package struct SourceGaps: Sendable {
    package private(set) var count = 0
    private var last: [EventSource: Int64] = [:]

    package init() {}

    package mutating func note(_ leaf: LeafFields) {
        if leaf.number != (last[leaf.source] ?? -1) + 1 { count += 1 }
        last[leaf.source] = leaf.number
    }
}
