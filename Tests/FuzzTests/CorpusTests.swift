import Foundation
import FuzzTargets
import Testing

@Suite("Fuzz corpus")
struct CorpusTests {
    static let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fuzz/Corpus").standardizedFileURL

    @Test("every property holds for every input of the corpus", arguments: FuzzTarget.all.map(\.name))
    func corpusHolds(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let files = try FileManager.default.contentsOfDirectory(at: Self.corpus.appending(path: name), includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for seed in target.seeds() { #expect(target.check(seed) == nil) }
        for file in files {
            let broken = target.check([UInt8](try Data(contentsOf: file)))
            #expect(broken == nil, "\(file.lastPathComponent)")
        }
    }

    @Test("every property holds for the empty input and for single bytes", arguments: FuzzTarget.all.map(\.name))
    func shortInputs(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        #expect(target.check([]) == nil)
        for byte in UInt8.min...UInt8.max { #expect(target.check([byte]) == nil) }
    }
}
