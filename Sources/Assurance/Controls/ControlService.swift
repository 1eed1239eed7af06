package import Core
import Dispatch
import MerkleLog

/// Runs control tests over the server's log and records what they said.
package struct ControlService: Sendable {
    private let recorder: any Recorder
    private let clock: any WallClock
    private let workingFolder: String?
    private let queue = DispatchQueue(label: "countersign.assurance")

    /// - Parameter workingFolder: where evidence databases are made; they take about four times the room of the leaves.
    package init(recorder: any Recorder, clock: any WallClock = SystemClock(), workingFolder: String? = nil) {
        self.recorder = recorder
        self.clock = clock
        self.workingFolder = workingFolder
    }

    /// Runs tests over the whole log under its last checkpoint, and records each run.
    /// - Parameters:
    ///   - ids: of tests or controls; none means all that there are.
    ///   - actor: who asked.
    ///   - drill: whether it is an exercise.
    /// - Returns: the results, in the order of the tests. A run that failed is an `error` (I8).
    /// - Throws: `unknown_test`, `out_of_range`; `RecordError` where a run could not be recorded.
    package func test(_ ids: [String], period: EvidencePeriod, source: any LogSource & Sendable, actor: Actor) async throws -> [ControlTestResult] {
        let tests = try ControlTest.named(ids)
        let folder = workingFolder
        let (runs, root) = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<([Run], MerkleHash), any Error>) in
            // Blocking work stays off the cooperative pool.
            queue.async { continuation.resume(with: Result { try Self.run(tests, period, source, folder) }) }
        }
        let catalogue = try ControlCatalogue.builtIn.get().digest
        for run in runs { try await record(run, root: root, catalogue: catalogue, actor: actor) }
        return runs.map(\.result)
    }

    private struct Run {
        var result: ControlTestResult
        /// The items as lines, sealed beside the event: those that did not pass, and all of them while they fit.
        var items: [UInt8] = []
    }

    private static let sealedItemsLimit = 1 << 20

    private static func run(
        _ tests: [ControlTest], _ period: EvidencePeriod, _ source: any LogSource, _ folder: String?
    ) throws -> (runs: [Run], root: MerkleHash) {
        let checkpoint = try SignedCheckpoint(parsing: source.checkpoint()).checkpoint
        let files = try TemporaryFolder(in: folder)
        let database = try EvidenceDatabase(path: files.file("evidence.db"), origin: checkpoint.origin, period: period)
        try source.eachLeaf(in: 0..<checkpoint.size, size: checkpoint.size) { try database.add(leaf: $1, index: $0) }
        try database.load()
        let frontier = try database.recomputeChain()
        guard frontier.root == checkpoint.root else {
            throw AssuranceError(.outOfRange, "the log's entries do not lead to the root of its checkpoint")
        }
        if database.leaves >= EvidenceDatabase.materialisedFrom { try database.materialise() }
        let runs = tests.map { test in
            var items: [UInt8] = []
            let result = database.run(test) { item in
                let line = CanonicalJSON.encode(item.json)
                if items.count + line.count < sealedItemsLimit { items += line + [UInt8(ascii: "\n")] }
            }
            return Run(result: result, items: items)
        }
        return (runs, checkpoint.root)
    }

    private func record(_ run: Run, root: MerkleHash, catalogue: SHA256Digest, actor: Actor) async throws {
        let result = run.result
        let data = JSONValue.compact([
            "definition_digest": JSONValue(result.definitionDigest), "errors_count": JSONValue(result.errors),
            "failed_count": JSONValue(result.failed), "first_idx": result.firstIndex.map { JSONValue($0) },
            "from_at": JSONValue(result.period.start), "items_count": JSONValue(result.items),
            "last_idx": result.lastIndex.map { JSONValue($0) }, "parameters_digest": JSONValue(result.parametersDigest),
            "population_digest": JSONValue(result.populationDigest), "result": .string(result.result), "test_id": .string(result.testID),
            "to_at": JSONValue(result.period.end), "tree_root": JSONValue(SHA256Digest(root)),
        ])
        let event = Event(
            id: IdentifierMaker(clock: clock).make("evt").text, type: .controlTestRun, actor: actor, action: "test",
            resource: Resource(type: "control_test", id: result.testID), outcome: result.failure == nil ? .success : .failure,
            reasonCode: result.failure == nil ? nil : "could_not_run", policy: catalogue.description, assurance: .enforced,
            marks: Set(result.marks.compactMap(Event.Mark.init(rawValue:))), data: CanonicalObject(data))
        let contents = run.items.isEmpty ? [] : [Content(name: "items", bytes: run.items)]
        try await recorder.record(event, contents: contents)
    }
}
