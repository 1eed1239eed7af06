import Testing

@testable import MerkleLog

@Suite("Tiles and entry bundles")
struct TileTests {
    @Test(
        "a file's path is written and read",
        arguments: [
            ("checkpoint", LogFile.checkpoint),
            ("tile/0/000", .tile(Tile(level: 0, index: 0))),
            ("tile/0/x001/234.p/5", .tile(Tile(level: 0, index: 1234, width: 5))),
            ("tile/3/x001/x234/067", .tile(Tile(level: 3, index: 1_234_067))),
            ("tile/63/999.p/255", .tile(Tile(level: 63, index: 999, width: 255))),
            ("tile/entries/x001/000.p/1", .bundle(BundleName(index: 1000, width: 1))),
            ("tile/entries/007", .bundle(BundleName(index: 7))),
            ("tile/0/x018/x446/x744/x073/x709/x551/615", .tile(Tile(level: 0, index: .max))),
        ])
    func path(text: String, file: LogFile) throws {
        #expect(file.path == text)
        #expect(try LogFile(path: text) == file)
    }

    @Test(
        "any other path is refused",
        arguments: [
            "", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile//000", "tile/00/000", "tile/64/000", "tile/-1/000",
            "tile/+1/000", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x001", "tile/0/001/234", "tile/0/x000/001", "tile/0/x01/234",
            "tile/0/x001/x234", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/+1",
            "tile/0/000.p/1/2", "tile/0/.p/1", "tile/entries/00a", "tile/Entries/000", "tile/entry/000", "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/x001/x000/x000/x000/x000/x000/x000/000", "tile/0/../000", "checkpoint/", "Checkpoint", "tile/0/00\u{0661}", "tile/0/000.p/5.p/5",
        ])
    func badPath(text: String) {
        #expect(code { _ = try LogFile(path: text) } == .malformedPath)
    }

    @Test("a file belongs to a log if nothing of it lies beyond the log's size")
    func belongs() throws {
        for (path, size, belongs) in [
            ("checkpoint", 0, true), ("tile/0/000", 255, false), ("tile/0/000", 256, true), ("tile/0/000.p/3", 3, true), ("tile/0/000.p/4", 3, false),
            ("tile/entries/001.p/1", 256, false), ("tile/entries/001.p/1", 257, true), ("tile/1/000.p/1", 255, false), ("tile/1/000.p/1", 256, true),
            ("tile/1/000.p/2", 256, false), ("tile/8/000.p/1", UInt64(Int64.max), false), ("tile/63/000.p/1", UInt64.max, false),
            ("tile/0/x018/x446/x744/x073/x709/x551/615", UInt64.max, false),
        ] as [(String, UInt64, Bool)] {
            #expect(try LogFile(path: path).belongs(toLogOf: size) == belongs, "\(path) of \(size)")
        }
    }

    @Test("a tree of 70,000 has the partial tiles that the specification names")
    func partialTiles() {
        #expect(Tile.partialTiles(size: 70_000).map(\.path) == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"])
        #expect(Tile.partialTiles(size: 256).map(\.path) == ["tile/1/000.p/1"])
        #expect(Tile.partialTiles(size: 0).isEmpty)
        #expect(Tile(level: 0, index: 272, inTreeOf: 70_000)?.isFull == true)
        #expect(Tile(level: 0, index: 274, inTreeOf: 70_000) == nil)
        #expect(Tile.partialTiles(size: UInt64(Int64.max)).count == 8)
    }

    @Test("a bundle gives back its entries")
    func bundle() throws {
        let entries: [[UInt8]] = [[], [1], Array(repeating: 2, count: 65_535), Array("x".utf8)]
        let bundle = try EntryBundle.encode(entries)
        #expect(bundle.prefix(5) == [0, 0, 0, 1, 1])
        #expect(try EntryBundle.decode(bundle, width: 4).map(Array.init) == entries)
        #expect(try EntryBundle.leafHashes(in: bundle, width: 4).map(\.bytes) == entries.map(Naive.leaf))
        #expect(code { _ = try EntryBundle.encode([Array(repeating: 0, count: 65_536)]) } == .entryTooLong)
    }

    @Test("bytes that are not exactly a bundle of that width are refused")
    func badBundle() throws {
        let bundle = try EntryBundle.encode([[1], [2, 3]])
        for (bytes, width) in [
            (bundle, 1), (bundle, 3), (Array(bundle.dropLast()), 2), (bundle + [0], 2), (bundle + [0, 0], 2), ([], 1), ([0], 1), ([255, 255, 1], 1),
        ] {
            #expect(code { _ = try EntryBundle.decode(bytes, width: width) } == .malformedBundle)
            #expect(code { _ = try EntryBundle.leafHashes(in: bytes, width: width) } == .malformedBundle)
        }
    }

    @Test("the appender writes the same files whatever the batches", arguments: [1, 7, 255, 256, 257, 1000, 70_000])
    func batches(batch: Int) throws {
        let count = batch == 70_000 ? 70_000 : 1100
        let all = entries(count)
        var (log, appender) = (MemoryLog(), TileAppender())
        for start in stride(from: 0, to: count, by: batch) {
            for entry in all[start..<min(start + batch, count)] { try appender.append(entry) }
            log.write(appender.takeWrites())
            #expect(appender.takeWrites().isEmpty)
        }
        let size = UInt64(count)
        #expect(appender.size == size)
        for tile in Tile.partialTiles(size: size) { #expect(log.files[.tile(tile)]?.count == tile.byteCount) }
        // The files needed at this size are the same whatever was written on the way.
        var once = TileAppender()
        for entry in all { try once.append(entry) }
        for write in once.takeWrites() { #expect(log.files[write.file] == write.bytes, "\(write.file)") }
        #expect(once.root == appender.root)
        var audit = LogAudit(files: log, checkpoint: try Checkpoint(origin: "o", size: size, root: appender.root))
        try audit.run()
        #expect(log.files.keys.allSatisfy { $0.belongs(toLogOf: size) })
        #expect(audit.filesChecked == log.files.count)
    }

    @Test("a restored appender goes on as the first would have", arguments: [0, 1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537])
    func restore(size: Int) throws {
        let all = entries(size + 300)
        var (log, appender) = try MemoryLog.make(Array(all.prefix(size)), sizes: [])
        var restored = try TileAppender(size: UInt64(size), root: appender.root) { file in try #require(log.files[file]) }
        #expect(restored.root == appender.root)
        #expect(restored.frontier == appender.frontier)
        #expect(restored.takeWrites().isEmpty)
        for entry in all.dropFirst(size) {
            #expect(try appender.append(entry) == restored.append(entry))
        }
        let writes = appender.takeWrites()
        #expect(writes == restored.takeWrites())
        log.write(writes)
        #expect(restored.root == appender.root)
    }

    @Test("an appender is not restored from files with any flipped bit, nor for another root")
    func restoreDamaged() throws {
        let size = 65_536 + 256 + 3
        let (log, appender) = try MemoryLog.make(entries(size), sizes: [])
        #expect(code { _ = try TileAppender(size: UInt64(size), root: TreeHashing.emptyRoot) { log.files[$0] ?? [] } } == .wrongRoot)
        #expect(code { _ = try TileAppender(size: UInt64(size - 1), root: appender.root) { log.files[$0] ?? [] } } != nil)
        #expect(code { _ = try TileAppender(size: .max, root: appender.root) { log.files[$0] ?? [] } } == .outOfRange)
        var tried = 0
        var needed = Tile.partialTiles(size: UInt64(size)).map(LogFile.tile)
        if let bundle = BundleName.partial(size: UInt64(size)) { needed.append(.bundle(bundle)) }
        for file in needed {
            for bit in 0..<(log.files[file]?.count ?? 0) * 8 {
                var damaged = log
                damaged.files[file]?[bit / 8] ^= 1 << (bit % 8)
                #expect(throws: MerkleLogError.self, "\(file), bit \(bit)") {
                    try TileAppender(size: UInt64(size), root: appender.root) { damaged.files[$0] ?? [] }
                }
                tried += 1
            }
        }
        #expect(tried > 1000)
    }

    @Test("an entry that is too long changes nothing")
    func tooLong() throws {
        var appender = TileAppender()
        try appender.append([1])
        let root = appender.root
        #expect(code { try appender.append(Array(repeating: 0, count: 65_536)) } == .entryTooLong)
        #expect(appender.root == root)
        #expect(appender.takeWrites().map(\.file.path).sorted() == ["tile/0/000.p/1", "tile/entries/000.p/1"])
    }
}
