package import Ledger
package import MerkleLog

/// `countersign.yaml`: how one node runs. Everything that is state (users, grants, routes) is applied, not configured.
package struct ServerConfiguration: Sendable {
    package struct Address: Sendable, CustomStringConvertible {
        package var host: String
        /// 0 lets the system choose.
        package var port: Int

        package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

        /// Only programs on this machine reach it.
        package var isLoopback: Bool { host == "127.0.0.1" || host == "::1" || host == "localhost" }

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// A process of another administrator that cosigns checkpoints.
    package struct Witness: Sendable {
        package var name: String
        /// Where `add-checkpoint` lies.
        package var url: String
        package var verifier: CosignatureVerifier
        /// Who runs it; `self` is nobody else.
        package var administrator: String
        package var sameHost: Bool
    }

    /// The data directory, absolute.
    package var data: String
    package var node: String
    /// The log's name. Pins it: a directory of another origin is refused.
    package var origin: String
    package var mode: LedgerOptions.Mode
    package var soloMode: Bool
    package var dataListener: Address
    package var controlListener: Address
    package var threads: Int
    package var gatewayBody: Int?
    package var reserveMiB: Int?
    package var integrationInterval: Int?
    package var heartbeatInterval: Int?
    package var verifyAtStart: Bool
    package var witnesses: [Witness]
    package var witnessInterval: Int

    /// Reads a configuration file.
    /// - Parameter yaml: the text. An unknown key is an error that names the line.
    package init(yaml: String) throws(DocumentError) {
        let root = try DocumentNode(yaml: yaml)
        let top = try root.members(["data", "node", "origin", "mode", "solo_mode", "listen", "gateway", "ledger"])
        let data = try root.required("data", top)
        self.data = try data.string()
        guard self.data.hasPrefix("/") else { throw data.fault("data must be an absolute path") }
        node = try top["node"]?.string() ?? "n1"
        origin = try root.required("origin", top).string()
        mode = try top["mode"]?.oneOf(["production": .production, "demonstration": .demonstration]) ?? .production
        soloMode = try top["solo_mode"]?.bool() ?? false

        let listen = try top["listen"]?.members(["data", "control"]) ?? [:]
        dataListener = try listen["data"].map(Self.address) ?? Address(host: "127.0.0.1", port: 8080)
        controlListener = try listen["control"].map(Self.address) ?? Address(host: "127.0.0.1", port: 8081)

        let gateway = try top["gateway"]?.members(["threads", "maximum_body_bytes"]) ?? [:]
        threads = try gateway["threads"].map { node throws(DocumentError) in try Self.integer(node, in: 1...256) } ?? 2
        gatewayBody = try gateway["maximum_body_bytes"].map { node throws(DocumentError) in try Self.integer(node, in: 1024...(1 << 30)) }

        let ledger =
            try top["ledger"]?.members([
                "reserve_mib", "integration_interval_ms", "heartbeat_interval_ms", "verify_at_start", "witness_interval_ms", "witnesses",
            ]) ?? [:]
        reserveMiB = try ledger["reserve_mib"].map { node throws(DocumentError) in try Self.integer(node, in: 16...(1 << 24)) }
        integrationInterval = try ledger["integration_interval_ms"].map { node throws(DocumentError) in try Self.integer(node, in: 1...500) }
        heartbeatInterval = try ledger["heartbeat_interval_ms"].map { node throws(DocumentError) in try Self.integer(node, in: 100...60_000) }
        verifyAtStart = try ledger["verify_at_start"]?.bool() ?? true
        witnessInterval =
            try ledger["witness_interval_ms"].map { node throws(DocumentError) in try Self.integer(node, in: 100...86_400_000) } ?? 10_000
        var witnesses: [Witness] = []
        for entry in try ledger["witnesses"]?.elements() ?? [] { witnesses.append(try Self.witness(entry)) }
        self.witnesses = witnesses
    }

    private static func integer(_ node: DocumentNode, in range: ClosedRange<Int>) throws(DocumentError) -> Int {
        let value = try node.integer()
        guard range.contains(value) else { throw node.fault("\(range.lowerBound) to \(range.upperBound) is expected here") }
        return value
    }

    private static func address(_ node: DocumentNode) throws(DocumentError) -> Address {
        let text = try node.string()
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else {
            throw node.fault("HOST:PORT is expected here")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let address = Address(host: host, port: port)
        guard address.isLoopback else {
            throw node.fault("not a loopback address: this version speaks no TLS, so only this machine may reach it. Put a TLS proxy in front")
        }
        return address
    }

    private static func witness(_ node: DocumentNode) throws(DocumentError) -> Witness {
        let members = try node.members(["name", "url", "key", "administrator", "same_host"])
        let key = try node.required("key", members)
        let verifier: CosignatureVerifier
        do { verifier = try CosignatureVerifier(vkey: try key.string()) } catch let error as MerkleLogError {
            throw key.fault(error.message)
        } catch {
            throw key.fault("the verifier key of a witness is expected here")
        }
        return Witness(
            name: try node.required("name", members).string(), url: try node.required("url", members).string(), verifier: verifier,
            administrator: try members["administrator"]?.string() ?? "self", sameHost: try members["same_host"]?.bool() ?? true)
    }

    /// A configuration for a new data directory, as text.
    package static func starter(
        data: String, origin: String, mode: LedgerOptions.Mode, soloMode: Bool, dataPort: Int, controlPort: Int
    ) -> String {
        """
        # Countersign: how this node runs. Users, grants, providers and routes are state: `countersign apply -f FILE`.
        data: \(data)
        node: n1
        # The log's name, for ever. It is also the name of its key.
        origin: \(origin)
        mode: \(mode.rawValue)
        # No second person exists: every record of a change says so.
        solo_mode: \(soloMode)
        listen:
          data: 127.0.0.1:\(dataPort)
          control: 127.0.0.1:\(controlPort)
        gateway:
          threads: 2
        ledger:
          reserve_mib: 256
          # Witnesses cosign checkpoints; they should be run by somebody else, on another host.
          # witnesses:
          #   - {name: witness.example, url: "https://witness.example/add-checkpoint", key: "…", administrator: adm_other, same_host: false}

        """
    }
}
