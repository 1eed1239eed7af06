// Measures the ledger as the gateway uses it. Started by Benchmarks/run.sh; prints one line of name=value pairs.
//
//   ledger-bench append DIR --writers N --seconds S [--payload BYTES]
//   ledger-bench inference-log DIR --entries N
//   ledger-bench evidence DIR

import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())

func option(_ name: String, _ fallback: Double) -> Double {
    guard let place = arguments.firstIndex(of: "--" + name), place + 1 < arguments.count else { return fallback }
    return Double(arguments[place + 1]) ?? fallback
}

guard arguments.count >= 2 else {
    print("usage: ledger-bench append DIR --writers N --seconds S [--payload BYTES] | inference-log DIR --entries N | evidence DIR")
    exit(2)
}
do {
    if arguments[0] == "evidence" {
        print(try EvidenceBenchmark(directory: arguments[1]).run())
        exit(0)
    }
    let scratch = try ScratchLog(at: arguments[1])
    switch arguments[0] {
    case "append":
        let line = try AppendBenchmark(
            log: scratch, writers: Int(option("writers", 64)), seconds: option("seconds", 4), payloadBytes: Int(option("payload", 1024))
        ).run()
        print(line)
    case "inference-log":
        try InferenceLog(log: scratch, entries: Int(option("entries", 1_000_000))).write()
    default:
        print("ledger-bench: no measurement \(arguments[0])")
        exit(2)
    }
} catch {
    FileHandle.standardError.write(Data("ledger-bench: \(error)\n".utf8))
    exit(2)
}
