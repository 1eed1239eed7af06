package import Core
import Crypto
package import EnvelopeEncryption
import Synchronization

/// Keys of data subjects: destroying one erases what it sealed and leaves every proof valid (I3).
///
/// They live in a file of their own, under a file key of its own, so that shredding can leave no copy behind: the file is written again
/// without the key and under a *new* file key, and the old file key is destroyed. What then still holds the old bytes, a free block
/// of the disk or an old copy of the file, does not open. A copy of the old file key, too, would be needed, and the root key:
/// so ordinary backups leave out `subjects.*`.
extension KeyStore {
    /// The key of a subject; nil where it was shredded or never was.
    package func subjectKey(_ id: String) -> WrappingKey? { snapshot.subjects[id]?.wrapping }

    package var subjectKeyCount: Int { snapshot.subjects.count }

    /// Makes a key for one more subject. Blocks; durable on return.
    package func createSubjectKey() throws(KeyStoreError) -> WrappingKey {
        guard let key = try createSubjectKeys(1).first else { throw KeyStoreError(.tooMany, "no key was asked for") }
        return key
    }

    /// Makes keys for more subjects. The whole file is written again, once: ask for many at a time.
    package func createSubjectKeys(_ count: Int) throws(KeyStoreError) -> [WrappingKey] {
        try writing.withLock { (state) throws(KeyStoreError) in
            let before = snapshot
            guard count >= 0, before.subjects.count + count <= SubjectKeyFile.maximumKeys else {
                throw KeyStoreError(.tooMany, "\(directory.subjects) holds at most \(SubjectKeyFile.maximumKeys) keys")
            }
            var subjects = before.subjects
            var made: [WrappingKey] = []
            let bytes = try Self.enveloping(directory.subjects) { () throws(EnvelopeError) in
                for _ in 0..<count {
                    let key = try SubjectKey(id: identifiers.make("key").text, secret: .random(randomness))
                    subjects[key.wrapping.id] = key
                    made.append(key.wrapping)
                }
                return try SubjectKeyFile.encode(subjects, under: state.fileKey, randomness: randomness)
            }
            try directory.file { () throws(FileError) in try DurableFile.write(bytes, to: directory.subjects) }
            replaceSnapshot(Snapshot(list: before.list, subjects: subjects))
            return made
        }
    }

    /// Destroys the keys of subjects. Blocks; on return no file of this directory opens them.
    /// - Returns: the ids that were there. Calling again with the same ids finishes what failed before.
    /// - Throws: ``KeyStoreError/Code/erasureIncomplete`` where the keys are out of use, but the old file key could not be destroyed.
    @discardableResult
    package func shredSubjectKeys(_ ids: [String]) throws(KeyStoreError) -> [String] {
        try writing.withLock { (state) throws(KeyStoreError) in
            let before = snapshot
            var subjects = before.subjects
            let found = ids.filter { subjects.removeValue(forKey: $0) != nil }
            if !found.isEmpty || state.isUncertain {
                state.isUncertain = true
                state.fileKey = try Self.startSubjects(subjects, in: directory, under: root, randomness: randomness, identifiers: identifiers)
                state.isUncertain = false
                replaceSnapshot(Snapshot(list: before.list, subjects: subjects))
            }
            do throws(KeyStoreError) {
                try destroyOldSubjectFileKeys(except: state.fileKey.id)
            } catch {
                throw KeyStoreError(
                    .erasureIncomplete, "an old key of \(directory.subjects) is still there; shred again or restart: \(error.message)",
                    underlying: error.underlying)
            }
            return found
        }
    }

    /// For a directory that was restored without its subject keys, as ordinary backups leave it: starts an empty file.
    ///
    /// What was sealed under subject keys stays closed.
    package static func startSubjectKeysAnew(
        at path: String, randomness: Randomness = .system, identifiers: IdentifierMaker = IdentifierMaker()
    ) throws(KeyStoreError) {
        let directory = KeyDirectory(path: path)
        guard try directory.file({ () throws(FileError) in try DurableFile.status(directory.subjects) }) == nil else {
            throw KeyStoreError(.exists, "\(directory.subjects) is there; move it away first if it is to be given up")
        }
        _ = try startSubjects([:], in: directory, under: try directory.loadRootKey(), randomness: randomness, identifiers: identifiers)
    }

    // MARK: Files

    /// Writes the file of subject keys under a new file key. The old file key is still there afterwards.
    static func startSubjects(
        _ subjects: [String: SubjectKey], in directory: KeyDirectory, under root: RootKey, randomness: Randomness, identifiers: IdentifierMaker
    ) throws(KeyStoreError) -> WrappingKey {
        let id = identifiers.make("key").text
        let secret = SymmetricKey.random(randomness)
        let (fileKey, bytes) = try enveloping(directory.subjects) { () throws(EnvelopeError) in
            let fileKey = try WrappingKey(kind: .fileKey, id: id, key: secret)
            return (fileKey, try SubjectKeyFile.encode(subjects, under: fileKey, randomness: randomness))
        }
        // The key first: the file must never be there without it. The header of the file says which key is the current one.
        try directory.writeWrapped(secret, in: KeySlot(.subjectFileKey, id: id), under: root, at: directory.subjectFileKey(id))
        try directory.file { () throws(FileError) in try DurableFile.write(bytes, to: directory.subjects) }
        return fileKey
    }

    static func loadSubjects(
        in directory: KeyDirectory, under root: RootKey
    ) throws(KeyStoreError) -> (subjects: [String: SubjectKey], fileKey: WrappingKey) {
        let bytes: [UInt8]
        do {
            bytes = try DurableFile.read(directory.subjects, maximumBytes: SubjectKeyFile.maximumBytes)
        } catch {
            guard error.isMissing else { throw KeyStoreError(error) }
            throw KeyStoreError(
                .missing, "\(directory.subjects) is missing: restore it with its subjects.*.key from the backup of subject keys", underlying: error)
        }
        let advice = "restore it with its subjects.*.key from the backup of subject keys"
        let id: String
        do throws(EnvelopeError) {
            let header = try EnvelopeHeader(reading: bytes)
            guard header.keyKind == .fileKey, Identifier(parsing: header.keyID) != nil else {
                throw EnvelopeError(.malformed, "not sealed under a file key")
            }
            id = header.keyID
        } catch {
            throw KeyStoreError(.damaged, "\(directory.subjects): \(error.message); \(advice)")
        }
        let (storedID, secret) = try directory.readWrapped(.subjectFileKey, under: root, at: directory.subjectFileKey(id))
        guard storedID == id else { throw KeyStoreError(.damaged, "\(directory.subjectFileKey(id)) holds key \(storedID); \(advice)") }
        do throws(EnvelopeError) {
            let fileKey = try WrappingKey(kind: .fileKey, id: id, key: secret)
            return (try SubjectKeyFile.decode(bytes, under: fileKey), fileKey)
        } catch {
            throw KeyStoreError(.damaged, "\(directory.subjects): \(error.message); \(advice)")
        }
    }

    /// Destroys every subject file key but the current one: the old one after a shredding, a new one that was never put to use.
    func destroyOldSubjectFileKeys(except id: String) throws(KeyStoreError) {
        let old = try directory.subjectFileKeys().filter { $0 != id }
        guard !old.isEmpty else { return }
        try directory.file { () throws(FileError) in
            // After a kill, what we read may not be on the disk yet: the file must be there under its new key before the old one goes.
            try DurableFile.syncDirectory(directory.path)
            for id in old { try directory.destroy(directory.subjectFileKey(id)) }
        }
    }
}
