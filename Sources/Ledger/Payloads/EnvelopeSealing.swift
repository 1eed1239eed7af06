package import Core
import EnvelopeEncryption

/// Seals contents in the one envelope, under the keys of a key store.
package struct EnvelopeSealing: PayloadSealing {
    private let keys: KeyStore

    package init(keys: KeyStore) { self.keys = keys }

    package func seal(
        _ contents: [Content], classification: String, subjectKey: String?
    ) throws(RecordError) -> (sealed: [UInt8], commitments: [(name: String, digest: SHA256Digest)]) {
        guard let dataClass = DataClassification(name: classification) else {
            throw RecordError(.sealing, "no classification is called \(classification)")
        }
        let key: WrappingKey
        if let subjectKey {
            guard let found = keys.subjectKey(subjectKey) else { throw RecordError(.sealing, "the subject key is not here: it was destroyed") }
            key = found
        } else {
            key = keys.sealingKey(dataClass)
        }
        do throws(EnvelopeError) {
            let (container, commitments) = try PayloadContainer.make(contents.map { ($0.name, $0.bytes) })
            return (try Envelope.seal(container, under: key, classification: dataClass), commitments.map { ($0.name, SHA256Digest($0.digest)) })
        } catch {
            throw RecordError(.sealing, "contents could not be sealed: \(error.message)")
        }
    }

    package func open(_ sealed: [UInt8], commitments: [(name: String, digest: SHA256Digest)]) throws -> [Content] {
        let header = try EnvelopeHeader(reading: sealed)
        let container = try Envelope.open(sealed, with: try keys.openingKey(header))
        return try PayloadContainer.open(container, commitments: commitments.map { ($0.name, $0.digest.bytes) }).map {
            Content(name: $0.name, bytes: $0.bytes)
        }
    }
}
