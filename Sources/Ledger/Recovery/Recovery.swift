import Core
import MerkleLog

/// What a start finds: the signed tree, and the durable records beyond it.
///
/// It repairs nothing but what a crash leaves. Where files disagree with the signed head or with each other, it says which and stops:
/// a log that was changed must not go on as if it had not been.
struct Recovery {
    var head: SignedCheckpoint
    var appender: TileAppender
    /// Tallies as of the head.
    var integrated: Sequencer
    /// Tallies as of the last durable record.
    var tallies: Sequencer
    /// The first record beyond the head.
    var position: WriteAheadLog.Position
    /// After the last durable record.
    var end: WriteAheadLog.Position
    var nextSegment: UInt64

    /// - Throws: ``LedgerError``, `inconsistent` above all.
    init(store: TreeStore, segments: SegmentDirectory, snapshots: SnapshotFile, verifier: NoteVerifier, node: String) throws {
        head = try Self.head(store, verifier)
        let size = head.checkpoint.size
        do {
            appender = try TileAppender(size: size, root: head.checkpoint.root) { try store.read($0) }
        } catch {
            throw LedgerError(.inconsistent, "\(store.directory): the tiles do not lead to the signed head of size \(size): \(error)")
        }
        integrated = try Self.tallies(store, snapshots, head.checkpoint, node: node)
        tallies = integrated
        let found = try Self.scan(segments, origin: SHA256Digest(hashing: Array(verifier.name.utf8)), from: size, &tallies)
        position = found.position
        end = found.end
        nextSegment = found.nextSegment
        try store.removeStrays(beyond: size, durable: end.nextIndex)
    }

    private static func head(_ store: TreeStore, _ verifier: NoteVerifier) throws -> SignedCheckpoint {
        func read(_ bytes: [UInt8], _ path: String) throws -> SignedCheckpoint {
            do { return try SignedCheckpoint(parsing: bytes, verifiedBy: verifier) } catch {
                throw LedgerError(.inconsistent, "\(path): \(error)")
            }
        }
        guard let bytes = try store.head() else {
            throw LedgerError(.inconsistent, "\(store.headPath) is missing: without it nobody can tell whether records were lost. Restore a backup")
        }
        let head = try read(bytes, store.headPath)
        if let published = try store.checkpoint() {
            let checkpoint = try read(published, store.checkpointPath).checkpoint
            guard checkpoint.size <= head.checkpoint.size else {
                throw LedgerError(
                    .inconsistent,
                    "\(store.headPath) is of size \(head.checkpoint.size), older than the published checkpoint of size \(checkpoint.size)")
            }
            guard checkpoint.size < head.checkpoint.size || checkpoint.root == head.checkpoint.root else {
                throw LedgerError(.inconsistent, "two signed roots for size \(checkpoint.size): \(store.headPath) and \(store.checkpointPath)")
            }
        }
        return head
    }

    private static func tallies(
        _ store: TreeStore, _ snapshots: SnapshotFile, _ head: Checkpoint, node: String
    ) throws -> Sequencer {
        var tallies = Sequencer(node: node, incarnation: 0)
        if let found = snapshots.read(), found.tallies.node == node, found.tallies.size <= head.size {
            var prover = TreeProver(size: head.size, reader: store)
            if (try? prover.root(size: found.tallies.size)) == found.root { tallies = found.tallies }
        }
        try store.forEachEntry(from: tallies.size, size: head.size) { index, leaf in
            guard let fields = LeafFields(leaf: leaf) else { throw LedgerError(.inconsistent, "\(store.directory): entry \(index) is no event") }
            tallies.replay(fields)
        }
        return tallies
    }

    private static func scan(
        _ segments: SegmentDirectory, origin: SHA256Digest, from size: UInt64, _ tallies: inout Sequencer
    ) throws -> (position: WriteAheadLog.Position, end: WriteAheadLog.Position, nextSegment: UInt64) {
        var numbers = try segments.numbers()
        guard let newest = try segments.newest() else {
            guard size == 0, numbers.count <= 1 else {
                throw LedgerError(.inconsistent, "\(segments.path)/newest is missing: it names the newest write-ahead segment")
            }
            // A crash while the log was being made.
            for number in numbers { try segments.remove(number) }
            let start = WriteAheadLog.Position(segment: 1, offset: SegmentHeader.length, nextIndex: 0)
            return (start, start, 1)
        }
        // A crash while a segment was being begun leaves one beyond the mark, without records.
        if let last = numbers.last, last > newest {
            guard last == newest + 1, try isEmpty(segments.segmentPath(last)) else {
                throw LedgerError(.inconsistent, "\(segments.segmentPath(last)) is newer than \(segments.path)/newest says")
            }
            try segments.remove(last)
            numbers.removeLast()
        }
        // What lies before the oldest is integrated, and packed once the log is open.
        let oldest = try segments.oldest()
        guard oldest <= newest, numbers.last == newest else {
            throw LedgerError(.inconsistent, "the write-ahead segment \(segments.segmentPath(newest)) is missing")
        }
        var position: WriteAheadLog.Position?
        var next: UInt64?
        for number in oldest...newest {
            guard numbers.contains(number) else {
                throw LedgerError(.inconsistent, "the write-ahead segment \(segments.segmentPath(number)) is missing")
            }
            let path = segments.segmentPath(number)
            try makeDurable(path)
            let end = try SegmentScan.forEachRecord(path: path) { record in
                guard record.index >= size else { return }
                if record.index == size {
                    position = WriteAheadLog.Position(segment: number, offset: record.frameOffset, nextIndex: size)
                }
                tallies.replay(try LeafFields(record))
            }
            guard end.header.number == number, end.header.origin == origin else {
                throw LedgerError(.inconsistent, "\(path) belongs to another log or was renamed")
            }
            guard next == nil || next == end.header.firstIndex else {
                throw LedgerError(
                    .inconsistent, "\(path) begins at record \(end.header.firstIndex), but the segment before it ends at \(next ?? 0)")
            }
            guard next != nil || end.header.firstIndex <= size else {
                throw LedgerError(
                    .inconsistent, "\(path) begins at record \(end.header.firstIndex), but the signed log ends at \(size): segments are missing")
            }
            next = end.header.firstIndex + UInt64(end.records)
        }
        let end = next ?? size
        guard end >= size else {
            throw LedgerError(.inconsistent, "the signed head names \(size) records, the write-ahead log ends at \(end): its end was cut off")
        }
        let last = WriteAheadLog.Position(segment: newest + 1, offset: SegmentHeader.length, nextIndex: end)
        return (position ?? last, last, newest + 1)
    }

    /// What a killed process wrote may be in the page cache only: nothing is signed before it is on the disk.
    private static func makeDurable(_ path: String) throws {
        let file = try OpenFile(path, .update)
        try file.sync()
    }

    private static func isEmpty(_ path: String) throws -> Bool {
        guard let status = try DurableFile.status(path) else { return true }
        return status.size <= Int64(SegmentHeader.length)
    }
}
