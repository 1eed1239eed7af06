package import Core
import Yams

/// The control catalogue: controls, their tests, and the parameters with their floors (`ai-controls.yaml`).
package struct ControlCatalogue: Sendable {
    package struct Control: Sendable {
        package let id: String
        package let title: String
        package let objective: String
        /// Trust services criteria, by id.
        package let criteria: [String]
        package let frequency: String
        package let tests: [Test]
        package let failureModes: [FailureMode]
    }

    package struct Test: Sendable {
        /// Control and letter, for example `LOG-01a`.
        package let id: String
        package let logic: String
        /// The least that an item may rest on (I13).
        package let minimumAssurance: String
        package let parameters: [Parameter]
    }

    package struct Parameter: Sendable {
        /// Test and name, for example `RUN-01a.late_minutes`.
        package let name: String
        package let defaultValue: Int64
        /// The weakest value that a test will use, whatever was declared.
        package let weakest: Int64
        /// `lower` or `higher`.
        package let stricter: String
    }

    package struct FailureMode: Sendable {
        package let mode: String
        package let caughtBy: [String]
        package let isBlind: Bool
    }

    package let version: String
    package let controls: [Control]
    /// Of the file's bytes.
    package let digest: SHA256Digest

    /// The catalogue that is built in.
    package static let builtIn = Result { try ControlCatalogue(yaml: EvidenceResources.catalogue) }

    /// - Throws: `AssuranceError` `malformed_catalogue`.
    package init(yaml: String) throws {
        let file: File
        do {
            file = try YAMLDecoder().decode(File.self, from: yaml)
        } catch {
            throw AssuranceError(.malformedCatalogue, "the control catalogue cannot be read: \(error)")
        }
        version = file.catalogue.version
        digest = SHA256Digest(hashing: Array(yaml.utf8))
        controls = file.controls.map { control in
            Control(
                id: control.id, title: control.title, objective: control.objective, criteria: control.tsc, frequency: control.frequency,
                tests: control.tests.map { test in
                    let id = control.id + test.id
                    let parameters = (test.parameters ?? [:]).sorted { $0.key < $1.key }.map {
                        Parameter(name: "\(id).\($0.key)", defaultValue: $0.value.default, weakest: $0.value.weakest, stricter: $0.value.stricter)
                    }
                    return Test(id: id, logic: test.logic, minimumAssurance: test.min_assurance, parameters: parameters)
                },
                failureModes: control.failure_modes.map {
                    FailureMode(mode: $0.mode, caughtBy: $0.caught_by ?? [], isBlind: $0.blind ?? false)
                })
        }
    }

    package func test(_ id: String) -> (control: Control, test: Test)? {
        for control in controls {
            if let test = control.tests.first(where: { $0.id == id }) { return (control, test) }
        }
        return nil
    }

    // As the file has it.
    private struct File: Decodable {
        struct Head: Decodable { let version: String }
        struct Control: Decodable {
            let id: String, title: String, objective: String, tsc: [String], frequency: String
            let tests: [Test]
            let failure_modes: [Mode]
        }
        struct Test: Decodable {
            let id: String, logic: String, min_assurance: String
            let parameters: [String: Parameter]?
        }
        struct Parameter: Decodable {
            let `default`: Int64, weakest: Int64
            let stricter: String
        }
        struct Mode: Decodable {
            let mode: String
            let caught_by: [String]?
            let blind: Bool?
        }
        let catalogue: Head
        let controls: [Control]
    }
}
