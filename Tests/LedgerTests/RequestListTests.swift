import Core
import Ledger
import Testing

@Suite struct RequestListTests {
    private func log() async throws -> TestLog {
        let test = try TestLog()
        let outcomes: [EventType] = [.inferenceCompleted, .inferenceDenied, .inferenceCompleted, .inferenceFailed, .inferenceDenied]
        for (number, outcome) in outcomes.enumerated() {
            var intent = event(.inferenceRequested, id: "inf_\(number)")
            intent.system = number < 3 ? "sys_a" : "sys_b"
            try await test.log.record(intent, stream: .gateway)
            var answer = event(outcome, ["request_id": JSONValue("inf_\(number)")])
            answer.system = intent.system
            try await test.log.record(answer, stream: .gateway)
        }
        try await test.log.record(event(.inferenceRequested, id: "inf_open"), stream: .gateway)
        // Answers a request too, and is no outcome.
        try await test.log.record(event(.payloadUnsealed, ["request_id": "inf_0"]), stream: .gateway)
        #expect(try test.log.waitForIntegration())
        return test
    }

    @Test("requests are listed with their outcomes, the newest first, and page by page")
    func listed() async throws {
        let index = try await log().log.index
        let all = try index.requests(limit: 10)
        #expect(all.map(\.intent.id) == ["inf_open", "inf_4", "inf_3", "inf_2", "inf_1", "inf_0"])
        #expect(all.map(\.outcome?.type) == [nil] + ["denied", "failed", "completed", "denied", "completed"].map { "inference." + $0 })
        let second = try index.requests(before: all[1].cursor, limit: 2)
        #expect(second.map(\.intent.id) == ["inf_3", "inf_2"])
    }

    @Test("a list is narrowed to an outcome and to a system")
    func narrowed() async throws {
        let index = try await log().log.index
        func ids(_ outcome: EventType?, _ system: String? = nil, before: UInt64? = nil, limit: Int = 10) throws -> [String] {
            try index.requests(.init(outcome: outcome, system: system), before: before, limit: limit).map(\.intent.id)
        }
        #expect(try ids(.inferenceDenied) == ["inf_4", "inf_1"])
        #expect(try ids(.inferenceDenied, "sys_a") == ["inf_1"])
        #expect(try ids(.inferenceCompleted) == ["inf_2", "inf_0"])
        #expect(try ids(nil, "sys_b") == ["inf_4", "inf_3"])
        #expect(try ids(.inferenceAborted).isEmpty)
        let first = try #require(try index.requests(.init(outcome: .inferenceDenied), limit: 1).first)
        #expect(try ids(.inferenceDenied, before: first.cursor) == ["inf_1"])
    }

    @Test("outcomes are counted by parts of a time, and entries by type, also after the index was made again")
    func counted() async throws {
        let test = try await log()
        for attempt in 0..<2 {
            let now = SystemClock().now()
            let parts = try test.log.index.outcomes(
                from: Timestamp(microseconds: now.microseconds - Timestamp.hour), to: Timestamp(microseconds: now.microseconds + 60_000_000), parts: 4
            )
            let total = parts.reduce(into: [String: Int64]()) { sum, part in sum.merge(part, uniquingKeysWith: +) }
            #expect(total == ["inference.completed": 2, "inference.denied": 2, "inference.failed": 1])
            #expect(try test.log.index.counts()["inference.requested"] == 6)
            guard attempt == 0 else { continue }
            test.close()
            for suffix in ["", "-wal", "-shm"] { try DurableFile.remove(test.path("index.db" + suffix)) }
            try test.open()
        }
    }
}
