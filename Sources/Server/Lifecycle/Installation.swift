package import Access
import Core
import Crypto
import Database
import EnvelopeEncryption
package import Gateway
package import Ledger
import MerkleLog
import ObjectStore
import SQLiteDatabase

/// A data directory, opened: keys, log, state, and the services that stand on them.
///
/// The one place where concrete stores are named.
package final class Installation: Sendable {
    package let configuration: ServerConfiguration
    let keys: KeyStore
    /// Signs with the log's key.
    let signer: NoteSigner
    package let ledger: Ledger
    let database: SQLiteDatabase
    let relay: OutboxRelay
    package let access: AccessService
    package let routes: RouteStore
    package let routeSwitch = RouteSwitch()
    package let context: AccessContext

    /// What a new data directory is made of.
    package struct Plan: Sendable {
        package var data: String
        package var origin: String
        package var mode: LedgerOptions.Mode
        package var soloMode: Bool
        package var dataPort: Int
        package var controlPort: Int
        package var administrator: String

        package init(
            data: String, origin: String, mode: LedgerOptions.Mode, soloMode: Bool, dataPort: Int, controlPort: Int, administrator: String
        ) {
            self.data = data
            self.origin = origin
            self.mode = mode
            self.soloMode = soloMode
            self.dataPort = dataPort
            self.controlPort = controlPort
            self.administrator = administrator
        }
    }

    /// What was made.
    package struct Made: Sendable {
        package var data: String
        package var configurationPath: String
        package var vkey: String
        package var administratorID: String
        /// The administrator's first token: shown once, stored hashed.
        package var token: String
    }

    /// Makes a data directory: keys, an empty log whose first entry says what it is, an administrator and their token.
    /// - Throws: a message that says what is in the way; the directory is left as it is then.
    package static func create(_ plan: Plan) async throws -> Made {
        let text = ServerConfiguration.starter(
            data: plan.data, origin: plan.origin, mode: plan.mode, soloMode: plan.soloMode, dataPort: plan.dataPort, controlPort: plan.controlPort)
        let path = plan.data + "/countersign.yaml"
        let configuration = try ServerConfiguration(yaml: text)
        let vkey = try await offTheEventLoops {
            if try DurableFile.status(plan.data) != nil, try !DurableFile.list(plan.data).isEmpty {
                throw DocumentError(
                    line: nil, "\(plan.data) is not empty: choose another directory, or `countersign serve --data \(plan.data)` if it is yours")
            }
            _ = try DurableFile.makeDirectory(plan.data)
            let keys = try KeyStore.create(at: plan.data + "/keys")
            let signer = try NoteSigner(name: plan.origin, seed: Array(keys.signingKey.rawRepresentation))
            try Ledger.create(ledgerOptions(configuration), signer: signer)
            try DurableFile.create(Array(text.utf8), at: path)
            return signer.verifier.vkey
        }
        let installation = try await open(configuration)
        do {
            try await installation.access.open()
            try await installation.recordUnroutedCapture()
            let (user, token) = try await installation.access.createAdministrator(name: plan.administrator)
            try await installation.close()
            return Made(data: plan.data, configurationPath: path, vkey: vkey, administratorID: user.id, token: token.token.text)
        } catch {
            try? await installation.close()
            throw error
        }
    }

    /// Opens a data directory: recovers the log, migrates the state, and checks that the two belong together.
    package static func open(_ configuration: ServerConfiguration) async throws -> Installation {
        let installation = try await assemble(configuration)
        do { try await installation.checkStateAgainstLog() } catch {
            try? await installation.close()
            throw error
        }
        return installation
    }

    /// The state and the log grow together: a restored copy of one of them shows here.
    func checkStateAgainstLog() async throws {
        if try await needsRestatement() {
            throw LedgerError(
                .inconsistent, "`countersign epoch begin` was interrupted in \(configuration.data): call it again, it finishes what it began")
        }
        do { try await relay.check(highWater: ledger.stateHighWater) } catch let error as DatabaseError where error.code == .diverged {
            throw DatabaseError(.diverged, "\(configuration.data)/countersign.db: \(error.message)")
        }
    }

    /// What ``open(_:)`` opens, before state and log are held against each other.
    static func assemble(_ configuration: ServerConfiguration) async throws -> Installation {
        let (keys, signer, ledger) = try await offTheEventLoops {
            let keys = try KeyStore.open(at: configuration.data + "/keys")
            let signer = try NoteSigner(name: configuration.origin, seed: Array(keys.signingKey.rawRepresentation))
            let objects = try DirectoryObjectStore(at: configuration.data + "/objects")
            let ledger = try Ledger(ledgerOptions(configuration), signer: signer, sealing: EnvelopeSealing(keys: keys), objects: objects)
            return (keys, signer, ledger)
        }
        do {
            let database = try await SQLiteDatabase.open(path: configuration.data + "/countersign.db")
            _ = try await database.migrate(Outbox.migrations + AccessMigrations.all + GatewayMigrations.all)
            return Installation(configuration, keys: keys, signer: signer, ledger: ledger, database: database)
        } catch {
            await offTheEventLoopsQuietly { ledger.close() }
            throw error
        }
    }

    private init(_ configuration: ServerConfiguration, keys: KeyStore, signer: NoteSigner, ledger: Ledger, database: SQLiteDatabase) {
        self.configuration = configuration
        self.keys = keys
        self.signer = signer
        self.ledger = ledger
        self.database = database
        relay = OutboxRelay(database: database, recorder: ledger)
        context = AccessContext(
            recorder: ledger, environment: configuration.mode.rawValue, isSolo: configuration.soloMode)
        access = AccessService(database: database, relay: relay, context: context)
        var routing = RouteStore.Context(recorder: ledger, authorizer: access.decider)
        routing.isSolo = configuration.soloMode
        routes = RouteStore(database: database, relay: relay, context: routing, routes: routeSwitch)
    }

    /// The head that is stored, as it is: opening the log checks it. nil where there is none.
    static func storedHead(_ configuration: ServerConfiguration) throws -> SignedCheckpoint? {
        try TreeStore(directory: configuration.data + "/ledger").head().flatMap { try? SignedCheckpoint(parsing: $0) }
    }

    static func ledgerOptions(_ configuration: ServerConfiguration) -> LedgerOptions {
        var options = LedgerOptions(
            directory: configuration.data + "/ledger", indexPath: configuration.data + "/index.db", node: configuration.node,
            mode: configuration.mode, soloMode: configuration.soloMode)
        if let reserve = configuration.reserveMiB { options.reserveMiB = Int64(reserve) }
        if let interval = configuration.integrationInterval { options.integrationInterval = Int64(interval) * 1000 }
        if let interval = configuration.heartbeatInterval { options.heartbeatInterval = Int64(interval) * 1000 }
        options.verifyAtStart = configuration.verifyAtStart
        return options
    }

    /// RUN-01: requests that name no route belong to a system too, and its capture mode is a recorded decision like any other.
    func recordUnroutedCapture() async throws {
        let system = GatewayConfiguration(hostDigestKey: []).unroutedSystem
        let mode = CaptureMode.hash.rawValue
        let digest = Core.SHA256Digest(hashing: CanonicalJSON.encode(["mode": JSONValue(mode), "system": JSONValue(system)]))
        try await ledger.record(
            Event(
                id: context.identifiers.make("evt").text, type: .configChanged, actor: .system,
                resource: Resource(type: "capture", id: system, version: "1"), system: system, assurance: .enforced,
                marks: configuration.soloMode ? [.solo] : [],
                data: CanonicalObject([
                    "after_digest": JSONValue(digest), "attributes": ["system": JSONValue(system)], "mode": "enforce", "value_text": JSONValue(mode),
                ])))
    }

    /// Whether somebody may begin an epoch here, asked before anything is changed.
    static func checkAdministrator(_ name: String, _ configuration: ServerConfiguration) async throws {
        let database = try await SQLiteDatabase.open(path: configuration.data + "/countersign.db")
        do {
            _ = try await database.read { try AccessService.administrator(named: name, in: $0) }
        } catch {
            try? await database.close()
            throw error
        }
        try await database.close()
    }

    private func needsRestatement() async throws -> Bool {
        guard ledger.previousEpoch != nil else { return false }
        return try await !database.read { [origin = ledger.origin] in try Outbox.wasRestarted(for: origin, $0) }
    }

    /// The log of a new epoch proves by itself: what is in force is told to it once, before anything else happens.
    /// - Returns: false where it knows already, or is no new epoch's.
    func restate(by name: String) async throws -> Bool {
        guard try await needsRestatement() else { return false }
        // Before the transaction that ends the need: an interruption between the two says it twice, not never.
        try await recordUnroutedCapture()
        try await database.write { [access, routes, origin = ledger.origin] transaction in
            let person = try AccessService.administrator(named: name, in: transaction)
            try Outbox.restart(for: origin, transaction)
            try access.restate(in: transaction, by: person)
            try routes.restate(in: transaction, by: person)
        }
        return true
    }

    /// Keys the digests of callers' addresses: from the log's signing seed, so that it lives as long as the data directory.
    package var hostDigestKey: [UInt8] {
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: keys.signingKey.rawRepresentation), info: Array("countersign/host-digest/v1".utf8),
            outputByteCount: 32)
        return key.withUnsafeBytes { Array($0) }
    }

    /// Delivers what waits, then closes the log and the database.
    package func close() async throws {
        try? await relay.flush()
        await offTheEventLoopsQuietly { [ledger] in ledger.close() }
        try await database.close()
    }
}
