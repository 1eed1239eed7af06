import Access
import Core
import Database
import DatabaseContract
import SQLiteDatabase
import Synchronization
import Testing

/// A clock that tests move.
final class TestClock: WallClock {
    private let time = Atomic<Int64>(1_790_000_000_000_000)
    func now() -> Timestamp { Timestamp(microseconds: time.load(ordering: .relaxed)) }
    func advance(days: Int64) { time.add(days * Timestamp.day, ordering: .relaxed) }
    func advance(seconds: Int64) { time.add(seconds * 1_000_000, ordering: .relaxed) }
}

/// Access on a database of its own, with a log in memory.
struct Installation {
    let directory: TemporaryDirectory
    let database: SQLiteDatabase
    let recorder: OutboxRecorder
    let relay: OutboxRelay
    let clock: TestClock
    let access: AccessService

    init(_ before: Installation? = nil, isSolo: Bool = false, flushLimit: Duration = .seconds(10)) async throws {
        directory = try before?.directory ?? TemporaryDirectory()
        var options = SQLiteDatabase.Options()
        options.rehearsesWrites = true
        database = try await SQLiteDatabase.open(path: directory.file("state.db"), options: options)
        try await database.migrate(Outbox.migrations + AccessMigrations.all)
        recorder = before?.recorder ?? OutboxRecorder()
        clock = before?.clock ?? TestClock()
        var relayOptions = OutboxRelay.Options()
        relayOptions.firstPause = .milliseconds(1)
        relayOptions.interval = .milliseconds(5)
        relayOptions.flushLimit = flushLimit
        relay = OutboxRelay(database: database, recorder: recorder, options: relayOptions)
        access = AccessService(
            database: database, relay: relay,
            context: AccessContext(recorder: recorder, clock: clock, environment: "demonstration", isSolo: isSolo))
        try await access.open()
    }

    /// With an administrator.
    static func administered(isSolo: Bool = false) async throws -> (Installation, ChangeOrigin, String) {
        let installation = try await Installation(isSolo: isSolo)
        let (_, issued) = try await installation.access.createAdministrator(name: "ann")
        let principal = try #require(installation.principal(issued.token.text))
        return (installation, ChangeOrigin(principal), issued.token.text)
    }

    func principal(_ token: String) -> Principal? {
        if case .known(let principal) = access.decider.authenticate(bearer: token) { principal } else { nil }
    }

    func refusal(_ token: String) -> String? {
        switch access.decider.authenticate(bearer: token) {
        case .known: nil
        case .stranger: "stranger"
        case .refused(_, let reason): reason
        }
    }

    func allows(_ principal: Principal, _ action: Action, _ resource: Resource = .installation) -> Bool {
        access.decider.decide(AccessRequest(principal: principal, action: action, resource: resource)).allowed
    }

    func events(_ type: EventType) -> [Event] { recorder.events.filter { $0.type == type } }
}

/// The `data` of an event.
func data(_ event: Event) throws -> JSONValue { try JSONParser.parse(event.data.bytes) }

func expect(_ code: AccessError.Code, _ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) async {
    do {
        try await body()
        Issue.record("no error, expected \(code)", sourceLocation: sourceLocation)
    } catch let error as AccessError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("another error: \(error)", sourceLocation: sourceLocation)
    }
}
