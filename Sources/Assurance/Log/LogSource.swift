package import MerkleLog

/// Where the leaves of a log are read from: the server's ledger, a directory, a bundle.
///
/// Calls block; asked from one thread at a time.
package protocol LogSource {
    /// The latest signed checkpoint, a note.
    func checkpoint() throws -> [UInt8]

    /// The bytes of a tile or an entry bundle of the tree that ``checkpoint()`` signs.
    func bytes(of file: LogFile) throws -> [UInt8]
}

extension LogSource {
    /// The leaves of an index range, in order.
    /// - Parameters:
    ///   - range: within a tree of `size` entries.
    ///   - body: is given the index and the leaf's bytes, valid during the call.
    package func eachLeaf(in range: Range<UInt64>, size: UInt64, _ body: (UInt64, UnsafeRawBufferPointer) throws -> Void) throws {
        var index = range.lowerBound
        while index < range.upperBound {
            guard let name = BundleName(index: index / 256, inTreeOf: size) else {
                throw AssuranceError(.outOfRange, "no entry \(index) in a log of \(size)")
            }
            let bundle = try bytes(of: .bundle(name))
            let ranges = try EntryBundle.ranges(in: bundle, width: name.width)
            let first = name.index * 256
            try bundle.withUnsafeBytes { buffer in
                while index < range.upperBound, index < first + UInt64(name.width) {
                    try body(index, UnsafeRawBufferPointer(rebasing: buffer[ranges[Int(index - first)]]))
                    index += 1
                }
            }
        }
    }
}
