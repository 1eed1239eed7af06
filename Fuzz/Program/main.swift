import FuzzTargets

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// Gives one target to libFuzzer: countersign-fuzz TARGET [libFuzzer's arguments …]. Built and started by Fuzz/run.sh.
// With COUNTERSIGN_FUZZ_SEEDS=FOLDER the target's own seeds are written there first.

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ testOneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The target of this process.
let chosen: FuzzTarget? = CommandLine.arguments.dropFirst().first.flatMap { FuzzTarget.named($0) }

func writeSeeds(of target: FuzzTarget, into folder: String) {
    for (number, seed) in target.seeds().enumerated() {
        guard let file = fopen("\(folder)/seed-\(number)", "w") else { continue }
        _ = seed.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        fclose(file)
    }
}

func start() -> CInt {
    guard let target = chosen else {
        print("usage: countersign-fuzz TARGET [libFuzzer arguments]; targets:")
        for target in FuzzTarget.all { print("  \(target.name): \(target.summary); -max_len=\(target.maximumBytes)") }
        return 2
    }
    if let folder = getenv("COUNTERSIGN_FUZZ_SEEDS") { writeSeeds(of: target, into: String(cString: folder)) }
    // libFuzzer gets the name of the program and what follows the target's.
    var arguments = CommandLine.unsafeArgv + 1
    arguments[0] = CommandLine.unsafeArgv[0]
    var count = CommandLine.argc - 1
    return runDriver(&count, &arguments) { start, count in
        // A broken property ends the process, so that libFuzzer keeps the input.
        if let broken = chosen?.check(Array(UnsafeBufferPointer(start: start, count: count))) {
            // Not `print`: what is buffered is lost by `abort`.
            let line = Array("BROKEN: \(broken)\n".utf8)
            _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
            abort()
        }
        return 0
    }
}

exit(start())
