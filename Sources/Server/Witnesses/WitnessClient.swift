import AsyncHTTPClient
import Core
import Ledger
import Logging
import MerkleLog
import NIOCore
import NIOHTTP1

/// Asks the configured witnesses to cosign checkpoints (C2SP tlog-witness), and records what they answered.
///
/// Release never waits for a witness. A witness that knows another history of this log proves that the directory was rolled back: a start is
/// refused then (``check(_:of:logger:)``), and a server that learns of it later takes no new requests.
actor WitnessClient {
    private struct Known {
        /// The size that the witness last told us, or 0.
        var size: UInt64 = 0
        var lastAnchored: Int64 = .min / 2
        var isFailing = false
    }

    private let witnesses: [ServerConfiguration.Witness]
    private let ledger: Ledger
    private let logger: Logger
    private let identifiers = IdentifierMaker()
    private var known: [String: Known] = [:]
    /// Microseconds between two records of routine cosignatures: each would be an entry, and so a new checkpoint.
    private static let anchorInterval: Int64 = 3_600_000_000

    init(_ witnesses: [ServerConfiguration.Witness], ledger: Ledger, logger: Logger) {
        self.witnesses = witnesses
        self.ledger = ledger
        self.logger = logger
    }

    /// Has the present checkpoint cosigned by every witness that has not yet.
    func askAll() async throws {
        guard let checkpoint = ledger.checkpoint else { return }
        for witness in witnesses { await ask(witness, checkpoint, recordAlways: false) }
    }

    /// Has one checkpoint anchored by every witness, and records it.
    func anchor(_ checkpoint: SignedCheckpoint) async {
        for witness in witnesses { await ask(witness, checkpoint, recordAlways: true) }
    }

    private func ask(_ witness: ServerConfiguration.Witness, _ checkpoint: SignedCheckpoint, recordAlways: Bool) async {
        var state = known[witness.name] ?? Known()
        guard checkpoint.checkpoint.size > state.size || recordAlways, checkpoint.checkpoint.size > 0 else { return }
        do {
            try await cosign(witness, checkpoint, &state)
            let now = monotonicMicroseconds()
            if recordAlways || state.isFailing || now - state.lastAnchored > Self.anchorInterval {
                state.lastAnchored = now
                try await record(witness, checkpoint, .success, nil)
            }
            state.isFailing = false
        } catch {
            logger.warning("a witness did not cosign", metadata: ["witness": "\(witness.name)", "error": "\(error)"])
            if !state.isFailing || recordAlways { try? await record(witness, checkpoint, .failure, "witness_failed") }
            state.isFailing = true
        }
        known[witness.name] = state
    }

    private func cosign(_ witness: ServerConfiguration.Witness, _ checkpoint: SignedCheckpoint, _ state: inout Known) async throws {
        let size = checkpoint.checkpoint.size
        for _ in 0..<3 {
            let old = state.size
            guard old <= size else {
                throw diverged("the witness \(witness.name) has cosigned \(old) entries of this log, which has \(size)")
            }
            let store = ledger.store
            let proof = try await offTheEventLoops {
                var prover = TreeProver(size: size, reader: store)
                return try prover.consistencyProof(old: old, new: size)
            }
            let body = try WitnessRequest(oldSize: old, proof: proof, checkpoint: checkpoint).encoded
            let (status, answer) = try await post(witness.url, body)
            switch status {
            case 200:
                let signed = try checkpoint.adding(try NoteSignature.lines(answer))
                guard !(try signed.cosignatures(by: [witness.verifier])).isEmpty else {
                    throw LedgerError(.invalid, "the witness \(witness.name) answered without its cosignature")
                }
                state.size = size
                try await offTheEventLoops { [ledger] in try ledger.addCosignatures(signed) }
                return
            case 409:
                guard let told = UInt64(String(decoding: answer, as: UTF8.self).prefix { $0 != "\n" }) else {
                    throw LedgerError(.invalid, "the witness \(witness.name) answered a conflict without its size")
                }
                // The same size, and refused all the same: another root.
                guard told != size || old != size else {
                    throw diverged("the witness \(witness.name) has cosigned another root of \(size) entries")
                }
                state.size = told
            case 422: throw diverged("the witness \(witness.name) finds that this log does not extend the \(old) entries that it has cosigned")
            default: throw LedgerError(.invalid, "the witness \(witness.name) answered \(status)")
            }
        }
        throw LedgerError(.invalid, "the witness \(witness.name) keeps answering conflicts")
    }

    private func diverged(_ what: String) -> LedgerError {
        let error = LedgerError(.rolledBack, what + ": " + Self.advice)
        ledger.endAdmission(because: error.message)
        return error
    }

    private static let advice =
        "an older copy was put in place of a newer directory. Put the newer one back; if there is none, `countersign epoch begin` ends this "
        + "log and begins another"

    /// Asks the witnesses, before a log is opened and anything new is signed, whether they know more of it than its stored head.
    /// A witness that does not answer is passed over.
    /// - Throws: ``LedgerError`` `rolledBack`.
    static func check(_ head: SignedCheckpoint, of witnesses: [ServerConfiguration.Witness], logger: Logger) async throws {
        let size = head.checkpoint.size
        guard size > 0 else { return }
        for witness in witnesses {
            do {
                let body = try WitnessRequest(oldSize: size, proof: [], checkpoint: head).encoded
                let (status, answer) = try await post(witness.url, body, timeout: .seconds(3))
                guard status == 409, let told = UInt64(String(decoding: answer, as: UTF8.self).prefix { $0 != "\n" }) else { continue }
                if told > size {
                    throw LedgerError(
                        .rolledBack, "the witness \(witness.name) has cosigned \(told) entries of this log, which has \(size): \(advice)")
                }
                if told == size {
                    throw LedgerError(.rolledBack, "the witness \(witness.name) has cosigned another root of \(size) entries: \(advice)")
                }
            } catch let error as LedgerError where error.code == .rolledBack {
                throw error
            } catch {
                logger.warning("a witness could not be asked before the start", metadata: ["witness": "\(witness.name)", "error": "\(error)"])
            }
        }
    }

    private func post(_ url: String, _ body: [UInt8]) async throws -> (Int, [UInt8]) { try await Self.post(url, body, timeout: .seconds(10)) }

    private static func post(_ url: String, _ body: [UInt8], timeout: TimeAmount) async throws -> (Int, [UInt8]) {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.body = .bytes(body)
        let response = try await HTTPClient.shared.execute(request, timeout: timeout)
        return (Int(response.status.code), Array(try await response.body.collect(upTo: SignedNote.maximumBytes).readableBytesView))
    }

    private func record(
        _ witness: ServerConfiguration.Witness, _ checkpoint: SignedCheckpoint, _ outcome: Event.Outcome, _ reason: String?
    ) async throws {
        guard let root = SHA256Digest(bytes: checkpoint.checkpoint.root.bytes) else { return }
        try await ledger.record(
            Event(
                id: identifiers.make("evt").text, type: .checkpointAnchored, actor: .system, outcome: outcome, reasonCode: reason,
                assurance: .observed,
                data: CanonicalObject([
                    "administrator_id": JSONValue(witness.administrator), "anchor_id": JSONValue(witness.name), "anchor_kind": "witness",
                    "root": JSONValue(root), "same_host": JSONValue(witness.sameHost), "tree_size": JSONValue(Int64(checkpoint.checkpoint.size)),
                ])))
    }
}
