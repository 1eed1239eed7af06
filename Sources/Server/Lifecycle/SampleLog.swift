import Core
import Crypto
import EnvelopeEncryption
import Ledger
import MerkleLog
import ObjectStore

/// A log of exactly so many entries, made by the ledger itself and apart from any server: for readers to be tried on, and for benches.
package enum SampleLog {
    /// Makes it at `path`: `checkpoint`, `tile/`, `vkey`, and `checkpoint.old` from about half way where there are two entries or more.
    /// Blocks.
    package static func make(at path: String, entries: Int, payloadBytes: Int = 0) throws {
        _ = try DurableFile.makeDirectory(path)
        let work = path + "/.making"
        _ = try DurableFile.makeDirectory(work)
        let keys = try KeyStore.create(at: work + "/keys")
        let signer = try NoteSigner(name: "sample.countersign.local/log", seed: Array(keys.signingKey.rawRepresentation))
        var options = LedgerOptions(directory: path, indexPath: work + "/index.db", mode: .simulated)
        options.systemEntries = false
        try Ledger.create(options, signer: signer)
        let ledger = try Ledger(
            options, signer: signer, sealing: EnvelopeSealing(keys: keys), objects: try DirectoryObjectStore(at: work + "/objects"))
        let half = entries / 2
        try append(half, to: ledger, payloadBytes: payloadBytes)
        if half > 0 {
            guard ledger.waitForIntegration(microseconds: 600_000_000), let checkpoint = try ledger.store.checkpoint() else {
                throw LedgerError(.io, "\(path): the first half was not integrated in time")
            }
            try DurableFile.write(checkpoint, to: path + "/checkpoint.old", permissions: 0o644)
        }
        try append(entries - half, to: ledger, payloadBytes: payloadBytes)
        ledger.close()
        try DurableFile.write(Array((signer.verifier.vkey + "\n").utf8), to: path + "/vkey", permissions: 0o644)
        // What is left is the log as a reader sees it.
        for name in ["wal", ".making"] { try removeTree(path + "/" + name) }
        for name in ["lock", "tallies", "head"] { _ = try DurableFile.remove(path + "/" + name) }
    }

    private static func append(_ count: Int, to ledger: Ledger, payloadBytes: Int) throws {
        let identifiers = IdentifierMaker()
        let waiting = Monitor(Progress())
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: payloadBytes)
        for number in 0..<count {
            let event = Event(
                id: identifiers.make("evt").text, type: .factRecorded, actor: .system, assurance: .observed, marks: [.simulated],
                data: CanonicalObject(["item_id": JSONValue(number), "method": "sample", "name": "sample", "value": JSONValue("\(number)")]))
            let prepared = try ledger.prepare(
                event, contents: payload.isEmpty ? [] : [Content(name: "sample", bytes: payload)], stream: .system)
            waiting.wait { (state: inout Progress) -> Void? in
                guard state.inFlight < 4096 else { return nil }
                state.inFlight += 1
                return ()
            }
            ledger.append(prepared, number: nil) { result in
                waiting.withLock { state in
                    state.inFlight -= 1
                    if case .failure(let error) = result { state.failure = error }
                }
                waiting.broadcast()
            }
        }
        waiting.wait { $0.inFlight == 0 ? () : nil }
        if let failure = waiting.withLock({ $0.failure }) { throw failure }
    }

    private struct Progress {
        var inFlight = 0
        var failure: RecordError?
    }

    private static func removeTree(_ path: String) throws {
        guard let status = try DurableFile.status(path) else { return }
        if status.isRegular {
            _ = try DurableFile.remove(path)
            return
        }
        for name in try DurableFile.list(path) { try removeTree(path + "/" + name) }
        try DurableFile.removeDirectory(path)
    }
}
