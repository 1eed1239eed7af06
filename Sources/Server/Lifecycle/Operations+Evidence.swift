import API
import Assurance
import Core
import Ledger
import MerkleLog

extension Operations {
    func controlTests() async throws -> JSONValue {
        let catalogue = try ControlCatalogue.builtIn.get()
        return [
            "tests": .array(
                try ControlTest.named([]).map { test in
                    let found = catalogue.test(test.id)
                    return .compact([
                        "id": JSONValue(test.id), "control": found.map { JSONValue($0.control.id) },
                        "title": found.map { JSONValue($0.control.title) },
                        "logic": found.map { JSONValue($0.test.logic) }, "definition_digest": JSONValue(test.digest),
                    ])
                })
        ]
    }

    func runControlTests(_ ids: [String], from: Timestamp, to: Timestamp, by principal: Principal) async throws -> JSONValue {
        do {
            let source = try await settledSource()
            let results = try await ControlService(recorder: ledger, workingFolder: temporaryDirectory).test(
                ids, period: EvidencePeriod(start: from, end: to), source: source, actor: principal.actor)
            return ["results": .array(results.map(\.json))]
        } catch let error as AssuranceError {
            throw Problem(422, "\(error.code)", error.message)
        }
    }

    func exportBundle(from: Timestamp, to: Timestamp, by principal: Principal) async throws -> String {
        do {
            let source = try await settledSource()
            let checkpoint = try SignedCheckpoint(parsing: source.checkpoint()).checkpoint
            let signer = installation.signer
            let path = temporaryDirectory + "/bundle-\(IdentifierMaker().make("bdl").text).zip"
            return try await offTheEventLoops { [ledger, temporaryDirectory] in
                let period = try EvidencePeriod(start: from, end: to)
                let request = BundleRequest(
                    range: try source.entries(covering: period, size: checkpoint.size), period: period, tests: try ControlTest.named([]),
                    createdAt: SystemClock().now(), generator: "countersign \(Version.current)", vkey: ledger.verifier.vkey)
                try BundleExporter(source: source, request: request, workingFolder: temporaryDirectory) { text in
                    try SignedNote(text: text, signedBy: signer).encoded
                }.export(to: path)
                return path
            }
        } catch let error as AssuranceError {
            throw Problem(422, "\(error.code)", error.message)
        }
    }

    /// Beside the data, on the same disk: exports are as large as the log.
    private var temporaryDirectory: String { installation.configuration.data + "/tmp" }

    /// The log with everything in it that is known now: counters reported, all integrated; with the cosignatures of witnesses where the
    /// newest checkpoint has some.
    private func settledSource() async throws -> TreeLogSource {
        try await counters.reportNow()
        return try await offTheEventLoops { [ledger, temporaryDirectory] in
            _ = try DurableFile.makeDirectory(temporaryDirectory)
            guard ledger.waitForIntegration(), let checkpoint = ledger.checkpoint else {
                throw Problem(503, "not_ready", "the log is not integrated yet", retryAfter: 1)
            }
            let witnessed = try ledger.witnessedCheckpoint().map { try SignedCheckpoint(parsing: $0) }
            let newest = witnessed?.checkpoint == checkpoint.checkpoint ? witnessed : nil
            return TreeLogSource(store: ledger.store, checkpoint: newest ?? checkpoint)
        }
    }
}
