package import Core
package import MerkleLog
package import ObjectStore

/// The log of one node: durable appends, the signed tree, receipts, sealed contents.
///
/// A record is *durable* when its segment is synced; within a second it is integrated and a checkpoint over it is signed and published.
/// One process owns the directory (`DIR/lock`). Opening and closing block; appending does not.
package final class Ledger: Recorder {
    package let options: LedgerOptions
    package let origin: String
    package let verifier: NoteVerifier
    package let store: TreeStore
    package let index: SearchIndex
    let objects: any ObjectStore
    let segments: SegmentDirectory
    let sealing: any PayloadSealing
    let clock: any WallClock
    let identifiers: IdentifierMaker
    let log: WriteAheadLog
    let integrator: Integrator
    let payloads: PayloadPacker
    private let lock: LockFile
    private let keeper: Mutable<LedgerKeeper?>
    /// Why new requests are refused; nil while all is well.
    let refusal: Mutable<RecordError?>
    /// Why this directory must not go on as this log: somebody outside knows another history of it. nil while nobody does.
    let divergence = Mutable<String?>(nil)
    private let publishing: Publishing
    /// What each stream of this process is numbered by.
    private let sources: [EventStream: EventSource]
    private let onFailure: Mutable<(@Sendable (RecordError) -> Void)?>
    /// Intents that recovery found open and closed as aborted.
    package let recoveredIntents: Int

    package var node: String { options.node }

    /// Makes an empty log: its directories and the signed head of size 0.
    /// - Throws: `invalid` where there is a log already.
    package static func create(_ options: LedgerOptions, signer: NoteSigner) throws {
        let store = TreeStore(directory: options.directory)
        guard try store.head() == nil, try store.checkpoint() == nil else {
            throw LedgerError(.invalid, "\(options.directory) holds a log already")
        }
        _ = try DurableFile.makeDirectory(options.directory)
        _ = try DurableFile.makeDirectory(options.directory + "/wal")
        let empty = try SignedCheckpoint(Checkpoint(origin: signer.name, size: 0, root: TreeHashing.emptyRoot), signedBy: signer)
        try store.storeHead(empty)
        try store.publish(empty)
    }

    /// Opens a log, recovers what a crash left, and begins a new incarnation.
    /// - Throws: ``LedgerError``: `locked`, `missing`, or `inconsistent` with the file and the fault.
    package init(
        _ options: LedgerOptions, signer: NoteSigner, sealing: any PayloadSealing, objects: any ObjectStore,
        clock: any WallClock = SystemClock()
    ) throws {
        self.options = options
        self.sealing = sealing
        self.objects = objects
        self.clock = clock
        origin = signer.name
        verifier = signer.verifier
        identifiers = IdentifierMaker(clock: clock)
        store = TreeStore(directory: options.directory)
        segments = SegmentDirectory(path: options.directory + "/wal")
        guard try DurableFile.status(options.directory) != nil else {
            throw LedgerError(.missing, "\(options.directory): there is no log here; `countersign init` makes one")
        }
        lock = try LockFile(options.directory + "/lock")
        let snapshots = SnapshotFile(directory: options.directory)
        let found = try Recovery(store: store, segments: segments, snapshots: snapshots, verifier: signer.verifier, node: options.node)
        if options.verifyAtStart { try LogCheck.run(store: store, checkpoint: found.head) }
        index = try SearchIndex(path: options.indexPath, origin: signer.name)
        let size = found.head.checkpoint.size
        let indexed = try index.size()
        guard indexed <= size else {
            // The head is durable before the index hears of it, so no crash leaves this.
            throw LedgerError(
                .rolledBack,
                "\(options.indexPath) knows \(indexed) entries, the signed head in \(options.directory)/head \(size): an older copy of the log was put "
                    + "in place of a newer one. Put the newer one back; remove the index only if there is none, for its entries are lost then")
        }
        let originDigest = SHA256Digest(hashing: Array(signer.name.utf8))
        payloads = PayloadPacker(segments: segments, objects: objects, index: index, origin: originDigest)
        if try index.size() < size {
            // The index is not synced: after a power failure it may lack anything.
            try index.catchUp(to: size, store: store)
            try payloads.reindex(size: size)
        }
        // What a crash left of segments that were being packed.
        try payloads.pack(before: segments.oldest())

        var sequencer = found.tallies
        sequencer.beginIncarnation()
        sources = [.gateway: sequencer.source(.gateway), .system: sequencer.source(.system), .state: sequencer.source(.state)]
        let publishing = Publishing()
        self.publishing = publishing
        let holder = Mutable<Integrator?>(nil)
        let onFailure = Mutable<(@Sendable (RecordError) -> Void)?>(nil)
        self.onFailure = onFailure
        log = try WriteAheadLog(
            segments: segments, origin: originDigest, segment: found.nextSegment,
            nextIndex: found.end.nextIndex, lastTime: found.tallies.lastTime, sequencer: sequencer,
            options: .init(segmentBytes: options.segmentBytes, queueBytes: options.queueBytes), clock: clock,
            afterBatch: { holder.value?.advance(to: $0) }, onFailure: { error in onFailure.value?(error) })
        integrator = Integrator(
            store: store, segments: segments, index: index, payloads: payloads, snapshots: snapshots, signer: signer,
            appender: found.appender, tallies: found.integrated, head: found.head, position: found.position, durable: log.durable,
            options: .init(interval: options.integrationInterval), onPublish: { publishing.tell($0) })
        holder.value = integrator
        refusal = Mutable(nil)
        keeper = Mutable(nil)
        recoveredIntents = found.tallies.openIntents.count
        try abort(found.tallies.openIntents)
        if options.systemEntries {
            if found.end.nextIndex == 0 { try recordOpening() }
            keeper.value = LedgerKeeper(ledger: self)
        }
    }

    // MARK: Recording

    package func prepare(_ event: Event, contents: [Content], stream: EventStream) throws(RecordError) -> PreparedRecord {
        guard let source = sources[stream] else { throw RecordError(.stopped, "unknown stream") }
        var sealed: [UInt8] = []
        var commitments: [(name: String, digest: SHA256Digest)] = []
        if !contents.isEmpty {
            (sealed, commitments) = try sealing.seal(contents, classification: event.classification, subjectKey: event.subjectKey)
        }
        let leaf = LeafTemplate(event, commitments: commitments, source: source)
        // 19 digits are the longest number.
        guard leaf.bytes.count + 19 <= LeafTemplate.maximumLeafBytes else {
            throw RecordError(.tooLarge, "the record of \(event.type) would have \(leaf.bytes.count) bytes, more than a leaf holds")
        }
        let isOutcome = EventType.inferenceOutcomes.contains(event.type)
        return PreparedRecord(
            id: event.id, stream: stream, leaf: leaf, sealed: sealed, system: event.system,
            answers: isOutcome ? event.data.bytes.withUnsafeBytes { CanonicalMembers.string(member: "request_id", of: $0) } : nil)
    }

    package func append(
        _ record: PreparedRecord, number: Int64?, holding: Bool, then: @escaping @Sendable (Result<Recorded, RecordError>) -> Void
    ) {
        let role = record.role
        // I11: what is refused is a new request, never the outcome of one that was admitted.
        if case .intent = role, let refusal = refusal.value { return then(.failure(refusal)) }
        log.append(record, role: role, number: number, holding: holding, then: then)
    }

    package func flush() { log.flush() }

    /// Waits for a record. Blocks; not for event loops.
    @discardableResult
    func recordBlocking(_ event: Event, contents: [Content] = []) throws(RecordError) -> Recorded {
        let prepared = try prepare(event, contents: contents, stream: .system)
        let answer = Monitor<Result<Recorded, RecordError>?>(nil)
        append(prepared, number: nil) { result in
            answer.withLock { $0 = result }
            answer.broadcast()
        }
        return try answer.wait { $0 }.get()
    }

    /// I2: an intent that was open when the process ended gets its one outcome: result unknown.
    private func abort(_ open: [String: Sequencer.OpenIntent]) throws {
        for (id, intent) in open.sorted(by: { $0.value.index < $1.value.index }) {
            let event = Event(
                id: identifiers.make("evt").text, type: .inferenceAborted, actor: .system, system: intent.system, outcome: .unknown,
                reasonCode: "recovered", assurance: .enforced, retention: Retention.inference,
                data: CanonicalObject(["by": "recovery", "request_id": JSONValue(id)]))
            try recordBlocking(event)
        }
    }

    private func recordOpening() throws {
        let previous = try EpochFiles(directory: options.directory).previous()
        try recordBlocking(
            Event(
                id: identifiers.make("evt").text, type: .logOpened, actor: .system, assurance: .enforced,
                marks: options.soloMode ? [.solo] : [],
                data: CanonicalObject([
                    "mode": JSONValue(options.mode.rawValue), "origin_id": JSONValue(origin),
                    "previous_root": JSONValue(previous?.rootDigest ?? .ofNothing),
                    "previous_size": JSONValue(Int64(previous?.checkpoint.size ?? 0)), "solo_mode": JSONValue(options.soloMode),
                ])))
    }

    // MARK: State

    /// The last published checkpoint.
    package var checkpoint: SignedCheckpoint? { integrator.checkpoint }

    /// The index that the next record will have.
    package var nextIndex: UInt64 { log.withSequencer { $0.size } }

    /// Waits until all that is durable now is integrated. Blocks.
    /// - Returns: false after the time given, in microseconds.
    package func waitForIntegration(microseconds: Int64 = 10_000_000) -> Bool {
        integrator.wait(for: log.durable.nextIndex, microseconds: microseconds)
    }

    /// The last number of the state stream that is in the log; -1 before the first.
    package var stateHighWater: Int64 {
        log.withSequencer { $0.highWater[$0.source(.state)] ?? -1 }
    }

    /// Intents without an outcome now.
    package var openIntents: Int { log.withSequencer { $0.openIntents.count } }

    /// Keeps a checkpoint with the cosignatures of witnesses: published while it is the newest, and stored as the last witnessed one.
    /// Blocks.
    package func addCosignatures(_ checkpoint: SignedCheckpoint) throws {
        try DurableFile.write(checkpoint.encoded, to: witnessedPath, permissions: 0o644)
        try integrator.publish(cosigned: checkpoint)
    }

    /// The last checkpoint that a witness cosigned; nil where none ever did.
    package func witnessedCheckpoint() throws -> [UInt8]? {
        guard try DurableFile.status(witnessedPath) != nil else { return nil }
        return try DurableFile.read(witnessedPath, maximumBytes: SignedNote.maximumBytes)
    }

    private var witnessedPath: String { options.directory + "/witnessed" }

    /// Why new requests are refused; nil while all is well.
    package var health: RecordError? { refusal.value }

    /// Takes no new requests any more: somebody outside knows another history of this log. Never two histories.
    package func endAdmission(because message: String) {
        divergence.value = message
        refusal.value = RecordError(.stopped, message)
    }

    /// Told of each published checkpoint, on the integrator's thread.
    package func onPublish(_ body: @escaping @Sendable (SignedCheckpoint) -> Void) { publishing.add(body) }

    /// Told once, when the log stopped for good; a restart recovers.
    package func onFailure(_ body: @escaping @Sendable (RecordError) -> Void) { onFailure.value = body }

    /// Ends everything in order: records what is queued, integrates it, publishes. Blocks; call once.
    package func close() {
        keeper.take()?.close()
        log.close()
        integrator.close()
    }
}

/// Who is told of published checkpoints.
final class Publishing: Sendable {
    private let listeners = Mutable<[@Sendable (SignedCheckpoint) -> Void]>([])

    func add(_ body: @escaping @Sendable (SignedCheckpoint) -> Void) { listeners.withLock { $0.append(body) } }

    func tell(_ checkpoint: SignedCheckpoint) { for listener in listeners.value { listener(checkpoint) } }
}

/// Held as long as the process owns the directory.
final class LockFile: Sendable {
    private let file: OpenFile

    init(_ path: String) throws {
        file = try OpenFile(path, .append(permissions: 0o600))
        guard try file.tryLock() else {
            throw LedgerError(.locked, "\(path): another process has this log open; talk to that server, or stop it first")
        }
    }
}

extension PreparedRecord {
    /// What the record means to the counting of intents and outcomes.
    var role: RecordRole { LeafFields.role(type: leaf.type, id: id, system: system, requestID: answers) }
}

extension SHA256Digest {
    /// The root of the empty tree.
    static let ofNothing = SHA256Digest(hashing: [UInt8]())
}
