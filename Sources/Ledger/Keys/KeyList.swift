import Core
import EnvelopeEncryption

/// The contents of `keys.json`: for each classification a key-encryption key and all versions of the class key.
///
/// No secret stands in clear in it; an HMAC under the root key finds any change.
struct KeyList: Sendable {
    struct Entry: Sendable {
        let kek: KeyEncryptionKey
        /// Versions 1, 2, … of one key id; the last one seals.
        var classKeys: [WrappingKey]
    }

    /// In the order of ``DataClassification/allCases``.
    var entries: [Entry]

    /// New keys for every classification.
    static func make(randomness: Randomness, identifiers: IdentifierMaker) throws(EnvelopeError) -> KeyList {
        var entries: [Entry] = []
        for classification in DataClassification.allCases {
            let kek = KeyEncryptionKey(id: identifiers.make("key").text, classification: classification, key: .random(randomness))
            let classKey = try WrappingKey(
                kind: .classKey, id: identifiers.make("key").text, classification: classification, key: .random(randomness))
            entries.append(Entry(kek: kek, classKeys: [classKey]))
        }
        return KeyList(entries: entries)
    }

    func encode(under root: RootKey) throws(EnvelopeError) -> [UInt8] {
        var list: [JSONValue] = []
        for entry in entries {
            var classKeys: [JSONValue] = []
            for key in entry.classKeys {
                classKeys.append(Self.member(id: key.id, version: key.version, wrapped: try entry.kek.wrap(key)))
            }
            list.append([
                "class_keys": .array(classKeys), "classification": JSONValue(entry.kek.classification.name),
                "key_encryption_key": Self.member(id: entry.kek.id, version: entry.kek.version, wrapped: try root.wrap(entry.kek)),
            ])
        }
        let body: JSONValue = ["keys": .array(list), "v": 1]
        let code = root.authenticate(CanonicalJSON.encode(body))
        return CanonicalJSON.encode(["keys": .array(list), "mac": JSONValue(code.hex), "v": 1]) + [UInt8(ascii: "\n")]
    }

    private static func member(id: String, version: UInt32, wrapped: [UInt8]) -> JSONValue {
        ["id": JSONValue(id), "version": JSONValue(Int64(version)), "wrapped": JSONValue(wrapped.hex)]
    }

    init(entries: [Entry]) { self.entries = entries }

    /// - Parameter path: for errors.
    init(_ bytes: [UInt8], under root: RootKey, path: String) throws(KeyStoreError) {
        func damaged(_ why: String) -> KeyStoreError { KeyStoreError(.damaged, "\(path) \(why); restore it together with root.key") }
        guard let value = try? JSONParser.parse(bytes), case .object(var members) = value, let mac = members.removeValue(forKey: "mac")?.string,
            let code = [UInt8](hex: mac)
        else { throw damaged("is not a list of keys") }
        guard root.isAuthentic(CanonicalJSON.encode(.object(members)), code: code) else {
            throw damaged("was changed, or belongs to another root.key")
        }
        guard members["v"] == 1, let list = members["keys"]?.array else { throw damaged("has a version that this program does not know") }
        do {
            entries = []
            for (classification, element) in zip(DataClassification.allCases, list) {
                guard element["classification"]?.string == classification.name, let kekMember = element["key_encryption_key"],
                    let keyMembers = element["class_keys"]?.array, !keyMembers.isEmpty
                else { throw damaged("lacks the keys of classification \(classification)") }
                let (id, version, wrapped) = try Self.read(kekMember)
                let kek = try root.unwrapKeyEncryptionKey(wrapped, id: id, classification: classification, version: version)
                var classKeys: [WrappingKey] = []
                for (index, member) in keyMembers.enumerated() {
                    let (id, version, wrapped) = try Self.read(member)
                    guard version == UInt32(clamping: index + 1), id == classKeys.first?.id ?? id else {
                        throw damaged("has a gap in the versions of key \(id)")
                    }
                    classKeys.append(try kek.unwrapClassKey(wrapped, id: id, version: version))
                }
                entries.append(Entry(kek: kek, classKeys: classKeys))
            }
            guard entries.count == DataClassification.allCases.count, list.count == entries.count else {
                throw damaged("does not list the four classifications")
            }
        } catch let error as KeyStoreError {
            throw error
        } catch {
            throw damaged("holds a key that does not open")
        }
    }

    private static func read(_ member: JSONValue) throws(EnvelopeError) -> (id: String, version: UInt32, wrapped: [UInt8]) {
        guard let id = member["id"]?.string, let number = member["version"]?.int, let version = UInt32(exactly: number),
            let text = member["wrapped"]?.string, let wrapped = [UInt8](hex: text)
        else { throw EnvelopeError(.malformed, "a key of the list lacks a member") }
        return (id, version, wrapped)
    }
}
