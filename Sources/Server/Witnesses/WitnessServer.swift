import Core
import Crypto
import HTTPTypes
import Hummingbird
package import Logging
package import MerkleLog
import NIOCore

/// `countersign witness serve`: cosigns the checkpoints of logs that it knows, each only if it extends what it cosigned before.
///
/// A process of its own with a key and a state file of its own, meant to be run by somebody else than the log's administrator, on
/// another host. C2SP tlog-witness: `POST /add-checkpoint`.
package struct WitnessServer: Sendable {
    private let witness: Witness
    private let host: String
    private let port: Int
    private let logger: Logger

    /// - Parameters:
    ///   - directory: holds `witness.key` and `witness.state`; both are made if need be.
    ///   - logs: the logs to cosign, by their keys; the key's name is the log's origin.
    package init(name: String, directory: String, logs: [NoteVerifier], host: String, port: Int, logger: Logger) throws {
        witness = try Witness(name: name, directory: directory, logs: logs)
        self.host = host
        self.port = port
        self.logger = logger
    }

    /// The witness's verifier key, which logs and auditors need.
    package var vkey: String { witness.vkey }

    package func run() async throws {
        let router = Router(context: BasicRequestContext.self)
        router.post("add-checkpoint") { [witness] request, _ in
            var body: [UInt8] = []
            for try await buffer in request.body {
                body.append(contentsOf: buffer.readableBytesView)
                if body.count > WitnessRequest.maximumBytes { return Response(status: .contentTooLarge) }
            }
            let taken = body
            let answer = try await offTheEventLoops { try witness.consider(taken) }
            var headers = HTTPFields()
            if let type = answer.contentType { headers[.contentType] = type }
            return Response(status: .init(code: answer.status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
        }
        router.get("vkey") { [witness] _, _ in witness.vkey + "\n" }
        router.get("healthz") { _, _ in "ok\n" }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            router: router, configuration: .init(address: .hostname(host, port: port), serverName: nil), logger: quiet)
        logger.info("witnessing", metadata: ["address": "http://\(host):\(port)/add-checkpoint", "vkey": "\(vkey)"])
        try await application.runService()
    }
}

/// The witness itself: one decision at a time, each durable before its cosignature leaves.
final class Witness: Sendable {
    struct Answer: Sendable {
        var status: Int
        var contentType: String?
        var body: [UInt8]
    }

    private let signer: CosignatureSigner
    private let logs: [WitnessedLog]
    private let statePath: String
    private let state: Monitor<WitnessState>
    private let lock: OpenFileBox

    var vkey: String { signer.verifier.vkey }

    init(name: String, directory: String, logs: [NoteVerifier]) throws {
        _ = try DurableFile.makeDirectory(directory)
        lock = try OpenFileBox(directory + "/lock")
        let keyPath = directory + "/witness.key"
        if try DurableFile.status(keyPath) == nil {
            let seed = Curve25519.Signing.PrivateKey().rawRepresentation
            try DurableFile.create(Array((Array(seed).hex + "\n").utf8), at: keyPath)
        }
        let text = String(decoding: try DurableFile.read(keyPath, maximumBytes: 128), as: UTF8.self)
        guard let seed = [UInt8](hex: text.prefix { $0 != "\n" }) else {
            throw DocumentError(line: nil, "\(keyPath): not a key in hexadecimal digits")
        }
        signer = try CosignatureSigner(name: name, seed: seed)
        self.logs = logs.map { WitnessedLog(origin: $0.name, keys: [$0]) }
        statePath = directory + "/witness.state"
        let stored =
            try DurableFile.status(statePath) == nil ? WitnessState() : WitnessState(parsing: DurableFile.read(statePath, maximumBytes: 1 << 20))
        state = Monitor(stored)
    }

    func consider(_ body: [UInt8]) throws -> Answer {
        try state.withLock { state throws(any Error) in
            let request: WitnessRequest
            do throws(MerkleLogError) { request = try WitnessRequest(parsing: body) } catch { return Self.refusal(400, error.message) }
            switch state.consider(request, knownLogs: logs) {
            case .sign(let next):
                // The state first: a cosignature that is not remembered could be contradicted after a crash.
                try DurableFile.write(next.encoded, to: statePath)
                state = next
                let now = UInt64(max(0, SystemClock().now().microseconds / 1_000_000))
                return Answer(
                    status: 200, contentType: "text/plain; charset=utf-8", body: try signer.cosign(request.checkpoint.note.text, at: now).line)
            case .conflict(let size, _):
                return Answer(status: 409, contentType: WitnessDecision.conflictMediaType, body: WitnessDecision.conflictBody(size: size))
            case .refuse(let status, let reason): return Self.refusal(status, reason)
            }
        }
    }

    private static func refusal(_ status: Int, _ reason: String) -> Answer {
        Answer(status: status, contentType: "text/plain; charset=utf-8", body: Array((reason + "\n").utf8))
    }
}

/// Held as long as the process owns the witness's directory.
final class OpenFileBox: Sendable {
    private let file: OpenFile

    init(_ path: String) throws {
        file = try OpenFile(path, .append(permissions: 0o600))
        guard try file.tryLock() else { throw DocumentError(line: nil, "\(path): another process has this witness open") }
    }
}
