// swift-tools-version:6.2
import PackageDescription

// The house in floors: a target imports only targets that stand above it in this list's numbering, that is on a lower floor.

let package = Package(
    name: "countersign",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "countersign", targets: ["countersign"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // MARK: Floor 0. What the Swift overlay of the C library leaves out.
        .systemLibrary(name: "CLinux"),

        // MARK: Floor 1. Identifiers, clock, canonical JSON, byte scanners, events, errors, the protocols between rooms.
        .target(name: "Core", dependencies: ["CLinux", .crypto]),

        // MARK: Floor 2. Engines: values in, values out.
        // Hashing, tiles, proofs, signed notes, the witness's decision.
        .target(name: "MerkleLog", dependencies: [.crypto]),
        // Key hierarchy, key wrap, chunked AEAD, commitments.
        .target(name: "EnvelopeEncryption", dependencies: [.crypto]),

        // MARK: Floor 3. Stores.
        // One protocol for transactional state, portable SQL, numbered migrations, the outbox.
        .target(name: "Database", dependencies: ["Core"]),
        // The embedded driver.
        .target(name: "SQLiteDatabase", dependencies: ["Core", "Database", .grdb]),
        // Sealed objects by ciphertext digest; a directory.
        .target(name: "ObjectStore", dependencies: ["Core"]),

        // MARK: Floor 4. Recording: sequencing, sealing, durability, checkpoints, receipts, witnesses.
        .target(
            name: "Ledger",
            dependencies: ["CLinux", "Core", "MerkleLog", "EnvelopeEncryption", "ObjectStore", .crypto, .grdb, .sqlite]),

        // MARK: Floor 5. Services.
        // Identities, tokens, roles, grants.
        .target(name: "Access", dependencies: ["Core", "Database", .crypto]),
        // The inference data plane, on NIO channel handlers.
        .target(
            name: "Gateway",
            dependencies: [
                "Core", "Database", .crypto, .log, .nioCore, .nioPosix, .nioHTTP1, .nioSSL,
            ]),
        // Control catalogue, evidence database, control tests, bundles.
        .target(
            name: "Assurance",
            dependencies: ["Core", "MerkleLog", "Ledger", .crypto, .sqlite, .yams],
            exclude: ["Resources"],
            plugins: ["EmbedResources"]),

        // Run by the build: resources become source, so that the program finds them wherever it is installed.
        .executableTarget(name: "EmbedTool"),
        .plugin(name: "EmbedResources", capability: .buildTool(), dependencies: ["EmbedTool"]),

        // MARK: Floor 6. Adapters.
        .target(
            name: "API",
            dependencies: ["Core", "Ledger", "Access", "Gateway", "Assurance", "MerkleLog", .hummingbird, .httpTypes, .log, .nioCore, .nioPosix]),

        // Server-rendered pages for people.
        .target(
            name: "Console",
            dependencies: ["Access", "Core", "Gateway", "Ledger", "MerkleLog", .httpTypes, .hummingbird, .log, .mustache, .nioCore, .nioPosix],
            exclude: ["Resources"],
            plugins: ["EmbedResources"]),

        // MARK: Floor 7. Configuration, wiring, lifecycle.
        .target(
            name: "Server",
            dependencies: [
                "API", "Access", "Assurance", "Console", "Core", "Database", "EnvelopeEncryption", "Gateway", "Ledger", "MerkleLog",
                "ObjectStore", "SQLiteDatabase", .asyncHTTPClient, .crypto, .httpTypes, .hummingbird, .lifecycle, .unixSignals, .log, .nioCore, .nioHTTP1, .nioPosix, .yams,
            ]),

        // MARK: Floor 8. The program.
        .target(
            name: "Commands",
            dependencies: [
                "Assurance", "Core", "Ledger", "MerkleLog", "Server", .argumentParser, .asyncHTTPClient, .log, .nioCore, .yams,
            ]),
        .executableTarget(name: "countersign", dependencies: ["Commands"]),

        // MARK: Beside the house.
        // What must hold for every input of the parsers of outside bytes; the fuzzer and the tests share it.
        .target(
            name: "FuzzTargets",
            dependencies: ["Assurance", "Core", "EnvelopeEncryption", "Gateway", "Ledger", "MerkleLog", .crypto, .nioCore, .nioEmbedded],
            path: "Fuzz/Targets"),

        // What `make bench` measures of the ledger.
        .executableTarget(
            name: "ledger-bench", dependencies: ["Assurance", "Core", "EnvelopeEncryption", "Ledger", "MerkleLog", "ObjectStore", .crypto],
            path: "Benchmarks/LedgerBench"),

        // MARK: Tests, one target per room.
        .testTarget(name: "CoreTests", dependencies: ["Core"]),
        .testTarget(name: "MerkleLogTests", dependencies: ["MerkleLog", .crypto]),
        .testTarget(name: "EnvelopeEncryptionTests", dependencies: ["EnvelopeEncryption", .crypto]),
        // What every driver must do, as functions that throw; each driver's tests run them.
        .target(name: "DatabaseContract", dependencies: ["Core", "Database"], path: "Tests/DatabaseContract"),
        .testTarget(name: "SQLiteDatabaseTests", dependencies: ["Core", "Database", "DatabaseContract", "SQLiteDatabase"]),
        .testTarget(name: "ObjectStoreTests", dependencies: ["Core", "ObjectStore"]),
        .testTarget(name: "LedgerTests", dependencies: ["Core", "Ledger", "MerkleLog", "EnvelopeEncryption", "ObjectStore", .crypto]),
        .testTarget(name: "AccessTests", dependencies: ["Access", "Core", "Database", "DatabaseContract", "SQLiteDatabase", .crypto]),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Core", "Database", "DatabaseContract", "Gateway", "SQLiteDatabase", .nioCore, .nioPosix, .nioHTTP1, .nioEmbedded, .nioSSL,
            ]),
        .testTarget(name: "AssuranceTests", dependencies: ["Assurance", "Core", "Ledger", "MerkleLog", .crypto, .sqlite]),
        .testTarget(name: "ConsoleTests", dependencies: ["Console", "Core"]),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"]),
        .testTarget(
            name: "ServerTests", dependencies: ["Server", "Access", "Core", "Gateway", "Ledger", "Assurance", .asyncHTTPClient, .nioCore, .yams]),
    ]
)

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let log = product(name: "Logging", package: "swift-log")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let sqlite = product(name: "GRDBSQLite", package: "GRDB.swift")
    static let yams = product(name: "Yams", package: "Yams")
}

// libFuzzer's library comes with the toolchain, in a place that only Fuzz/run.sh finds out; nothing else builds this program.
if let library = Context.environment["COUNTERSIGN_FUZZ"] {
    package.targets.append(
        .executableTarget(
            name: "countersign-fuzz", dependencies: ["FuzzTargets"], path: "Fuzz/Program",
            linkerSettings: [.unsafeFlags([library, "-lstdc++"])]))
}

for target in package.targets where target.type != .system && target.type != .plugin {
    target.swiftSettings = (target.swiftSettings ?? []) + [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
}
