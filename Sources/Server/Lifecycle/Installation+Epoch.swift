import Core
import Crypto
import Database
import Ledger
package import MerkleLog

extension Installation {
    /// The end of one log and the beginning of the next.
    package struct EpochBegun: Sendable {
        package var previous: SignedCheckpoint
        /// Where the old log lies now, unchanged.
        package var archive: String
        /// The new log's verifier key.
        package var vkey: String
        /// An earlier call had done it all.
        package var wasBegunBefore = false
    }

    /// Begins a new epoch in a data directory whose server is stopped: the old log is kept, a new one begins under another name, and the
    /// configuration file names it. May be called again after an interruption.
    /// - Parameters:
    ///   - path: of the configuration file, which is changed in one line.
    ///   - origin: the new log's name.
    ///   - name: of the administrator who begins it: the records that state what is in force are theirs.
    ///   - data: the directory that is meant; a copy's configuration may still name the original. nil: whichever the configuration names.
    package static func beginEpoch(
        configurationPath path: String, data: String?, origin: String, by name: String
    ) async throws -> EpochBegun {
        let present = try await offTheEventLoops { String(decoding: try DurableFile.read(path, maximumBytes: 1 << 20), as: UTF8.self) }
        let meant = try ServerConfiguration(yaml: present).data
        if let data, meant != data {
            throw LedgerError(.invalid, "\(path) says `data: \(meant)`, not \(data): change that line first, or the wrong log would end")
        }
        try await checkAdministrator(name, try ServerConfiguration(yaml: present))
        var begun = try await offTheEventLoops {
            let text = String(decoding: try DurableFile.read(path, maximumBytes: 1 << 20), as: UTF8.self)
            let configuration = try ServerConfiguration(yaml: text)
            let keys = try KeyStore.open(at: configuration.data + "/keys")
            let seed = Array(keys.signingKey.rawRepresentation)
            let old = try NoteSigner(name: configuration.origin, seed: seed)
            let new = try NoteSigner(name: origin, seed: seed)
            if configuration.origin == origin {
                // An earlier call may have come this far.
                guard let previous = try Epoch.previous(of: configuration.data + "/ledger") else {
                    throw LedgerError(.invalid, "the log is called \(origin) already; a new epoch needs another name")
                }
                return EpochBegun(previous: previous, archive: try newest(in: configuration.data + "/epochs"), vkey: new.verifier.vkey)
            }
            let renamed = try renaming(text, to: origin)
            // Never two histories under one name.
            guard try !endedNames(in: configuration.data + "/epochs").contains(origin) else {
                throw LedgerError(.invalid, "an earlier log of this directory was called \(origin); a new epoch needs a name of its own")
            }
            let archive = configuration.data + "/epochs/" + (try freeName(in: configuration.data + "/epochs"))
            let previous = try Epoch.begin(
                directory: configuration.data + "/ledger", archive: archive, old: old.verifier, new: new)
            try DurableFile.write(Array(renamed.utf8), to: path)
            return EpochBegun(previous: previous, archive: try newest(in: configuration.data + "/epochs"), vkey: new.verifier.vkey)
        }
        // States what is in force to the new log, and shows that it opens.
        let text = try await offTheEventLoops { String(decoding: try DurableFile.read(path, maximumBytes: 1 << 20), as: UTF8.self) }
        let installation = try await assemble(try ServerConfiguration(yaml: text))
        do {
            begun.wasBegunBefore = try await !installation.restate(by: name)
            try await installation.checkStateAgainstLog()
            try await installation.relay.flush()
            try await installation.close()
        } catch {
            try? await installation.close()
            throw error
        }
        return begun
    }

    /// The configuration with another origin, all else as it was, comments included.
    static func renaming(_ text: String, to origin: String) throws -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let places = lines.indices.filter { lines[$0].hasPrefix("origin:") }
        guard places.count == 1 else { throw DocumentError(line: nil, "the configuration must say `origin:` in one line of its own") }
        lines[places[0]] = "origin: \(origin)"
        let renamed = lines.joined(separator: "\n")
        guard try ServerConfiguration(yaml: renamed).origin == origin else {
            throw DocumentError(line: places[0] + 1, "\(origin) is no name for a log: a host and a path, like logs.example.com/ai-2")
        }
        return renamed
    }

    /// What the logs are called that ended here.
    private static func endedNames(in directory: String) throws -> [String] {
        guard try DurableFile.status(directory) != nil else { return [] }
        return try DurableFile.list(directory).compactMap { name in
            try TreeStore(directory: directory + "/" + name).head().flatMap { try? SignedCheckpoint(parsing: $0).checkpoint.origin }
        }
    }

    private static func freeName(in directory: String) throws -> String {
        try DurableFile.status(directory) == nil ? "1" : String(((try DurableFile.list(directory).compactMap { Int($0) }.max()) ?? 0) + 1)
    }

    private static func newest(in directory: String) throws -> String {
        directory + "/" + String((try DurableFile.list(directory).compactMap { Int($0) }.max()) ?? 0)
    }
}
