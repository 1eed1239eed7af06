import Testing

@testable import MerkleLog

@Suite("Whole-log verification")
struct LogAuditTests {
    private static func audit(_ log: MemoryLog, _ checkpoint: Checkpoint) -> MerkleLogError? {
        var audit = LogAudit(files: log, checkpoint: checkpoint)
        do {
            try audit.run()
            return nil
        } catch {
            return error as? MerkleLogError ?? MerkleLogError(.missingFile, "\(error)")
        }
    }

    private static func checkpoint(_ appender: TileAppender) throws -> Checkpoint {
        try Checkpoint(origin: "o", size: appender.size, root: appender.root)
    }

    @Test("a sound log passes", arguments: [0, 1, 2, 255, 256, 257, 600, 65_535, 65_536, 65_537, 70_000])
    func sound(size: Int) throws {
        let (log, appender) = try MemoryLog.make(entries(size), sizes: [1, 100, 300, 65_000])
        #expect(Self.audit(log, try Self.checkpoint(appender)) == nil)
        // Told of every bundle once, in order.
        var (told, bytes) = ([UInt64](), 0)
        var audit = LogAudit(files: log, checkpoint: try Self.checkpoint(appender))
        try audit.run { name, bundle in
            told.append(name.index)
            bytes += bundle.count
        }
        #expect(told == (0..<UInt64((size + 255) / 256)).map { $0 })
        #expect(bytes == audit.bundleBytes)
    }

    @Test("every flipped bit of every file is found, stale partial files included, and the file is named")
    func flips() throws {
        // Small entries keep the number of bits down; the sizes leave stale partial files of tiles, of bundles and of level 1.
        let all = entries(516).map { Array($0.prefix(1)) }
        let (log, appender) = try MemoryLog.make(all, sizes: [3, 100, 256, 260, 513])
        let checkpoint = try Self.checkpoint(appender)
        #expect(Self.audit(log, checkpoint) == nil)
        #expect(log.files.keys.contains(.tile(Tile(level: 1, index: 0, width: 1))))
        var random = SeededGenerator(seed: 11)
        for (file, bytes) in log.files.sorted(by: { $0.key.path < $1.key.path }) {
            // Every bit of small files; of large ones every byte's random bit in a sample.
            let bits =
                bytes.count <= 40
                ? Array(0..<bytes.count * 8) : (0..<100).map { _ in Int.random(in: 0..<bytes.count * 8, using: &random) }
            for bit in bits {
                var damaged = log
                damaged.files[file]?[bit / 8] ^= 1 << (bit % 8)
                let fault = Self.audit(damaged, checkpoint)
                #expect(fault != nil, "\(file), bit \(bit)")
                // A damaged tile is named itself; a damaged bundle is named, or the tile or stale file that disagrees with it.
                if case .tile = file { #expect(fault?.file == file, "\(file), bit \(bit): \(String(describing: fault))") }
                if case .bundle = file { #expect(fault?.file != nil) }
            }
        }
    }

    @Test("a file cut short, too long or missing is found and named")
    func lengths() throws {
        let (log, appender) = try MemoryLog.make(entries(516), sizes: [3, 260, 513])
        let checkpoint = try Self.checkpoint(appender)
        for (file, bytes) in log.files {
            for changed in [Array(bytes.dropLast()), bytes + [0], [], Array(bytes.dropFirst())] {
                var damaged = log
                damaged.files[file] = changed
                #expect(Self.audit(damaged, checkpoint) != nil, "\(file)")
            }
        }
        for (path, code) in [("tile/0/001", MerkleLogError.Code.missingFile), ("tile/entries/000", .missingFile), ("tile/1/000.p/2", .missingFile)] {
            var damaged = log
            damaged.files[try LogFile(path: path)] = nil
            let fault = Self.audit(damaged, checkpoint)
            #expect(fault?.code == code)
            #expect(fault?.file?.path == path)
        }
    }

    @Test("another size or root than the entries' is found")
    func wrongCheckpoint() throws {
        let (log, appender) = try MemoryLog.make(entries(516), sizes: [3, 260, 513])
        #expect(Self.audit(log, try Checkpoint(origin: "o", size: 516, root: TreeHashing.emptyRoot))?.code == .wrongRoot)
        #expect(Self.audit(log, try Checkpoint(origin: "o", size: 515, root: appender.root))?.code == .missingFile)
        #expect(Self.audit(log, try Checkpoint(origin: "o", size: 517, root: appender.root))?.code == .missingFile)
        // A size that was written, but whose partial files have gone beyond: the wider ones beside it are no part of that log.
        #expect(Self.audit(log, try Checkpoint(origin: "o", size: 513, root: appender.root))?.code == .wrongFile)
        #expect(Self.audit(MemoryLog(), try Checkpoint(origin: "o", size: 0, root: TreeHashing.emptyRoot)) == nil)
        #expect(Self.audit(MemoryLog(), try Checkpoint(origin: "o", size: 0, root: appender.root))?.code == .wrongRoot)
    }

    @Test("the fault says in words which entry's tile is wrong")
    func words() throws {
        var (log, appender) = try MemoryLog.make(entries(516), sizes: [])
        log.files[.tile(Tile(level: 0, index: 1))]?[5 * 32] ^= 1
        let fault = Self.audit(log, try Self.checkpoint(appender))
        #expect(fault?.description == "tile/0/001: hash 5 is not that of entry 261 in tile/entries/001")
    }

    @Test("bundles fed out of order or after a partial one are refused")
    func order() throws {
        let (log, _) = try MemoryLog.make(entries(516), sizes: [])
        func bundle(_ name: BundleName) throws -> [UInt8] { try #require(log.files[.bundle(name)]) }
        var verifier = LogVerifier()
        #expect(code { _ = try verifier.add(try bundle(BundleName(index: 1)), name: BundleName(index: 1)) } == .outOfRange)
        #expect(try verifier.add(try bundle(BundleName(index: 0)), name: BundleName(index: 0)).count == 1)
        #expect(code { _ = try verifier.add(try bundle(BundleName(index: 0)), name: BundleName(index: 0)) } == .outOfRange)
        _ = try verifier.add(try bundle(BundleName(index: 1)), name: BundleName(index: 1))
        _ = try verifier.add(try bundle(BundleName(index: 2, width: 4)), name: BundleName(index: 2, width: 4))
        #expect(code { _ = try verifier.add(try bundle(BundleName(index: 2, width: 4)), name: BundleName(index: 2, width: 4)) } == .outOfRange)
        #expect(code { _ = try verifier.add([], name: BundleName(index: .max)) } == .outOfRange)
        #expect(verifier.size == 516)
    }
}
