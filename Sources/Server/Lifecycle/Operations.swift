import API
import Access
import Core
import Database
import Gateway
import Ledger
import Logging
import MerkleLog

/// What the management API asks for, carried out by the rooms that know how.
struct Operations: ManagementOperations {
    let installation: Installation
    let counters: CounterReporter
    let witnesses: WitnessClient
    let logger: Logger

    var ledger: Ledger { installation.ledger }

    func unreadiness() -> String? {
        if let refusal = ledger.health { return "new requests are refused: \(refusal)" }
        return nil
    }

    func status() async throws -> JSONValue {
        let configuration = installation.configuration
        let checkpoint = ledger.checkpoint?.checkpoint
        let free = try await offTheEventLoops { freeDiskMiB(configuration.data) }
        let waiting = installation.relay.status
        let reason = unreadiness()
        return .compact([
            "version": JSONValue(Version.current), "origin": JSONValue(ledger.origin), "vkey": JSONValue(ledger.verifier.vkey),
            "mode": JSONValue(configuration.mode.rawValue), "node": JSONValue(configuration.node), "ready": JSONValue(reason == nil),
            "reason": reason.map { JSONValue($0) }, "log_size": JSONValue(Int64(ledger.nextIndex)),
            "checkpoint_size": checkpoint.map { JSONValue(Int64($0.size)) }, "checkpoint_root": checkpoint.map { JSONValue($0.root.base64) },
            "open_intents": JSONValue(ledger.openIntents), "recovered_intents": JSONValue(ledger.recoveredIntents),
            "outbox_waiting": JSONValue(waiting.waiting), "routes": JSONValue(installation.routeSwitch.current().routes.count),
            "policy": JSONValue(installation.access.decider.snapshot.digest), "route_table": JSONValue(installation.routeSwitch.current().digest),
            "disk_free_mib": free.map { JSONValue($0) }, "witnesses": JSONValue(configuration.witnesses.count),
            "route_problems": .array(installation.routes.problems.map { JSONValue($0) }), "outside_anchoring": JSONValue(try await anchoring()),
        ])
    }

    /// What may be claimed of this log.
    private func anchoring() async throws -> String {
        try await offTheEventLoops { [ledger] in try ledger.witnessedCheckpoint() } == nil ? "self-signed only" : "cosigned by a witness"
    }

    func metrics() async throws -> String {
        let counts = try await offTheEventLoops { [ledger] in try ledger.index.counts() }
        var lines = [
            "# HELP countersign_log_entries Entries of the log, by event type.", "# TYPE countersign_log_entries counter",
        ]
        for (type, count) in counts.sorted(by: { $0.key < $1.key }) { lines.append("countersign_log_entries{type=\"\(type)\"} \(count)") }
        let free = try await offTheEventLoops { [installation] in freeDiskMiB(installation.configuration.data) }
        for (name, help, value) in [
            ("countersign_log_size", "Records appended.", Int64(ledger.nextIndex)),
            ("countersign_checkpoint_size", "Entries under the last signed checkpoint.", Int64(ledger.checkpoint?.checkpoint.size ?? 0)),
            ("countersign_open_intents", "Requests without an outcome.", Int64(ledger.openIntents)),
            ("countersign_outbox_waiting", "Committed changes that the log does not have yet.", installation.relay.status.waiting),
            ("countersign_ready", "1 while new requests are accepted.", unreadiness() == nil ? 1 : 0),
            ("countersign_disk_free_mebibytes", "Free space on the log's disk.", free ?? -1),
        ] {
            lines += ["# HELP \(name) \(help)", "# TYPE \(name) gauge", "\(name) \(value)"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    func verifyLog() async throws -> JSONValue {
        let found = try await verifyAndAnchor()
        return .compact([
            "size": JSONValue(Int64(found.size)), "root": JSONValue(found.root), "gaps": JSONValue(found.gaps),
            "ok": JSONValue(found.fault == nil && found.gaps == 0), "fault": found.fault.map { JSONValue($0) },
        ])
    }

    /// LOG-01: a full verification of a checkpoint, and the same checkpoint anchored outside.
    private func verifyAndAnchor() async throws -> Ledger.Verification {
        // In short waits: a log that can no longer be integrated must not hold up the end of the process.
        for _ in 0..<50 {
            if try await offTheEventLoops({ [ledger] in ledger.waitForIntegration(microseconds: 200_000) }) { break }
            try Task.checkCancellation()
        }
        guard let checkpoint = ledger.checkpoint else { throw Problem(503, "not_ready", "nothing is signed yet", retryAfter: 1) }
        await witnesses.anchor(checkpoint)
        return try await offTheEventLoops { [ledger] in try ledger.verify(against: checkpoint) }
    }

    /// Verifies soon after the start and then once every UTC day, until cancelled.
    func verifyDaily(_ logger: Logger) async {
        var last = ""
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(last.isEmpty ? 2 : 60)) } catch { return }
            let today = SystemClock().now().date
            guard today != last else { continue }
            do {
                let found = try await verifyAndAnchor()
                try await LedgerWriteProbe(installation: installation).run(day: today)
                last = today
                if let fault = found.fault { logger.critical("the log was changed", metadata: ["fault": "\(fault)"]) }
            } catch {
                logger.warning("the daily verification failed and will be tried again", metadata: ["error": "\(error)"])
            }
        }
    }
}
