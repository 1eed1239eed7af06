package import Core
import Crypto
import NIOCore
import Synchronization

/// Who the data plane works with.
package struct GatewayServices: Sendable {
    package var recorder: any Recorder
    package var authenticator: any Authenticator
    package var authorizer: any Authorizer
    package var routes: any RouteSource
    package var counters: any IngressCounters
    package var clock: any WallClock

    package init(
        recorder: any Recorder, authenticator: any Authenticator, authorizer: any Authorizer, routes: any RouteSource,
        counters: any IngressCounters, clock: any WallClock = SystemClock()
    ) {
        self.recorder = recorder
        self.authenticator = authenticator
        self.authorizer = authorizer
        self.routes = routes
        self.counters = counters
        self.clock = clock
    }
}

/// What the connections of one event loop share. Touched on that loop only.
final class GatewayLoop {
    let eventLoop: any EventLoop
    let configuration: GatewayConfiguration
    let services: GatewayServices
    var identifiers: EventIdentifiers
    let pool: UpstreamPool
    let inbox: RecordInbox
    let hostKey: SymmetricKey
    /// This loop's share of the bytes that may be held.
    let maximumBufferedBytes: Int
    var bufferedBytes = 0
    var isDraining = false
    private(set) var connections: [ObjectIdentifier: ClientConnection] = [:]
    /// Exchanges that are not finished, those whose client has left included.
    var openExchanges = 0
    /// `date: …` of the current second.
    private(set) var dateHeader: [UInt8] = []
    private var dateSecond: Int64 = -1
    private var timer: RepeatedTask?
    private var flushes = false

    init(eventLoop: any EventLoop, loopCount: Int, configuration: GatewayConfiguration, services: GatewayServices, contexts: UpstreamTLSContexts) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.services = services
        identifiers = EventIdentifiers(clock: services.clock)
        pool = UpstreamPool(eventLoop: eventLoop, configuration: configuration, contexts: contexts)
        inbox = RecordInbox(eventLoop: eventLoop)
        hostKey = SymmetricKey(data: configuration.hostDigestKey)
        maximumBufferedBytes = configuration.maximumBufferedBytes / max(1, loopCount)
        renewDate()
    }

    func start() {
        let interval = TimeAmount.milliseconds(max(1, configuration.timerResolution))
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in bound.value.tick() }
    }

    func stop() {
        timer?.cancel()
        timer = nil
        pool.closeIdle()
    }

    func add(_ connection: ClientConnection) { connections[ObjectIdentifier(connection)] = connection }

    func remove(_ connection: ClientConnection) { connections[ObjectIdentifier(connection)] = nil }

    /// Has the log write what this turn of the loop appends, when the turn ends: one batch for all that was ready, rather than a sync
    /// for each record. No timer: with one request under way the turn ends at once.
    func flushRecords() {
        guard !flushes else { return }
        flushes = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute {
            bound.value.flushes = false
            bound.value.services.recorder.flush()
        }
    }

    func drain() {
        isDraining = true
        for connection in connections.values { connection.drain() }
    }

    func closeAll() {
        for connection in connections.values { connection.closeNow() }
    }

    /// One timer looks at all deadlines: to set and to clear one costs nothing.
    private func tick() {
        renewDate()
        let now = monotonicMicroseconds() / 1000
        for connection in connections.values { connection.tick(now: now) }
        pool.tick(now: now)
    }

    private func renewDate() {
        let second = services.clock.now().microseconds / 1_000_000
        guard second != dateSecond else { return }
        dateSecond = second
        dateHeader = HTTPDate.header(second: second)
    }
}

/// Brings the log's answers from its own thread to the event loop, many at a time.
final class RecordInbox: Sendable {
    enum Step: Sendable { case intent, outcome }

    private struct Item: Sendable {
        let exchange: NIOLoopBound<Exchange>
        let step: Step
        let result: Result<Recorded, RecordError>
    }

    private struct State {
        var items: [Item] = []
        var isScheduled = false
    }

    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Called on the log's thread: it must not block.
    func post(_ exchange: NIOLoopBound<Exchange>, _ step: Step, _ result: Result<Recorded, RecordError>) {
        let mustSchedule = state.withLock { state in
            state.items.append(Item(exchange: exchange, step: step, result: result))
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustSchedule { eventLoop.execute { self.drain() } }
    }

    private func drain() {
        let items = state.withLock { state in
            defer {
                state.items = []
                state.isScheduled = false
            }
            return state.items
        }
        for item in items { item.exchange.value.recorded(item.step, item.result) }
    }
}
