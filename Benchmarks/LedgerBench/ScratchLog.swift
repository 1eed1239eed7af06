import Crypto
import EnvelopeEncryption
import Foundation
import Ledger
import MerkleLog
import ObjectStore

/// A new log in a directory of its own, with everything that a server's log has: keys, sealing, tree, search index, objects.
struct ScratchLog {
    let directory: String
    let ledger: Ledger
    let verifierKey: String

    init(at directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let keys = try KeyStore.create(at: directory + "/keys")
        let signer = try NoteSigner(name: "bench.example/log", seed: keys.signingKey.rawRepresentation)
        let options = LedgerOptions(directory: directory + "/ledger", indexPath: directory + "/index.db", mode: .demonstration)
        try Ledger.create(options, signer: signer)
        ledger = try Ledger(
            options, signer: signer, sealing: EnvelopeSealing(keys: keys), objects: try DirectoryObjectStore(at: directory + "/objects"))
        verifierKey = signer.verifier.vkey
    }
}
