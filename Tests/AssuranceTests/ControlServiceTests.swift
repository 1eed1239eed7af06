import Assurance
import Core
import Synchronization
import Testing

@Suite("Control service")
struct ControlServiceTests {
    /// Keeps what is recorded.
    private final class KeptRecords: Recorder {
        let node = "n1"
        let leaves = Mutex<[[UInt8]]>([])
        let contents = Mutex<[Content]>([])

        func prepare(_ event: Event, contents: [Content], stream: EventStream) throws(RecordError) -> PreparedRecord {
            self.contents.withLock { $0 += contents }
            let commitments = contents.map { (name: $0.name, digest: SHA256Digest(hashing: $0.bytes)) }
            let source = EventSource(node: node, incarnation: 1, stream: stream.rawValue)
            return PreparedRecord(id: event.id, stream: stream, leaf: LeafTemplate(event, commitments: commitments, source: source), sealed: [])
        }

        func flush() {}

        func append(
            _ record: PreparedRecord, number: Int64?, holding: Bool, then: @escaping @Sendable (Result<Recorded, RecordError>) -> Void
        ) {
            var leaf: [UInt8] = []
            let time = Timestamp(microseconds: 1_770_000_000_000_000)
            record.leaf.stamp(at: time, number: number ?? 0, into: &leaf)
            leaves.withLock { $0.append(leaf) }
            then(.success(Recorded(id: record.id, recordedAt: time)))
        }
    }

    @Test("each run is recorded as the vocabulary has it, its items sealed")
    func recorded() async throws {
        let records = KeptRecords()
        let synthetic = try SyntheticLog(requests: 3)
        let results = try await ControlService(recorder: records).test(
            ["RUN-01"], period: SyntheticLog.period.get(), source: synthetic.log(), actor: Actor(type: "user", id: "usr_ann", human: "hum_ann"))
        #expect(results.map(\.testID) == ["RUN-01a", "RUN-01b", "RUN-01c"])
        // No counter stands beside these requests, and no provider's usage: neither is a pass.
        #expect(results.map(\.result) == ["error", "error", "pass"])
        let leaves = records.leaves.withLock { $0 }
        #expect(leaves.count == 3)
        let vocabulary = try EventVocabulary.builtIn.get()
        for (leaf, result) in zip(leaves, results) {
            #expect(vocabulary.validate(leaf) == [])
            let data = try #require(try JSONParser.parse(leaf)["data"])
            #expect(data["result"]?.string == result.result)
            #expect(data["population_digest"]?.string == result.populationDigest.description)
            #expect(data["tree_root"]?.string?.hasPrefix("sha256:") == true)
        }
        let sealed = records.contents.withLock { $0 }
        #expect(sealed.map(\.name) == ["items", "items", "items"])
        // The digest of the population is that of the lines that are sealed.
        #expect(zip(sealed, results).allSatisfy { SHA256Digest(hashing: $0.bytes) == $1.populationDigest })
    }

    @Test("an unknown test is refused, and nothing is recorded")
    func unknown() async throws {
        let records = KeptRecords()
        let synthetic = try SyntheticLog(requests: 1)
        await #expect(throws: AssuranceError.self) {
            try await ControlService(recorder: records).test(["XYZ-99"], period: SyntheticLog.period.get(), source: synthetic.log(), actor: .system)
        }
        #expect(records.leaves.withLock { $0.isEmpty })
    }
}
