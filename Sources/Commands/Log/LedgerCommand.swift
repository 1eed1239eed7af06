import ArgumentParser
import Assurance
import Core
import Ledger
import MerkleLog

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "The log.", subcommands: [LedgerVerify.self, LedgerProve.self, LedgerCheckpoint.self, LedgerGenerate.self])
}

struct LedgerVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check every byte of a log's directory, without a server.",
        discussion: "Exit status 0: every hash, every file name and the checkpoint's signature are right. 1: a fault, which is named.")

    @Argument(help: "The directory that holds checkpoint and tile/; for a data directory, its ledger/.")
    var directory: String

    @Option(help: "The log's verifier key. Take it from where you trust, never from the log itself.")
    var key: String

    @Option(help: "A checkpoint that you kept from before: the log must extend it.")
    var old: String?

    @Flag(help: "Check each entry against the event vocabulary, too.")
    var vocabulary = false

    @OptionGroup var options: OutputOptions

    func run() async throws {
        let verifier = try NoteVerifier(vkey: key)
        let path = absolute(directory)
        do {
            let words = vocabulary ? try EventVocabulary.builtIn.get() : nil
            let report = try LogCheck.run(directory: path, verifier: verifier) { name, bundle in
                guard let words else { return }
                for (place, entry) in try EntryBundle.decode(bundle, width: name.width).enumerated() {
                    guard let fault = words.validate(Array(entry)).first else { continue }
                    throw FoundFault(message: "FAIL entry \(name.index * 256 + UInt64(place)): \(fault)")
                }
            }
            if let old { try extends(try DurableFile.read(absolute(old), maximumBytes: SignedNote.maximumBytes), report.checkpoint, path, verifier) }
            if options.output == .json {
                return Terminal.output(
                    CanonicalJSON.string([
                        "bytes": JSONValue(report.bytes), "files": JSONValue(report.files), "origin": JSONValue(report.checkpoint.origin),
                        "root": JSONValue(report.checkpoint.root.base64), "size": JSONValue(Int64(report.checkpoint.size)),
                    ]))
            }
            Terminal.output(
                "ok   \(report.checkpoint.origin): \(report.checkpoint.size) entries, \(report.files) files, root \(report.checkpoint.root.base64)")
        } catch let error as LedgerError where error.code == .inconsistent || error.code == .missing {
            throw FoundFault(message: "FAIL \(error.message)")
        }
    }

    private func extends(_ bytes: [UInt8], _ head: Checkpoint, _ path: String, _ verifier: NoteVerifier) throws {
        do {
            let before = try SignedCheckpoint(parsing: bytes, verifiedBy: verifier).checkpoint
            guard before.size <= head.size else {
                throw FoundFault(message: "FAIL the older checkpoint has \(before.size) entries, the log \(head.size)")
            }
            var prover = TreeProver(size: head.size, reader: TreeStore(directory: path))
            guard try prover.root(size: before.size) == before.root else {
                throw FoundFault(message: "FAIL the log does not extend the older checkpoint of \(before.size) entries")
            }
        } catch let error as MerkleLogError {
            throw FoundFault(message: "FAIL the older checkpoint: \(error.message)")
        }
    }
}

struct LedgerProve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove", abstract: "Write the inclusion proof of an event (C2SP tlog-proof) and its leaf.")

    @Argument(help: "The event's id.")
    var id: String

    @Option(help: "Where to write the proof; the leaf goes beside it, with .json at the end.")
    var file: String?

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let receipt = try await server.client().json("GET", "/api/v1/receipts/\(id)")
        guard let proof = receipt["entry"]?["proof"]?.string, let leaf = receipt["entry"]?["leaf"]?.string else {
            throw FoundFault(message: "\(id) is not integrated yet, or unknown")
        }
        guard let file else { return Terminal.output(proof) }
        try DurableFile.create(Array(proof.utf8), at: absolute(file), permissions: 0o644)
        try DurableFile.create(Array(leaf.utf8), at: absolute(file) + ".json", permissions: 0o644)
    }
}

struct LedgerCheckpoint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "checkpoint", abstract: "Print the last signed checkpoint.")

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let bytes = try await server.client().call("GET", "/ledger/checkpoint")
        Terminal.output(String(decoding: bytes, as: UTF8.self).trimmingNewline)
    }
}

extension String {
    fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
