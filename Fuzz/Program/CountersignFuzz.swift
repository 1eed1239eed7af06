import FuzzTargets

#if canImport(Glibc)
import Glibc
#endif

// libFuzzer brings its own `main` and calls these two; `Fuzz/run.sh` builds and runs it, one process for each target.

/// The target named by the environment's COUNTERSIGN_FUZZ_TARGET.
private let target: FuzzTarget? = getenv("COUNTERSIGN_FUZZ_TARGET").flatMap { FuzzTarget.named(String(cString: $0)) }

/// Called once, before the first input.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    if let target {
        if let folder = getenv("COUNTERSIGN_FUZZ_SEEDS") { writeSeeds(of: target, into: String(cString: folder)) }
        return 0
    }
    print("COUNTERSIGN_FUZZ_TARGET names one of:")
    for target in FuzzTarget.all { print("  \(target.name): \(target.summary); -max_len=\(target.maximumBytes)") }
    exit(2)
}

private func writeSeeds(of target: FuzzTarget, into folder: String) {
    for (number, seed) in target.seeds().enumerated() {
        guard let file = fopen("\(folder)/seed-\(number)", "w") else { continue }
        _ = seed.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        fclose(file)
    }
}

/// Called with each input; a broken property ends the process, so that libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    if let broken = target?.check(input) {
        // Not `print`: what is buffered is lost by `abort`.
        let line = Array("BROKEN: \(broken)\n".utf8)
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        abort()
    }
    return 0
}
