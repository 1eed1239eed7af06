import Crypto

@testable import MerkleLog

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// RFC 6962, section 2.1, word by word: recursive, slow, and written without regard to the code under test.
enum Naive {
    static func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    static func leaf(_ entry: [UInt8]) -> [UInt8] { sha256([0] + entry) }

    static func k(_ n: Int) -> Int {
        var k = 1
        while k * 2 < n { k *= 2 }
        return k
    }

    static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        if leaves.isEmpty { return sha256([]) }
        if leaves.count == 1 { return leaves[leaves.startIndex] }
        let middle = leaves.startIndex + k(leaves.count)
        return sha256([1] + root(leaves[..<middle]) + root(leaves[middle...]))
    }

    static func path(_ m: Int, _ leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
        if leaves.count <= 1 { return [] }
        let k = k(leaves.count)
        let middle = leaves.startIndex + k
        return m < k
            ? path(m, leaves[..<middle]) + [root(leaves[middle...])] : path(m - k, leaves[middle...]) + [root(leaves[..<middle])]
    }

    static func subproof(_ m: Int, _ leaves: ArraySlice<[UInt8]>, _ whole: Bool) -> [[UInt8]] {
        if m == leaves.count { return whole ? [] : [root(leaves)] }
        let k = k(leaves.count)
        let middle = leaves.startIndex + k
        return m <= k
            ? subproof(m, leaves[..<middle], whole) + [root(leaves[middle...])]
            : subproof(m - k, leaves[middle...], false) + [root(leaves[..<middle])]
    }
}

/// A log's files in memory.
struct MemoryLog: TileReader, LogFiles {
    struct Missing: Error {}

    var files: [LogFile: [UInt8]] = [:]

    func tile(_ tile: Tile) throws -> [UInt8] {
        guard let bytes = files[.tile(tile)] else { throw Missing() }
        return bytes
    }

    func bytes(of file: LogFile) throws -> [UInt8]? { files[file] }

    func partialWidths(level: Int?, index: UInt64) throws -> [Int] {
        files.keys.compactMap { file in
            switch file {
            case .tile(let tile) where tile.level == level && tile.index == index && !tile.isFull: tile.width
            case .bundle(let bundle) where level == nil && bundle.index == index && !bundle.isFull: bundle.width
            default: nil
            }
        }
        .sorted()
    }

    mutating func write(_ writes: [TileAppender.Write]) {
        for write in writes { files[write.file] = write.bytes }
    }

    /// A log of entries, written whenever it has one of the sizes.
    static func make(_ entries: [[UInt8]], sizes: [Int]) throws -> (log: MemoryLog, appender: TileAppender) {
        var log = MemoryLog()
        var appender = TileAppender()
        for (index, entry) in entries.enumerated() {
            try appender.append(entry)
            if sizes.contains(index + 1) { log.write(appender.takeWrites()) }
        }
        log.write(appender.takeWrites())
        return (log, appender)
    }
}

/// Entries of differing lengths, 0 bytes included.
func entries(_ count: Int, seed: UInt64 = 1) -> [[UInt8]] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
        let length = Int.random(in: 0...40, using: &random)
        return (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
}

func hash(_ hex: String) -> MerkleHash? {
    let digits = Array(hex.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for at in stride(from: 0, to: 64, by: 2) {
        guard let byte = UInt8(String(decoding: digits[at..<at + 2], as: UTF8.self), radix: 16) else { return nil }
        bytes.append(byte)
    }
    return MerkleHash(bytes: bytes)
}

func seed(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 32) }

/// The code of the fault that something throws; nil if it throws none.
func code(_ body: () throws -> Void) -> MerkleLogError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? MerkleLogError)?.code
    }
}
