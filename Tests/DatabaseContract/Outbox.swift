import Core
import Database

extension DatabaseContract {
    static let outbox = [
        DatabaseContract("numbers have no gap where a transaction rolled back") { database in
            let recorder = try await prepared(database)
            for round in 0..<4 {
                try? await database.write { transaction in
                    try transaction.record(try event(round, recorder))
                    if round % 2 == 1 { throw Unrelated() }
                }
            }
            try await relay(database, recorder).flush()
            try require(recorder.entries.map(\.number) == [0, 1], "numbers \(recorder.entries.map(\.number))")
            try require(recorder.entries.map(\.record.id) == ["evt_0", "evt_2"], "other events")
        },
        DatabaseContract("a record comes out as it went in") { database in
            let recorder = try await prepared(database)
            let record = try event(1, recorder, words: "why")
            try await database.write { _ = try $0.record(record) }
            try await relay(database, recorder).flush()
            let entry = recorder.entries.first?.record
            try require(entry?.leaf == record.leaf && entry?.sealed == Array("why".utf8), "another record arrived")
        },
        DatabaseContract("a crash between append and mark records once") { database in
            let recorder = try await prepared(database)
            for number in 0..<3 { try await database.write { _ = try $0.record(try event(number, recorder)) } }
            // Durable in the log; nothing was deleted here, as if the process had died.
            try await relay(database, recorder).flush()
            try await database.write { _ = try $0.record(try event(3, recorder)) }
            let second = relay(database, recorder)
            try await second.flush()
            try require(recorder.entries.map(\.record.id) == (0..<4).map { "evt_\($0)" }, "not each once and in order")
            try await second.clear()
            try require(try await database.count("SELECT count(*) FROM outbox") == 0, "delivered records stayed")
        },
        DatabaseContract("a lost answer records once") { database in
            let recorder = try await prepared(database)
            let relay = relay(database, recorder)
            try await database.write { _ = try $0.record(try event(0, recorder)) }
            recorder.loseAnswers(1)
            try await relay.flush()
            try require(recorder.entries.count == 1, "recorded \(recorder.entries.count) times")
        },
        DatabaseContract("a refusing log is tried again, in order") { database in
            let recorder = try await prepared(database)
            let relay = relay(database, recorder)
            recorder.refuse(.overloaded, times: 5)
            for number in 0..<10 { try await database.write { _ = try $0.record(try event(number, recorder)) } }
            try await relay.flush()
            try require(recorder.entries.map(\.number) == Array(0..<10), "numbers \(recorder.entries.map(\.number))")
            try require(relay.status.refusal == nil, "a refusal is still reported")
        },
        DatabaseContract("a log that has stopped is reported at once, and nothing is lost") { database in
            let recorder = try await prepared(database)
            var options = OutboxRelay.Options()
            options.flushLimit = .seconds(3600)
            let relay = OutboxRelay(database: database, recorder: recorder, options: options)
            recorder.refuse(.stopped)
            try await database.write { _ = try $0.record(try event(0, recorder)) }
            try await requireError(.unrecorded) { try await relay.flush() }
            try require(relay.status.refusal?.code == .stopped && relay.status.waiting == 1, "the refusal is not reported")
        },
        DatabaseContract("a log that goes on refusing is reported, and nothing is lost") { database in
            let recorder = try await prepared(database)
            var options = OutboxRelay.Options()
            options.flushLimit = .zero
            let relay = OutboxRelay(database: database, recorder: recorder, options: options)
            recorder.refuse(.noSpace)
            try await database.write { _ = try $0.record(try event(0, recorder)) }
            try await requireError(.unrecorded) { try await relay.flush() }
            try require(relay.status.refusal?.code == .noSpace && relay.status.waiting == 1, "the refusal is not reported")
            recorder.accept()
            try await relay.flush()
            try require(recorder.entries.count == 1, "the record was lost")
        },
        DatabaseContract("a log that is ahead stops the relay") { database in
            let recorder = try await prepared(database)
            let relay = relay(database, recorder)
            try await relay.flush()
            recorder.advance(to: 5)
            try await database.write { _ = try $0.record(try event(0, recorder)) }
            try await requireError(.diverged) { try await relay.flush() }
            try await requireError(.diverged) { try await relay.flush() }
        },
        DatabaseContract("a log that is ahead or behind is found at start") { database in
            let recorder = try await prepared(database)
            for number in 0..<3 { try await database.write { _ = try $0.record(try event(number, recorder)) } }
            for good in [-1, 0, 2] as [Int64] { try await relay(database, recorder).check(highWater: good) }
            try await requireError(.diverged) { try await relay(database, recorder).check(highWater: 3) }
            let first = relay(database, recorder)
            try await first.flush()
            try await first.clear()
            try await relay(database, recorder).check(highWater: 2)
            let behind = relay(database, recorder)
            try await requireError(.diverged) { try await behind.check(highWater: 1) }
            try await database.write { _ = try $0.record(try event(3, recorder)) }
            try await requireError(.diverged) { try await behind.flush() }
        },
        DatabaseContract("an outbox that lost a row stops the relay") { database in
            let recorder = try await prepared(database)
            let relay = relay(database, recorder)
            try await relay.flush()
            for number in 0..<3 { try await database.write { _ = try $0.record(try event(number, recorder)) } }
            try await database.write { _ = try $0.execute("DELETE FROM outbox WHERE number = 0") }
            try await requireError(.diverged) { try await relay.flush() }
            try require(recorder.entries.isEmpty, "something was sent")
        },
        DatabaseContract("many changes at once all arrive in their order") { database in
            let recorder = try await prepared(database)
            let relay = relay(database, recorder)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        try await database.write { _ = try $0.record(try event(number, recorder)) }
                        try await relay.flush()
                    }
                }
                try await group.waitForAll()
            }
            try require(recorder.entries.map(\.number) == Array(0..<40), "numbers \(recorder.entries.map(\.number))")
        },
        DatabaseContract("an event of another stream is misuse") { database in
            let recorder = try await prepared(database)
            let record = try recorder.prepare(plain(0), contents: [], stream: .system)
            try await requireError(.misuse) { try await database.write { _ = try $0.record(record) } }
        },
    ]

    private static func prepared(_ database: any Database) async throws -> OutboxRecorder {
        try await database.migrate(Outbox.migrations)
        return OutboxRecorder()
    }

    private static func relay(_ database: any Database, _ recorder: OutboxRecorder) -> OutboxRelay {
        var options = OutboxRelay.Options()
        options.batch = 4
        options.firstPause = .milliseconds(1)
        return OutboxRelay(database: database, recorder: recorder, options: options)
    }

    private static func plain(_ number: Int) -> Event {
        Event(id: "evt_\(number)", type: .userChanged, actor: .system, assurance: .enforced, data: CanonicalObject([:]))
    }

    private static func event(_ number: Int, _ recorder: OutboxRecorder, words: String? = nil) throws -> PreparedRecord {
        let contents = words.map { [Content(name: "justification", bytes: Array($0.utf8))] } ?? []
        return try recorder.prepare(plain(number), contents: contents, stream: .state)
    }
}
