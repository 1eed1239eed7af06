import Core
import Hummingbird
import Ledger
import MerkleLog

extension Console {
    /// What can be shown to a stranger, and what may be claimed.
    func evidence(_ visit: Visit) async throws -> Response {
        let (witnessed, counts) = try await blocking { [ledger] in
            (try ledger.witnessedCheckpoint().map { try SignedCheckpoint(parsing: $0) }, try ledger.index.counts())
        }
        let now = SystemClock().now()
        var values: [String: Any] = [
            "origin": ledger.origin, "entries": Format.count(ledger.nextIndex), "open": Format.count(ledger.openIntents),
            "size": Format.count(ledger.checkpoint?.checkpoint.size ?? 0), "root": ledger.checkpoint?.checkpoint.root.base64 ?? "–",
            "vkey": ledger.verifier.vkey, "from": now.date, "to": Timestamp(microseconds: now.microseconds + Timestamp.day).date,
            "claimText": witnessed == nil
                ? "Self-signed only. Each entry is in one signed log; that there is no second log, only a witness of somebody else can say."
                : "Cosigned by a witness: a process with a key of its own has seen this log grow, and only grow.",
            "claimClass": witnessed == nil ? "warn" : "",
            "types": counts.sorted { $0.key < $1.key }.map { ["type": $0.key, "count": Format.count($0.value)] as [String: Any] },
        ]
        if let witnessed { values["witnessed"] = "\(Format.count(witnessed.checkpoint.size)) entries, last" }
        if let previous = ledger.previousEpoch?.checkpoint {
            values["previous"] = "\(previous.origin), which ended at \(Format.count(previous.size)) entries"
        }
        return try await html("evidence", title: "Evidence", visit, values)
    }
}
