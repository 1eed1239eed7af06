/// How a log is kept.
package struct LedgerOptions: Sendable {
    /// `DATA/ledger`.
    package var directory: String
    /// `DATA/index.db`.
    package var indexPath: String
    /// The node's name in sources.
    package var node: String
    /// What the first entry says of the log.
    package var mode: Mode
    package var soloMode: Bool
    /// Microseconds between a record's durability and its integration, at most about twice this.
    package var integrationInterval: Int64 = 400_000
    /// Microseconds between heartbeats.
    package var heartbeatInterval: Int64 = 60_000_000
    /// Microseconds between measurements of the clock.
    package var clockInterval: Int64 = 600_000_000
    /// Free space below which new requests are refused, in MiB; outcomes of those already admitted still find room (I11).
    package var reserveMiB: Int64 = 256
    /// Bytes that may wait for the disk.
    package var queueBytes = 32 << 20
    /// A segment is closed when it is longer than this, in bytes.
    package var segmentBytes = 16 << 20
    /// Whether the log writes entries of its own: opening, heartbeats, manifests, clocks.
    package var systemEntries = true
    /// Whether a start reads the whole log and checks every hash, not only its right edge.
    package var verifyAtStart = true

    package enum Mode: String, Sendable { case production, demonstration, simulated }

    package init(directory: String, indexPath: String, node: String = "n1", mode: Mode = .production, soloMode: Bool = false) {
        self.directory = directory
        self.indexPath = indexPath
        self.node = node
        self.mode = mode
        self.soloMode = soloMode
    }
}
