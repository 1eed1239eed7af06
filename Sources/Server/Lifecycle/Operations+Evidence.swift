import API
import Core

extension Operations {
    func controlTests() async throws -> JSONValue { throw Problem(501, "not_yet", "not yet") }
    func runControlTests(_ ids: [String], from: Timestamp, to: Timestamp, by principal: Principal) async throws -> JSONValue {
        throw Problem(501, "not_yet", "not yet")
    }
    func exportBundle(from: Timestamp, to: Timestamp, by principal: Principal) async throws -> String { throw Problem(501, "not_yet", "not yet") }
}
