import Core
import Foundation
import Ledger
import Synchronization

/// Writers on threads of their own, each waiting until its record is durable before the next: intents and outcomes in turn, with their
/// contents sealed by the writer, as the gateway does. Tree, tiles and search index are kept up meanwhile; the measurement ends when
/// they have caught up, and only then is its CPU counted.
struct AppendBenchmark {
    let log: ScratchLog
    let writers: Int
    let seconds: Double
    let payloadBytes: Int

    func run() throws -> String {
        let stop = Atomic<Bool>(false)
        let ends = Mutable<[Writer.Result]>([])
        let payload = [UInt8](repeating: UInt8(ascii: "r"), count: payloadBytes)
        let ledger = log.ledger
        let before = cpuSeconds()
        let started = monotonicMicroseconds()
        let threads = (0..<writers).map { _ in
            WorkerThread("bench-writer") {
                let result = Writer(ledger: ledger, payload: payload).run { stop.load(ordering: .relaxed) }
                ends.withLock { $0.append(result) }
            }
        }
        Thread.sleep(forTimeInterval: seconds)
        stop.store(true, ordering: .relaxed)
        for thread in threads { thread.join() }
        let elapsed = Double(monotonicMicroseconds() - started) / 1e6
        let waited = monotonicMicroseconds()
        guard ledger.waitForIntegration(microseconds: 120_000_000) else { throw LedgerError(.invalid, "the tree did not catch up") }
        let lag = Double(monotonicMicroseconds() - waited) / 1e6
        let cpu = cpuSeconds() - before
        ledger.close()

        let results = ends.value
        if let failure = results.compactMap(\.failure).first { throw failure }
        let waits = results.flatMap(\.waits).sorted()
        let bytes = results.reduce(0) { $0 + $1.bytes }
        let records = waits.count
        guard records > 0 else { throw LedgerError(.invalid, "nothing was recorded") }
        let batch = try meanBatch(log.directory + "/ledger/wal")
        return [
            "writers=\(writers)", "records=\(records)", "records/s=\(Int(Double(records) / elapsed))",
            "mean_batch=\(String(format: "%.1f", batch))", "p50_us=\(waits[records / 2])",
            "p99_us=\(waits[records * 99 / 100])", "max_us=\(waits[records - 1])", "bytes_per_record=\(bytes / records)",
            "cpu_us=\(String(format: "%.1f", cpu / Double(records) * 1e6))", "integration_lag_s=\(String(format: "%.2f", lag))", "window_us=0",
        ].joined(separator: " ")
    }

    private func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}

/// Records a batch, counted in the segments that are still there: a frame carries the number of its batch within the segment.
private func meanBatch(_ directory: String) throws -> Double {
    var records = 0
    var batches = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasSuffix(".wal") {
        let segment = try Data(contentsOf: URL(filePath: directory + "/" + name))
        func integer(_ offset: Int, _ count: Int) -> Int { segment[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) } }
        var at = 64
        var last = 0
        while at + 36 <= segment.count {
            (last, records) = (integer(at + 20, 8), records + 1)
            at += 36 + integer(at + 4, 4) + integer(at + 8, 4)
        }
        batches += last
    }
    return Double(records) / Double(max(1, batches))
}

private struct Writer {
    struct Result: Sendable {
        /// Microseconds from handing over an event to knowing that it is durable.
        var waits: [Int64] = []
        var bytes = 0
        var failure: RecordError?
    }

    let ledger: Ledger
    let payload: [UInt8]
    private let events = InferenceEvents()

    init(ledger: Ledger, payload: [UInt8]) {
        self.ledger = ledger
        self.payload = payload
    }

    func run(until isOver: () -> Bool) -> Result {
        var result = Result()
        do throws(RecordError) {
            while !isOver() {
                let id = events.intentID()
                try record(events.intent(id), Content(name: "prompt", bytes: payload), &result)
                try record(events.outcome(of: id), Content(name: "completion", bytes: payload), &result)
            }
        } catch {
            result.failure = error
        }
        return result
    }

    private func record(_ event: Event, _ content: Content, _ result: inout Result) throws(RecordError) {
        let started = monotonicMicroseconds()
        let prepared = try ledger.prepare(event, contents: [content], stream: .gateway)
        let answer = Monitor<Swift.Result<Recorded, RecordError>?>(nil)
        ledger.append(prepared, number: nil) { told in
            answer.withLock { $0 = told }
            answer.signal()
        }
        _ = try answer.wait { $0 }.get()
        result.waits.append(monotonicMicroseconds() - started)
        // The frame's header is 36 bytes, the number of a source some 6 digits.
        result.bytes += 36 + 6 + prepared.leaf.bytes.count + prepared.sealed.count
    }
}
