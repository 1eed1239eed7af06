package import Core

/// What the management API needs of rooms that it does not know, handed in by `Server`.
package protocol ManagementOperations: Sendable {
    /// How the server is: size of the log, health, counts.
    func status() async throws -> JSONValue
    /// Why the server is not ready; nil where it is.
    func unreadiness() -> String?
    /// Metrics in Prometheus' text format.
    func metrics() async throws -> String
    /// Brings state to what a document (YAML) says. Returns the changes, and tokens with their secrets.
    func apply(document: String, dryRun: Bool, by principal: Principal) async throws -> JSONValue
    /// Routes and providers in force.
    func configuration() async throws -> JSONValue
    /// The control tests that there are.
    func controlTests() async throws -> JSONValue
    /// Runs control tests over a period, records the results.
    func runControlTests(_ ids: [String], from: Timestamp, to: Timestamp, by principal: Principal) async throws -> JSONValue
    /// Writes an evidence bundle of a period to a temporary file and returns its path.
    func exportBundle(from: Timestamp, to: Timestamp, by principal: Principal) async throws -> String
    /// Reads the whole log again and records the finding.
    func verifyLog() async throws -> JSONValue
}
