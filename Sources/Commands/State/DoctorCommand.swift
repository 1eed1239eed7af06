import ArgumentParser
import Core
import Ledger
import MerkleLog
import Server

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at a data directory as a support engineer would; changes nothing.")

    @Option(help: "The data directory.")
    var data: String

    @Option(help: "The log's verifier key; without it the log's hashes are not checked.")
    var key: String?

    @OptionGroup var options: OutputOptions

    func run() async throws {
        let path = absolute(data)
        let findings = try await blockingWork { [key] in Examination(path: path, key: key).findings() }
        if options.output == .json {
            Terminal.output(
                CanonicalJSON.string(.array(findings.map { ["check": JSONValue($0.check), "ok": JSONValue($0.ok), "detail": JSONValue($0.detail)] })))
        } else {
            Terminal.output(Terminal.table(findings.map { [$0.ok ? "ok" : "FAULT", $0.check, $0.detail] }))
        }
        if let fault = findings.first(where: { !$0.ok }) { throw FoundFault(message: "\(fault.check): \(fault.detail)") }
    }
}

/// The checks, in the order in which a start would meet them.
private struct Examination {
    let path: String
    let key: String?

    struct Finding {
        var check: String
        var ok: Bool
        var detail: String
    }

    func findings() -> [Finding] {
        var out: [Finding] = []
        func check(_ name: String, _ body: () throws -> String) {
            do { out.append(Finding(check: name, ok: true, detail: try body())) } catch {
                out.append(Finding(check: name, ok: false, detail: "\(error)"))
            }
        }
        check("configuration") {
            let file = path + "/countersign.yaml"
            let configuration = try ServerConfiguration(
                yaml: String(decoding: try DurableFile.read(file, maximumBytes: 1 << 20), as: UTF8.self))
            guard configuration.data == path else {
                throw DocumentError(line: nil, "\(file): data is \(configuration.data), but this directory is \(path)")
            }
            return "origin \(configuration.origin), mode \(configuration.mode.rawValue)"
        }
        check("permissions") {
            for name in ["keys", "keys/root.key"] {
                guard let status = try DurableFile.status(path + "/" + name) else { throw DocumentError(line: nil, "\(path)/\(name) is missing") }
                guard status.permissions & 0o077 == 0 else { throw DocumentError(line: nil, "\(path)/\(name) may be read by others: chmod go= it") }
            }
            return "keys are readable by their owner only"
        }
        check("disk") {
            guard let free = freeDiskMiB(path) else { throw DocumentError(line: nil, "the system does not tell how much is free") }
            guard free > 512 else { throw DocumentError(line: nil, "\(free) MiB are free: new requests are refused below the reserve") }
            return "\(free) MiB free"
        }
        check("clock") {
            guard let offset = ClockOffset.measure() else { throw DocumentError(line: nil, "the kernel does not tell") }
            return offset.isSynchronised ? "synchronised, \(offset.offset) µs off" : "not synchronised by NTP: LOG-01c cannot pass on this host"
        }
        check("log files") {
            let store = TreeStore(directory: path + "/ledger")
            guard let bytes = try store.head() else { throw DocumentError(line: nil, "\(store.headPath) is missing") }
            let head = try SignedCheckpoint(parsing: bytes).checkpoint
            return "signed head of \(head.size) entries"
        }
        if let key {
            check("log hashes") {
                let report = try LogCheck.run(directory: path + "/ledger", verifier: try NoteVerifier(vkey: key))
                return "\(report.checkpoint.size) entries in \(report.files) files are right"
            }
        }
        check("state database") {
            guard let status = try DurableFile.status(path + "/countersign.db") else {
                throw DocumentError(line: nil, "\(path)/countersign.db is missing")
            }
            return "\(status.size) bytes"
        }
        check("server") {
            let lock = try OpenFile(path + "/ledger/lock", .append(permissions: 0o600))
            return try lock.tryLock() ? "not running" : "running"
        }
        return out
    }
}
