import Assurance
import Core
import MerkleLog

/// A plausible log: two sources, requests with outcomes, a manifest a day.
struct SyntheticLog {
    let signer: NoteSigner
    private(set) var leaves: [[UInt8]] = []
    private var numbers: [String: Int64] = [:]
    private var counts: [String: Int64] = [:]
    private var ranges: [String: (Int64, Int64)] = [:]
    private var from = 0
    private var time = Timestamp(parsing: "2026-03-02T00:00:00.000000Z")?.microseconds ?? 0

    init(requests: Int, days: Int = 1, payload: Int = 0) throws {
        signer = try NoteSigner(name: "countersign.example/log", seed: Array(repeating: 3, count: 32))
        append("log.opened", id: "evt_0", data: ["mode": "demonstration", "origin_id": "log_1"])
        append(
            "config.changed", id: "evt_cap", resource: ["id": "sys_a", "type": "capture", "version": "1"],
            data: ["attributes": ["system": "sys_a"], "value_text": "hash"])
        let step = (Timestamp.day - 10_000_000) / Int64(max(1, requests) * 2 + 2)
        for day in 0..<days {
            for number in 0..<requests {
                let id = "inf_\(day)_\(number)"
                let padding = String(repeating: "x", count: payload)
                append(
                    "inference.requested", id: id, stream: "gateway", system: "sys_a", step: step,
                    data: [
                        "capture_mode": "hash", "decision": "allow", "principal_id": "usr_ann", "route_digest": "sha256:r",
                        "route_id": .string("rte_1" + padding),
                    ])
                append(
                    "inference.completed", id: "evt_o\(day)_\(number)", stream: "gateway", system: "sys_a", step: step,
                    data: [
                        "binding": "vendor", "input_tokens": 3, "latency_us": 900, "model_version_id": "mdv_1", "output_tokens": 4,
                        "provider_id": "prv_1", "request_id": .string(id),
                    ])
            }
            closeDay(day)
        }
    }

    static let period = Result {
        try EvidencePeriod(
            start: Timestamp(parsing: "2026-03-02") ?? Timestamp(microseconds: 0), end: Timestamp(parsing: "2026-03-03") ?? Timestamp(microseconds: 1)
        )
    }

    mutating func append(
        _ type: String, id: String, stream: String = "system", system: String? = nil, resource: JSONValue? = nil, step: Int64 = 1000,
        data: JSONValue
    ) {
        time += step
        let number = numbers[stream, default: -1] + 1
        numbers[stream] = number
        if type != "manifest.closed" {
            counts[type, default: 0] += 1
            ranges[stream] = (ranges[stream]?.0 ?? number, number)
        }
        let event = JSONValue.compact([
            "actor": ["human": "hum_ann", "id": "tok_a", "type": "user"], "assurance": "enforced", "classification": "internal", "data": data,
            "id": .string(id), "outcome": "success", "policy": "sha256:p", "recorded_at": JSONValue(Timestamp(microseconds: time)),
            "resource": resource, "retention": "audit",
            "source": ["incarnation": 1, "node": "n1", "seq": .int(number), "stream": .string(stream)],
            "system": system.map { .string($0) }, "type": .string(type), "v": 1,
        ])
        leaves.append(CanonicalJSON.encode(event))
    }

    private mutating func closeDay(_ day: Int) {
        let start = Timestamp(parsing: "2026-03-02")?.microseconds ?? 0
        time = start + Int64(day + 1) * Timestamp.day - 1_000_000
        let sources = ranges.sorted { $0.key < $1.key }.map { stream, range -> JSONValue in
            ["first": .int(range.0), "incarnation": 1, "last": .int(range.1), "node": "n1", "stream": .string(stream)]
        }
        let data: JSONValue = [
            "counts": .object(counts.mapValues { .int($0) }), "day": .string(Timestamp(microseconds: start + Int64(day) * Timestamp.day).date),
            "first_idx": JSONValue(from), "last_idx": JSONValue(leaves.count - 1), "open_intents": [], "sources": .array(sources),
        ]
        append("manifest.closed", id: "evt_m\(day)", data: data)
        counts = [:]
        ranges = [:]
        from = leaves.count
    }

    func log(_ count: Int? = nil, witnesses: [CosignatureSigner] = []) throws -> MemoryLog {
        try MemoryLog(leaves: Array(leaves.prefix(count ?? leaves.count)), signer: signer, witnesses: witnesses, time: 1_770_000_000)
    }

    func request(_ range: Range<UInt64>, tests: [String] = ["RUN-01a", "RUN-01c", "LOG-01a"], first: [UInt8]? = nil) throws -> BundleRequest {
        BundleRequest(
            range: range, period: try Self.period.get(), tests: try ControlTest.named(tests), firstCheckpoint: first,
            createdAt: Timestamp(microseconds: 1_770_000_000_000_000), generator: "tests", vkey: signer.verifier.vkey)
    }
}
