/// Entries one behind another, each with its length in two bytes, big endian, in front (C2SP tlog-tiles).
package enum EntryBundle {
    /// The longest entry: what two bytes can say.
    package static let maximumEntryBytes = 65_535

    /// Appends an entry to a bundle.
    /// - Throws: `entryTooLong`.
    package static func append(_ entry: some Collection<UInt8>, to bundle: inout [UInt8]) throws(MerkleLogError) {
        let count = entry.count
        guard count <= maximumEntryBytes else { throw MerkleLogError(.entryTooLong, "an entry of \(count) bytes, more than \(maximumEntryBytes)") }
        bundle.append(UInt8(truncatingIfNeeded: count >> 8))
        bundle.append(UInt8(truncatingIfNeeded: count))
        bundle.append(contentsOf: entry)
    }

    /// - Throws: `entryTooLong`.
    package static func encode(_ entries: some Sequence<[UInt8]>) throws(MerkleLogError) -> [UInt8] {
        var bundle: [UInt8] = []
        for entry in entries { try append(entry, to: &bundle) }
        return bundle
    }

    /// Where each entry lies in a bundle.
    /// - Parameter width: entries that its path says it has, 1 to 256.
    /// - Throws: `malformedBundle` if the bytes are not exactly that many entries.
    package static func ranges(in bundle: [UInt8], width: Int) throws(MerkleLogError) -> [Range<Int>] {
        try bundle.withUnsafeBufferPointer { (bundle) throws(MerkleLogError) -> [Range<Int>] in
            var ranges: [Range<Int>] = []
            ranges.reserveCapacity(min(max(width, 0), Tile.fullWidth))
            let end = bundle.count
            var at = 0
            while at < end {
                guard ranges.count < width else { throw MerkleLogError(.malformedBundle, "more than \(width) entries") }
                guard end - at >= 2 else { throw MerkleLogError(.malformedBundle, "entry \(ranges.count) is cut short") }
                let start = at + 2
                let length = Int(bundle[at]) << 8 | Int(bundle[at + 1])
                guard end - start >= length else { throw MerkleLogError(.malformedBundle, "entry \(ranges.count) is cut short") }
                ranges.append(start..<start + length)
                at = start + length
            }
            guard ranges.count == width else { throw MerkleLogError(.malformedBundle, "\(ranges.count) entries, not \(width)") }
            return ranges
        }
    }

    /// The entries of a bundle.
    /// - Parameter width: entries that its path says it has, 1 to 256.
    /// - Throws: `malformedBundle` if the bytes are not exactly that many entries.
    package static func decode(_ bundle: [UInt8], width: Int) throws(MerkleLogError) -> [ArraySlice<UInt8>] {
        var entries: [ArraySlice<UInt8>] = []
        entries.reserveCapacity(Tile.fullWidth)
        for range in try ranges(in: bundle, width: width) { entries.append(bundle[range]) }
        return entries
    }

    /// The leaf hashes of a bundle's entries.
    ///
    /// Each is hashed in one piece: the prefix 0x00 takes the place of the length byte in front of the entry, in one copy of the bundle.
    /// - Parameter width: entries that its path says it has, 1 to 256.
    /// - Throws: `malformedBundle` if the bytes are not exactly that many entries.
    package static func leafHashes(in bundle: [UInt8], width: Int) throws(MerkleLogError) -> [MerkleHash] {
        let ranges = try ranges(in: bundle, width: width)
        var scratch = bundle
        return scratch.withUnsafeMutableBytes { buffer in
            ranges.map { range in
                buffer[range.lowerBound - 1] = 0
                return TreeHashing.hash(ofPrefixed: UnsafeRawBufferPointer(rebasing: buffer[range.lowerBound - 1..<range.upperBound]))
            }
        }
    }
}
