import Core
import Foundation
import Ledger

/// A log of requests and their outcomes, for measuring what reads a whole log. Its key is written to `DIR/vkey`.
struct InferenceLog {
    let log: ScratchLog
    let entries: Int

    func write() throws {
        let ledger = log.ledger
        let events = InferenceEvents()
        let failure = Mutable<RecordError?>(nil)
        let waiting = Monitor(0)
        func append(_ event: Event) throws {
            let prepared = try ledger.prepare(event, contents: [], stream: .gateway)
            // A bound on what waits for the disk, well below the log's own.
            waiting.wait { count -> Void? in
                guard count < 10_000 else { return nil }
                count += 1
                return ()
            }
            ledger.append(prepared, number: nil) { told in
                if case .failure(let error) = told { failure.value = error }
                waiting.withLock { $0 -= 1 }
                waiting.signal()
            }
            if let failure = failure.value { throw failure }
        }
        for _ in 0..<entries / 2 {
            let id = events.intentID()
            try append(events.intent(id))
            try append(events.outcome(of: id))
        }
        waiting.wait { $0 == 0 ? () : nil }
        guard ledger.waitForIntegration(microseconds: 600_000_000) else { throw LedgerError(.invalid, "the tree did not catch up") }
        ledger.close()
        try Data(log.verifierKey.utf8).write(to: URL(filePath: log.directory + "/vkey"))
    }
}
