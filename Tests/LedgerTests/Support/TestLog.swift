import Core
import Crypto
import EnvelopeEncryption
import Foundation
import Ledger
import MerkleLog
import ObjectStore

/// A log in a directory of its own, removed at the end.
final class TestLog {
    let directory: String
    let keys: KeyStore
    let signer: NoteSigner
    var ledger: Ledger?
    var options: LedgerOptions

    let clock: any WallClock

    init(systemEntries: Bool = false, segmentBytes: Int = 16 << 20, clock: any WallClock = SystemClock()) throws {
        self.clock = clock
        directory = NSTemporaryDirectory() + "ledger-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        keys = try KeyStore.create(at: directory + "/keys")
        signer = try NoteSigner(name: "example.com/log", seed: keys.signingKey.rawRepresentation)
        options = LedgerOptions(directory: directory + "/ledger", indexPath: directory + "/index.db")
        options.systemEntries = systemEntries
        options.segmentBytes = segmentBytes
        options.integrationInterval = 10_000
        try Ledger.create(options, signer: signer)
        try open()
    }

    deinit {
        ledger?.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func open() throws { ledger = try opened(by: signer) }

    /// The log under a signer of another name: that of a new epoch. The caller closes it.
    func opened(by signer: NoteSigner) throws -> Ledger {
        try Ledger(
            options, signer: signer, sealing: EnvelopeSealing(keys: keys), objects: try DirectoryObjectStore(at: directory + "/objects"),
            clock: clock)
    }

    func close() {
        ledger?.close()
        ledger = nil
    }

    var log: Ledger {
        get throws {
            guard let ledger else { throw LedgerError(.missing, "not open") }
            return ledger
        }
    }

    /// The leaves, as JSON.
    func leaves() throws -> [JSONValue] {
        let size = try log.checkpoint?.checkpoint.size ?? 0
        var out: [JSONValue] = []
        try log.store.forEachEntry(from: 0, size: size) { _, leaf in out.append(try JSONParser.parse(Array(leaf))) }
        return out
    }

    /// The day manifests.
    func manifests() throws -> [JSONValue] {
        _ = try log.waitForIntegration()
        return try leaves().filter { $0["type"] == "manifest.closed" }
    }

    func path(_ name: String) -> String { directory + "/" + name }
}

/// An event for tests.
func event(_ type: EventType = .logHeartbeat, id: String = IdentifierMaker().make("evt").text, _ data: JSONValue = [:]) -> Event {
    Event(id: id, type: type, actor: .system, assurance: .enforced, classification: Classification.confidential, data: CanonicalObject(data))
}
