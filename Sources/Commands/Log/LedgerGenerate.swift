import ArgumentParser
import Core
import Ledger
import MerkleLog
import Server

struct LedgerGenerate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Make a log of exactly so many entries with the ledger itself, for readers to be tried on.",
        discussion: "Writes DIR/checkpoint, DIR/tile/, DIR/vkey and, from two entries on, DIR/checkpoint.old from about half way.")

    @Argument(help: "A directory to make.")
    var directory: String

    @Option(help: "Entries, 0 to 10,000,000.")
    var entries = 70_000

    @Option(help: "Bytes of sealed contents beside each entry.")
    var payloadBytes = 0

    func run() async throws {
        guard (0...10_000_000).contains(entries) else { throw ValidationError("--entries must be 0 to 10,000,000") }
        let path = absolute(directory)
        try await blockingWork {
            guard try DurableFile.status(path + "/checkpoint") == nil else { throw CommandError("\(path) holds a log already") }
            try SampleLog.make(at: path, entries: entries, payloadBytes: payloadBytes)
        }
    }
}

/// Runs what blocks away from the cooperative pool.
func blockingWork<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = WorkerThread("generate") { continuation.resume(with: Swift.Result { try body() }) }
        // The thread ends by itself; its memory is small and the process short.
        _ = thread
    }
}
