import Core

/// The log's own duties by the clock: heartbeats, day manifests, clock measurements, the watch over the disk.
final class LedgerKeeper: Sendable {
    private struct State {
        var stopping = false
    }

    private let monitor = Monitor(State())
    private let thread = Mutable<WorkerThread?>(nil)

    init(ledger: Ledger) {
        thread.value = WorkerThread("log-keeper") { [monitor] in
            var lastHeartbeat = Int64.min / 2
            var lastClock = Int64.min / 2
            while true {
                let now = monotonicMicroseconds()
                let free = freeDiskMiB(ledger.options.directory)
                Self.admit(ledger, freeMiB: free)
                Self.closeDay(ledger)
                if now - lastHeartbeat >= ledger.options.heartbeatInterval {
                    lastHeartbeat = now
                    Self.heartbeat(ledger, freeMiB: free)
                }
                if now - lastClock >= ledger.options.clockInterval {
                    lastClock = now
                    Self.measureClock(ledger)
                }
                if monitor.wait(microseconds: 500_000, until: { $0.stopping ? true : nil }) != nil { return }
            }
        }
    }

    func close() {
        monitor.withLock { $0.stopping = true }
        monitor.broadcast()
        thread.take()?.join()
    }

    /// I11: room for the outcomes of what is admitted is kept free; a log that cannot be signed takes no new requests.
    private static func admit(_ ledger: Ledger, freeMiB: Int64?) {
        if let divergence = ledger.divergence.value {
            ledger.refusal.value = RecordError(.stopped, divergence)
        } else if let freeMiB, freeMiB < ledger.options.reserveMiB {
            ledger.refusal.value = RecordError(.noSpace, "the disk of the log has \(freeMiB) MiB left; \(ledger.options.reserveMiB) are reserved")
        } else if let failure = ledger.integrator.failure, failure.microseconds > 5_000_000 {
            ledger.refusal.value = RecordError(.stopped, "the log cannot be signed: \(failure.message)")
        } else {
            ledger.refusal.value = nil
        }
    }

    private static func heartbeat(_ ledger: Ledger, freeMiB: Int64?) {
        let size = ledger.nextIndex
        record(
            ledger, .logHeartbeat,
            .compact([
                "disk_free_mib": freeMiB.map { JSONValue($0) }, "interval_ms": JSONValue(ledger.options.heartbeatInterval / 1000),
                "tree_size": JSONValue(Int64(size)),
            ]))
    }

    private static func measureClock(_ ledger: Ledger) {
        let measured = ClockOffset.measure()
        let good = measured?.isSynchronised == true
        record(
            ledger, .clockMeasured,
            .compact([
                "node": JSONValue(ledger.node), "offset_us": measured.map { JSONValue($0.offset) }, "reference_id": "adjtimex",
                "uncertainty_us": measured.map { JSONValue($0.uncertainty) },
            ]),
            outcome: good ? .success : .failure, reason: good ? nil : "not_synchronised", assurance: .observed)
    }

    private static func record(
        _ ledger: Ledger, _ type: EventType, _ data: JSONValue, outcome: Event.Outcome = .success, reason: String? = nil,
        assurance: Event.Assurance = .enforced
    ) {
        let event = Event(
            id: ledger.identifiers.make("evt").text, type: type, actor: .system, outcome: outcome, reasonCode: reason, assurance: assurance,
            data: CanonicalObject(data))
        // A record that cannot be made shows as a missing heartbeat; the log's own failure is reported by the writer.
        guard let prepared = try? ledger.prepare(event, contents: [], stream: .system) else { return }
        ledger.append(prepared, number: nil) { _ in }
    }

    // MARK: Day manifests

    /// Closes the day before the present one, once: the manifest states what stands between the last manifest and itself.
    private static func closeDay(_ ledger: Ledger) {
        ledger.log.append(
            making: { sequencer, nextIndex, now in
                guard let day = dueDay(sequencer, now: now) else { return nil }
                let data = manifest(sequencer, day: day, nextIndex: nextIndex)
                let event = Event(
                    id: ledger.identifiers.make("evt").text, type: .manifestClosed, actor: .system,
                    resource: Resource(type: "log", id: ledger.origin), assurance: .enforced, data: CanonicalObject(data))
                guard let prepared = try? ledger.prepare(event, contents: [], stream: .system) else { return nil }
                sequencer.closeManifest(day: day)
                return prepared
            }, then: { _ in })
    }

    /// The oldest day that is over and not closed yet.
    private static func dueDay(_ sequencer: Sequencer, now: Timestamp) -> String? {
        guard let first = sequencer.firstTime ?? (sequencer.size > 0 ? now : nil) else { return nil }
        let next: Timestamp
        if let last = sequencer.lastManifestDay.flatMap({ Timestamp(parsing: $0) }) {
            next = Timestamp(microseconds: last.microseconds + Timestamp.day)
        } else {
            next = first
        }
        return next.date < now.date ? next.date : nil
    }

    /// The lists are bounded so that the manifest is a leaf: counts always, sources and open intents up to a number; what is beyond it is
    /// told by the counts.
    private static func manifest(_ sequencer: Sequencer, day: String, nextIndex: UInt64) -> JSONValue {
        let sources = sequencer.ranges.sorted { ($0.key.incarnation, $0.key.stream) < ($1.key.incarnation, $1.key.stream) }.prefix(200).map {
            source, range in
            JSONValue.object([
                "node": JSONValue(source.node), "incarnation": JSONValue(source.incarnation), "stream": JSONValue(source.stream),
                "first": JSONValue(range.first), "last": JSONValue(range.last),
            ])
        }
        let open = sequencer.openIntents.sorted { $0.value.index < $1.value.index }.prefix(500).map { JSONValue($0.key) }
        return [
            "day": JSONValue(day), "first_idx": JSONValue(Int64(sequencer.manifestFirst)), "last_idx": JSONValue(Int64(nextIndex) - 1),
            "counts": .object(sequencer.counts.mapValues(JSONValue.int)), "sources": .array(Array(sources)), "open_intents": .array(Array(open)),
        ]
    }
}
