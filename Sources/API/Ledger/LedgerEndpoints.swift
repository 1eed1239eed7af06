import Access
import Core
package import Ledger
import MerkleLog

/// The log as other people's tools read it: C2SP tlog-tiles below `/ledger/`, with a token.
package enum LedgerEndpoints {
    package static func all(_ ledger: Ledger) -> [Endpoint] {
        [
            Endpoint("GET", "/ledger/checkpoint", "getCheckpoint", "The last signed checkpoint", .action(.readLedger), responseType: "text/plain") {
                _ in
                .bytes(try published(ledger), contentType: "text/plain; charset=utf-8")
            },
            Endpoint(
                "GET", "/ledger/vkey", "getVerifierKey", "The log's verifier key, for comparison only: take the key you trust from elsewhere",
                .action(.readLedger), responseType: "text/plain"
            ) { _ in
                .bytes(Array((ledger.verifier.vkey + "\n").utf8), contentType: "text/plain; charset=utf-8")
            },
            Endpoint(
                "GET", "/ledger/tile/{path...}", "getTile", "A tile or an entry bundle", .action(.readLedger),
                responseType: "application/octet-stream"
            ) { call in
                let path = try call.parameter("path")
                guard let file = try? LogFile(path: "tile/" + path), file != .checkpoint else {
                    throw Problem.notFound("no file of a log has this path")
                }
                guard file.belongs(toLogOf: ledger.checkpoint?.checkpoint.size ?? 0) else { throw Problem.notFound("the log has no such tile yet") }
                do {
                    return .bytes(try ledger.store.readOutgrown(file), contentType: "application/octet-stream")
                } catch let error as FileError where error.isMissing {
                    throw Problem.notFound("a partial tile that a later one has replaced")
                }
            },
        ]
    }

    private static func published(_ ledger: Ledger) throws -> [UInt8] {
        guard let checkpoint = try ledger.store.checkpoint() else { throw Problem.notFound("nothing is signed yet") }
        return checkpoint
    }
}
