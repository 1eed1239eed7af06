import Testing

@testable import Gateway

struct ExchangeStateMachineTests {
    typealias Machine = ExchangeStateMachine

    enum Event: Hashable, Sendable, CaseIterable {
        case allowed, denied, intentRecorded, intentLost, clientLeft, plain, stream, error, terminal, ended, unusable, died, timeout, outcomeRecorded,
            outcomeLost

        static let everything = allCases
    }

    private static func apply(_ event: Event, to machine: inout Machine) -> Machine.Action {
        switch event {
        case .allowed: machine.decided(.allow)
        case .denied: machine.decided(.deny(.unknownModel()))
        case .intentRecorded: machine.intentRecorded()
        case .intentLost: machine.intentNotRecorded()
        case .clientLeft: machine.clientLeft()
        case .plain: machine.upstreamAnswered(.plain)
        case .stream: machine.upstreamAnswered(.stream)
        case .error: machine.upstreamAnswered(.error(429))
        case .terminal: machine.terminalEventSeen()
        case .ended: machine.upstreamEnded(isUsable: true)
        case .unusable: machine.upstreamEnded(isUsable: false)
        case .died: machine.upstreamFailed(.died)
        case .timeout: machine.upstreamFailed(.totalTimeout)
        case .outcomeRecorded: machine.outcomeRecorded()
        case .outcomeLost: machine.outcomeNotRecorded()
        }
    }

    private static let gone = Machine.Outcome.aborted(by: .client, reason: "client_left")

    @Test(
        "each way through ends in its action",
        arguments: [
            ([.allowed], .recordIntent(.allow)),
            ([.denied], .recordIntent(.deny(.unknownModel()))),
            ([.denied, .intentRecorded], .recordOutcome(.denied(.unknownModel()), cancelUpstream: false)),
            ([.denied, .intentRecorded, .outcomeRecorded], .release(.refusal(.unknownModel()))),
            ([.denied, .intentRecorded, .outcomeLost], .release(.refusal(.unrecorded))),
            ([.allowed, .intentRecorded], .sendUpstream),
            ([.allowed, .intentLost], .refuseUnrecorded(isClientThere: true)),
            ([.allowed, .clientLeft, .intentLost], .refuseUnrecorded(isClientThere: false)),
            ([.allowed, .clientLeft, .intentRecorded], .recordOutcome(gone, cancelUpstream: false)),
            ([.denied, .clientLeft, .intentRecorded], .recordOutcome(gone, cancelUpstream: false)),
            ([.clientLeft], .recordIntent(.deny(.clientLeft))),
            ([.clientLeft, .intentRecorded], .recordOutcome(gone, cancelUpstream: false)),
            ([.clientLeft, .intentRecorded, .outcomeRecorded], .release(.nothing)),
            // A plain answer: nothing before the outcome.
            ([.allowed, .intentRecorded, .plain], .none),
            ([.allowed, .intentRecorded, .plain, .ended], .recordOutcome(.completed, cancelUpstream: false)),
            ([.allowed, .intentRecorded, .plain, .ended, .outcomeRecorded], .release(.answer)),
            ([.allowed, .intentRecorded, .plain, .ended, .outcomeLost], .release(.refusal(.unrecorded))),
            ([.allowed, .intentRecorded, .plain, .ended, .clientLeft, .outcomeRecorded], .release(.nothing)),
            ([.allowed, .intentRecorded, .plain, .ended, .clientLeft, .outcomeLost], .release(.nothing)),
            ([.allowed, .intentRecorded, .plain, .unusable], .recordOutcome(.failed(.garbage), cancelUpstream: false)),
            ([.allowed, .intentRecorded, .plain, .died], .recordOutcome(.failed(.died), cancelUpstream: true)),
            ([.allowed, .intentRecorded, .plain, .died, .outcomeRecorded], .release(.refusal(Refusal(.died)))),
            ([.allowed, .intentRecorded, .plain, .clientLeft], .recordOutcome(gone, cancelUpstream: true)),
            ([.allowed, .intentRecorded, .died], .recordOutcome(.failed(.died), cancelUpstream: true)),
            ([.allowed, .intentRecorded, .timeout], .recordOutcome(.failed(.totalTimeout), cancelUpstream: true)),
            ([.allowed, .intentRecorded, .clientLeft], .recordOutcome(gone, cancelUpstream: true)),
            // An upstream's own error passes as it is.
            ([.allowed, .intentRecorded, .error, .ended], .recordOutcome(.failed(.status(429)), cancelUpstream: false)),
            ([.allowed, .intentRecorded, .error, .unusable, .outcomeRecorded], .release(.answer)),
            ([.allowed, .intentRecorded, .error, .unusable, .outcomeLost], .release(.refusal(.unrecorded))),
            // A stream.
            ([.allowed, .intentRecorded, .stream], .openStream),
            ([.allowed, .intentRecorded, .stream, .terminal], .none),
            ([.allowed, .intentRecorded, .stream, .terminal, .ended], .recordOutcome(.completed, cancelUpstream: false)),
            ([.allowed, .intentRecorded, .stream, .terminal, .ended, .outcomeRecorded], .release(.restOfStream)),
            ([.allowed, .intentRecorded, .stream, .terminal, .ended, .outcomeLost], .failStream),
            ([.allowed, .intentRecorded, .stream, .terminal, .ended, .clientLeft, .outcomeLost], .release(.nothing)),
            ([.allowed, .intentRecorded, .stream, .terminal, .died, .outcomeRecorded], .release(.truncation)),
            ([.allowed, .intentRecorded, .stream, .terminal, .clientLeft], .recordOutcome(gone, cancelUpstream: true)),
            ([.allowed, .intentRecorded, .stream, .died], .recordOutcome(.aborted(by: .upstream, reason: "upstream_died"), cancelUpstream: true)),
            ([.allowed, .intentRecorded, .stream, .died, .outcomeRecorded], .release(.truncation)),
            ([.allowed, .intentRecorded, .stream, .died, .outcomeLost], .failStream),
            (
                [.allowed, .intentRecorded, .stream, .ended],
                .recordOutcome(.aborted(by: .upstream, reason: "upstream_unfinished"), cancelUpstream: false)
            ),
            ([.allowed, .intentRecorded, .stream, .ended, .outcomeRecorded], .release(.restOfStream)),
            ([.allowed, .intentRecorded, .stream, .clientLeft, .outcomeRecorded], .release(.nothing)),
        ] as [([Event], Machine.Action)])
    func ways(events: [Event], last: Machine.Action) {
        var machine = Machine()
        var action = Machine.Action.none
        for event in events { action = Self.apply(event, to: &machine) }
        #expect(action == last)
    }

    @Test("in no order of events is anything released unrecorded, or recorded twice")
    func everyOrder() {
        // Every sequence of seven events out of fifteen is too many; walk the states that they lead to instead.
        struct History: Hashable {
            var intents = 0
            var outcomes = 0
            var durableIntent = false
            var durableOutcome = false
            var sent = false
            var ended = false
            var completedRelease = false
        }
        func walk(_ machine: Machine, _ history: History, _ depth: Int) {
            guard depth < 7 else { return }
            for event in Event.everything {
                var machine = machine
                var history = history
                // The log answers only what it was asked.
                if event == .intentRecorded || event == .intentLost { guard history.intents == 1, !history.durableIntent else { continue } }
                if event == .outcomeRecorded || event == .outcomeLost { guard history.outcomes == 1 else { continue } }
                let before = machine
                let action = Self.apply(event, to: &machine)
                if event == .intentRecorded { history.durableIntent = true }
                if event == .outcomeRecorded { history.durableOutcome = true }
                switch action {
                case .none: if event != .plain, event != .terminal, event != .error, event != .clientLeft { continue }
                case .recordIntent: history.intents += 1
                case .sendUpstream:
                    #expect(history.durableIntent)
                    #expect(!history.sent)
                    history.sent = true
                case .openStream: #expect(history.sent)
                case .recordOutcome:
                    #expect(history.durableIntent)
                    history.outcomes += 1
                case .release(let release):
                    #expect(!history.ended)
                    history.ended = true
                    // I1: without a durable outcome there is an error at most.
                    if release == .answer || release == .restOfStream { #expect(history.durableOutcome) }
                case .refuseUnrecorded:
                    #expect(!history.durableIntent)
                    #expect(!history.ended)
                    history.ended = true
                case .failStream:
                    #expect(!history.durableOutcome)
                    history.ended = true
                }
                #expect(history.intents <= 1)
                #expect(history.outcomes <= 1)
                #expect(machine.isFinished == history.ended, "\(before) \(event)")
                walk(machine, history, depth + 1)
            }
        }
        walk(Machine(), History(), 0)
    }

    @Test("bytes of a stream pass only between its head and its terminal event")
    func window() {
        var machine = Machine()
        #expect(!machine.isStreaming)
        for event in [.allowed, .intentRecorded, .stream] as [Event] { _ = Self.apply(event, to: &machine) }
        #expect(machine.isStreaming)
        _ = machine.terminalEventSeen()
        #expect(!machine.isStreaming)
        _ = machine.upstreamEnded(isUsable: true)
        #expect(!machine.isStreaming)
    }
}
