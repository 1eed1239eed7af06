import Core

/// The evidence schema, the vocabulary, the catalogue and the control tests, as they are built into the program.
package enum EvidenceResources {
    /// Tables, one view per noun, derived views: run in this order.
    package static let schema =
        ["evidence/schema-tables.sql", "evidence/schema-nouns.sql", "evidence/schema-derived.sql"].map(text).joined(separator: "\n")
    package static let load = text("evidence/load.sql")
    package static let materialise = text("evidence/materialise.sql")
    /// The event vocabulary, as people read it.
    package static let vocabulary = text("evidence/EVENTS.md")
    /// `ai-controls.yaml`.
    package static let catalogue = text("evidence/ai-controls.yaml")

    /// Id of each control test, and its file.
    package static let tests: [(id: String, sql: String)] = below("evidence/tests/", ".sql")
    /// Id of each control test that has worked cases, and their file (JSON lines).
    package static let fixtures: [(id: String, lines: String)] = below("evidence/fixtures/", ".jsonl").map { ($0.id, $0.sql) }

    /// The text of one resource; empty where there is none, which the tests of this room rule out.
    package static func text(_ path: String) -> String {
        EmbeddedResources.files.first { $0.path == path }.map { "\($0.text)" } ?? ""
    }

    private static func below(_ folder: String, _ suffix: String) -> [(id: String, sql: String)] {
        EmbeddedResources.files.filter { $0.path.hasPrefix(folder) && $0.path.hasSuffix(suffix) }
            .map { (String($0.path.dropFirst(folder.count).dropLast(suffix.count)), "\($0.text)") }
    }
}
