package import Core

/// Sealed objects, named by the SHA-256 digest of their bytes.
///
/// Every call blocks on the disk or the network: never on an event loop or the cooperative pool. An object never changes, so putting
/// it twice is the same as putting it once.
package protocol ObjectStore: Sendable {
    /// Stores objects; all are durable on return. After an error any number of them may be: put them again.
    /// - Returns: their names, in the same order.
    @discardableResult
    func put(_ objects: [[UInt8]]) throws(ObjectStoreError) -> [SHA256Digest]

    /// Makes a file an object: it is taken away from where it lies, and the object is durable on return. After an error the file is where
    /// it was, or the object is stored, or both: move it again if it is still there.
    /// - Parameter path: of a regular file that nobody writes any more.
    /// - Throws: ``ObjectStoreError/Code/tooLarge``.
    func move(file path: String) throws(ObjectStoreError) -> SHA256Digest

    /// Reads an object and checks it against its name.
    /// - Parameter maximumBytes: a longer object is an error and is not read (I11).
    /// - Throws: ``ObjectStoreError/Code/notFound``, ``ObjectStoreError/Code/corrupted``, ``ObjectStoreError/Code/tooLarge``.
    func get(_ digest: SHA256Digest, maximumBytes: Int) throws(ObjectStoreError) -> [UInt8]

    /// Whether an object is there; does not read it, and does not say that it would outlast a power failure: only `put` does.
    func contains(_ digest: SHA256Digest) throws(ObjectStoreError) -> Bool

    /// Removes an object, durably.
    /// - Returns: false where there was none.
    @discardableResult
    func delete(_ digest: SHA256Digest) throws(ObjectStoreError) -> Bool

    /// Names in ascending order.
    /// - Parameters:
    ///   - after: the last name of the page before; nil for the first page.
    ///   - limit: at most so many.
    func list(after: SHA256Digest?, limit: Int) throws(ObjectStoreError) -> [SHA256Digest]
}

extension ObjectStore {
    /// Stores one object; durable on return.
    @discardableResult
    package func put(_ object: [UInt8]) throws(ObjectStoreError) -> SHA256Digest {
        try put([object])
        return SHA256Digest(hashing: object)
    }

    package func get(_ digest: SHA256Digest) throws(ObjectStoreError) -> [UInt8] {
        try get(digest, maximumBytes: defaultMaximumObjectBytes)
    }
}

/// What one call holds in memory at most, unless told otherwise: 256 MiB.
package let defaultMaximumObjectBytes = 256 << 20
