/// A property that must hold for every input, however broken.
///
/// The fuzzer calls ``check`` with inputs of its own making; the tests call it with the corpus that was kept.
package struct FuzzTarget: Sendable {
    /// As on the command line, and the name of the corpus's folder.
    package let name: String
    /// What is tried, for `--help` and reports.
    package let summary: String
    /// The longest input worth trying, in bytes.
    package let maximumBytes: Int
    /// Returns what broke, in a sentence; nil if all held. Must not trap, and must not remember anything from call to call.
    package let check: @Sendable ([UInt8]) -> String?
    /// Inputs that only our own encoders can make, beside the files of the corpus.
    package var seeds: @Sendable () -> [[UInt8]] = { [] }

    package static let all: [FuzzTarget] = [
        .bundle, .chatRequest, .envelope, .eventStream, .http, .json, .leaf, .proof, .signedNote, .tile,
    ]

    /// The target of this name.
    package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}
