package import Core
package import Crypto
package import EnvelopeEncryption
import Synchronization

/// The keys of a data directory.
///
/// Looking keys up takes a lock for the time of one reference count and no I/O: any thread may do it. Whatever changes keys blocks on
/// `fsync` and belongs on a thread that may. One process at a time: whoever opens a store holds the lock of the data directory.
package final class KeyStore: Sendable {
    /// What the hot path sees; replaced as a whole, never changed.
    final class Snapshot: Sendable {
        let list: KeyList
        let subjects: [String: SubjectKey]

        init(list: KeyList, subjects: [String: SubjectKey]) {
            self.list = list
            self.subjects = subjects
        }
    }

    let directory: KeyDirectory
    let root: RootKey
    let randomness: Randomness
    let identifiers: IdentifierMaker
    private let current: Mutex<Snapshot>
    /// Held while files change.
    let writing: Mutex<SubjectFileState>

    struct SubjectFileState: Sendable {
        /// The key that the file of subject keys is sealed under.
        var fileKey: WrappingKey
        /// A write failed, so the file on the disk may be under another key: no file key may be destroyed before it is written again.
        var isUncertain = false
    }

    /// The key that signs the log's checkpoints (Ed25519). Its raw representation is the seed.
    package let signingKey: Curve25519.Signing.PrivateKey
    /// Its id, `key_…`.
    package let signingKeyID: String

    /// Makes new keys.
    ///
    /// They come into being in `<path>.partial` and are renamed at the end: a crash leaves no half of a key store.
    /// - Parameter path: the directory to make; its parent exists.
    /// - Throws: ``KeyStoreError/Code/exists`` where something is there already.
    package static func create(
        at path: String, randomness: Randomness = .system, identifiers: IdentifierMaker = IdentifierMaker()
    ) throws(KeyStoreError) -> KeyStore {
        let partial = KeyDirectory(path: path + ".partial")
        guard try partial.file({ () throws(FileError) in try DurableFile.status(path) }) == nil else {
            throw KeyStoreError(.exists, "\(path) is there already; new keys could not open what the old ones sealed")
        }
        try partial.file { () throws(FileError) in
            if try DurableFile.status(partial.path) != nil {
                // Left by a crash; never used.
                for name in try DurableFile.list(partial.path) { try DurableFile.remove("\(partial.path)/\(name)") }
                try DurableFile.removeDirectory(partial.path)
            }
            try DurableFile.makeDirectory(partial.path, permissions: 0o700)
        }
        let root = try partial.createRootKey(randomness)
        let list = try enveloping(partial.list) { () throws(EnvelopeError) in
            try KeyList.make(randomness: randomness, identifiers: identifiers).encode(under: root)
        }
        try partial.file { () throws(FileError) in try DurableFile.write(list, to: partial.list) }
        let seed = SymmetricKey.random(randomness)
        try partial.writeWrapped(seed, in: KeySlot(.logSigningSeed, id: identifiers.make("key").text), under: root, at: partial.log)
        _ = try startSubjects([:], in: partial, under: root, randomness: randomness, identifiers: identifiers)
        try partial.file { () throws(FileError) in
            try DurableFile.syncDirectory(partial.path)
            try DurableFile.rename(partial.path, to: path)
            try DurableFile.syncDirectory(DurableFile.parent(of: path))
        }
        return try open(at: path, randomness: randomness, identifiers: identifiers)
    }

    /// Whether there is a key store; says nothing of its state.
    package static func exists(at path: String) -> Bool {
        (try? DurableFile.status(path)) != nil
    }

    /// Loads all keys, and finishes a shredding that a crash interrupted.
    package static func open(
        at path: String, randomness: Randomness = .system, identifiers: IdentifierMaker = IdentifierMaker()
    ) throws(KeyStoreError) -> KeyStore {
        try KeyStore(directory: KeyDirectory(path: path), randomness: randomness, identifiers: identifiers)
    }

    private init(directory: KeyDirectory, randomness: Randomness, identifiers: IdentifierMaker) throws(KeyStoreError) {
        let root = try directory.loadRootKey()
        let bytes = try directory.file { () throws(FileError) in
            try DurableFile.read(directory.list, maximumBytes: KeyDirectory.maximumListBytes)
        }
        let list = try KeyList(bytes, under: root, path: directory.list)
        let (id, seed) = try directory.readWrapped(.logSigningSeed, under: root, at: directory.log)
        guard let signingKey = seed.withUnsafeBytes({ try? Curve25519.Signing.PrivateKey(rawRepresentation: $0) }) else {
            throw KeyStoreError(.damaged, "\(directory.log) holds no Ed25519 seed; restore it from its backup")
        }
        let (subjects, fileKey) = try Self.loadSubjects(in: directory, under: root)
        self.directory = directory
        self.root = root
        self.randomness = randomness
        self.identifiers = identifiers
        self.signingKey = signingKey
        signingKeyID = id
        current = Mutex(Snapshot(list: list, subjects: subjects))
        writing = Mutex(SubjectFileState(fileKey: fileKey))
        try directory.file { () throws(FileError) in
            for name in try DurableFile.list(directory.path) where DurableFile.isTemporary(name) {
                try DurableFile.remove("\(directory.path)/\(name)")
            }
        }
        try destroyOldSubjectFileKeys(except: fileKey.id)
    }

    var snapshot: Snapshot { current.withLock { $0 } }

    /// Only while ``writing`` is held.
    func replaceSnapshot(_ snapshot: Snapshot) { current.withLock { $0 = snapshot } }

    // MARK: Class keys

    /// The class key that seals today.
    package func sealingKey(_ classification: DataClassification) -> WrappingKey {
        let keys = snapshot.list.entries[Int(classification.rawValue) - 1].classKeys
        return keys[keys.count - 1]
    }

    /// The key that an envelope was sealed under.
    /// - Throws: ``KeyStoreError/Code/unknownKey`` where it is not here: destroyed, or of another data directory.
    package func openingKey(_ header: EnvelopeHeader) throws(KeyStoreError) -> WrappingKey {
        let snapshot = snapshot
        let candidate: WrappingKey?
        switch header.keyKind {
        case .classKey:
            let keys = snapshot.list.entries[Int(header.classification.rawValue) - 1].classKeys
            candidate = header.keyVersion <= UInt32(clamping: keys.count) ? keys[Int(header.keyVersion) - 1] : nil
        case .subjectKey: candidate = snapshot.subjects[header.keyID]?.wrapping
        case .fileKey: candidate = nil
        }
        guard let candidate, header.names(candidate) else {
            throw KeyStoreError(
                .unknownKey, "key \(header.keyID) version \(header.keyVersion) is not here: it was destroyed, or belongs to another data directory")
        }
        return candidate
    }

    /// Gives a class key a new version, which seals from now on. Older versions stay, to open. Blocks; durable on return.
    @discardableResult
    package func rotateClassKey(_ classification: DataClassification) throws(KeyStoreError) -> WrappingKey {
        try writing.withLock { (_) throws(KeyStoreError) in
            let before = snapshot
            var list = before.list
            let index = Int(classification.rawValue) - 1
            let old = sealingKey(classification)
            let (new, bytes) = try Self.enveloping(directory.list) { () throws(EnvelopeError) in
                let new = try WrappingKey(
                    kind: .classKey, id: old.id, version: old.version + 1, classification: classification, key: .random(randomness))
                list.entries[index].classKeys.append(new)
                return (new, try list.encode(under: root))
            }
            guard bytes.count <= KeyDirectory.maximumListBytes else {
                throw KeyStoreError(.tooMany, "\(directory.list) would be larger than \(KeyDirectory.maximumListBytes) bytes")
            }
            try directory.file { () throws(FileError) in try DurableFile.write(bytes, to: directory.list) }
            replaceSnapshot(Snapshot(list: list, subjects: before.subjects))
            return new
        }
    }

    static func enveloping<T>(_ path: String, _ body: () throws(EnvelopeError) -> T) throws(KeyStoreError) -> T {
        do { return try body() } catch { throw KeyStoreError(.damaged, "\(path): \(error.message)") }
    }
}
