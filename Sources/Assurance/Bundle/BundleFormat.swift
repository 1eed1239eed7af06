package import Core
import MerkleLog

/// Names and limits of an evidence bundle's files.
package enum BundleFormat {
    static let readme = "README.txt"
    static let counts = "counts.json"
    static let checkpoint = "log/checkpoint"
    static let firstCheckpoint = "log/checkpoint.first"
    static let frontier = "log/frontier"
    static let consistency = "log/consistency"
    static let firstConsistency = "log/consistency.first"
    static let dayManifests = "manifests.json"
    static let manifest = "manifest.json"
    static let signature = "manifest.sig"

    static let database = "evidence/evidence.db"
    static let schema = "evidence/schema.sql"
    static let load = "evidence/load.sql"
    static let materialise = "evidence/materialise.sql"
    static let catalogue = "evidence/catalogue.sql"
    static let period = "evidence/period.sql"
    static let meta = "evidence/meta.sql"
    static let facts = "evidence/facts.sql"
    static let leavesScript = "evidence/leaves.py"
    static let results = "evidence/results.json"
    static let vocabulary = "evidence/EVENTS.md"
    static func test(_ id: String) -> String { "evidence/tests/\(id).sql" }
    static func items(_ id: String) -> String { "evidence/items/\(id).jsonl" }
    static func log(_ file: LogFile) -> String { "log/" + file.path }

    /// On the manifest: half a million files of some 150 bytes.
    static let manifestLimit = 128 << 20
    static let textLimit = 64 << 20

    /// What the log's key signs: a text that is no checkpoint, since no log's origin is its first line.
    static func signedText(origin: String, manifest: [UInt8]) -> [UInt8] {
        Array("countersign bundle v1\n\(origin)\n\(SHA256Digest(hashing: manifest))\n".utf8)
    }

    /// The order of the files: by name, bytewise, the manifest and its signature last.
    static func precedes(_ a: String, _ b: String) -> Bool {
        func rank(_ name: String) -> Int { name == signature ? 2 : name == manifest ? 1 : 0 }
        return (rank(a), Array(a.utf8)).0 != rank(b) ? rank(a) < rank(b) : a.utf8.lexicographicallyPrecedes(b.utf8)
    }

    /// A proof as text: a hash a line, base 64.
    static func encode(_ proof: [MerkleHash]) -> [UInt8] { Array(proof.map { $0.base64 + "\n" }.joined().utf8) }

    static func decodeProof(_ bytes: [UInt8]) throws -> [MerkleHash] {
        guard bytes.isEmpty || bytes.last == UInt8(ascii: "\n"), bytes.count <= 128 * 45 else {
            throw AssuranceError(.invalidBundle, "a proof that is no list of hashes")
        }
        return try bytes.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).map { line in
            guard let hash = MerkleHash(base64: line) else { throw AssuranceError(.invalidBundle, "a proof that is no list of hashes") }
            return hash
        }
    }
}

/// `manifest.json`: what the bundle claims, and the digest of every other file.
package struct BundleManifest: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        package let bytes: UInt64
        package let digest: SHA256Digest
    }

    package var origin: String
    /// For information: the key that counts is the reader's own.
    package var vkey: String
    /// Leaves that it holds, [first, end).
    package var first: UInt64
    package var end: UInt64
    package var checkpointSize: UInt64
    package var checkpointRoot: SHA256Digest
    package var firstCheckpointSize: UInt64?
    package var period: EvidencePeriod
    package var createdAt: Timestamp
    package var generator: String
    package var counts: [String: Int64]
    package var files: [String: File]

    var json: JSONValue {
        .compact([
            "checkpoint": ["root": JSONValue(checkpointRoot), "size": .int(Int64(clamping: checkpointSize))],
            "counts": .object(counts.mapValues { .int($0) }), "created_at": JSONValue(createdAt),
            "files": .object(files.mapValues { ["bytes": .int(Int64(clamping: $0.bytes)), "digest": JSONValue($0.digest)] }),
            "first_checkpoint_size": firstCheckpointSize.map { .int(Int64(clamping: $0)) }, "format": "countersign bundle v1",
            "generator": .string(generator), "origin": .string(origin),
            "period": ["from_at": JSONValue(period.start), "to_at": JSONValue(period.end)],
            "range": ["end": .int(Int64(clamping: end)), "first": .int(Int64(clamping: first))], "vkey": .string(vkey),
        ])
    }

    var encoded: [UInt8] { CanonicalJSON.encode(json) }

    init(
        origin: String, vkey: String, first: UInt64, end: UInt64, checkpoint: Checkpoint, firstCheckpointSize: UInt64?, period: EvidencePeriod,
        createdAt: Timestamp, generator: String, counts: [String: Int64], files: [String: File]
    ) {
        self.origin = origin
        self.vkey = vkey
        self.first = first
        self.end = end
        checkpointSize = checkpoint.size
        checkpointRoot = SHA256Digest(checkpoint.root)
        self.firstCheckpointSize = firstCheckpointSize
        self.period = period
        self.createdAt = createdAt
        self.generator = generator
        self.counts = counts
        self.files = files
    }

    /// Reads a manifest; only the one way of writing it is accepted.
    /// - Throws: `invalid_bundle`.
    init(parsing bytes: [UInt8]) throws {
        func invalid(_ why: String) -> AssuranceError { AssuranceError(.invalidBundle, "manifest.json: \(why)") }
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes, maximumBytes: BundleFormat.manifestLimit)
        } catch {
            throw invalid("\(error)")
        }
        func number(_ value: JSONValue?) throws -> UInt64 {
            guard let number = value?.int, number >= 0 else { throw invalid("a size or an index is missing") }
            return UInt64(number)
        }
        func time(_ value: JSONValue?) throws -> Timestamp {
            guard let text = value?.string, let time = Timestamp(parsing: text) else { throw invalid("a time is missing") }
            return time
        }
        guard let origin = value["origin"]?.string, let vkey = value["vkey"]?.string, let generator = value["generator"]?.string,
            let root = value["checkpoint"]?["root"]?.string.flatMap({ SHA256Digest(parsing: $0) }), let counts = value["counts"]?.object,
            let files = value["files"]?.object
        else { throw invalid("a member is missing") }
        self.origin = origin
        self.vkey = vkey
        self.generator = generator
        checkpointRoot = root
        first = try number(value["range"]?["first"])
        end = try number(value["range"]?["end"])
        checkpointSize = try number(value["checkpoint"]?["size"])
        firstCheckpointSize = try value["first_checkpoint_size"].map { try number($0) }
        period = try EvidencePeriod(start: time(value["period"]?["from_at"]), end: time(value["period"]?["to_at"]))
        createdAt = try time(value["created_at"])
        self.counts = try counts.mapValues { Int64(try number($0)) }
        self.files = try files.mapValues { entry in
            guard let digest = entry["digest"]?.string.flatMap({ SHA256Digest(parsing: $0) }) else { throw invalid("a digest is missing") }
            return File(bytes: try number(entry["bytes"]), digest: digest)
        }
        guard encoded == bytes else { throw invalid("not written as this format has it, or with members that it does not know") }
        guard first < end || (first == 0 && end == 0), end <= checkpointSize, first % 256 == 0, end % 256 == 0 || end == checkpointSize else {
            throw invalid("the range does not fit the checkpoint")
        }
    }
}

extension SHA256Digest {
    init(_ hash: MerkleHash) {
        self = SHA256Digest(bytes: hash.bytes) ?? SHA256Digest(hashing: [])
    }
}
