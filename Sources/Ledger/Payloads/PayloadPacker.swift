import Core
import ObjectStore

/// Gives finished segments away: those with sealed contents become one object each, a *pack*, as they are; the others are removed.
///
/// Nothing is copied. A file for each content would cost more than the request that it belongs to, and so would writing the contents a
/// second time.
struct PayloadPacker: Sendable {
    let segments: SegmentDirectory
    let objects: any ObjectStore
    let index: SearchIndex
    /// Digest of the log's origin: packs of an earlier epoch lie in the same store.
    let origin: SHA256Digest

    /// Gives every segment below a number away. A crash anywhere in it loses nothing: a segment leaves its directory only as it becomes
    /// an object, and what an earlier process did not finish is done by the next call.
    func pack(before current: UInt64) throws {
        for number in try segments.numbers() where number < current {
            try segments.retire(upTo: number)
            let path = segments.segmentPath(number)
            guard try SegmentScan.holdsContents(path: path) else {
                try segments.remove(number)
                continue
            }
            let pack = try objects.move(file: path)
            try index.name(pack: pack.description, of: number)
        }
    }

    /// Finds every payload again, in the packs and in the segments that are there: for an index that was lost.
    /// - Parameter size: records beyond it come by integration.
    func reindex(size: UInt64) throws {
        var last: SHA256Digest?
        while true {
            let page = try objects.list(after: last, limit: 1000)
            for digest in page {
                let bytes = try objects.get(digest)
                guard let header = SegmentHeader(bytes), header.origin == origin else { continue }
                var found: [(index: UInt64, location: PayloadLocation)] = []
                bytes.withUnsafeBytes { bytes in
                    SegmentScan.forEachRecord(in: bytes, header) { record in
                        if !record.sealed.isEmpty { found.append((record.index, PayloadLocation(record))) }
                    }
                }
                try index.locate(found)
                try index.name(pack: digest.description, of: header.number)
            }
            guard let end = page.last else { break }
            last = end
        }
        for number in try segments.numbers() {
            var found: [(index: UInt64, location: PayloadLocation)] = []
            try SegmentScan.forEachRecord(path: segments.segmentPath(number)) { record in
                if !record.sealed.isEmpty, record.index < size { found.append((record.index, PayloadLocation(record))) }
            }
            try index.locate(found)
        }
    }
}

extension PayloadLocation {
    init(_ record: StoredRecord) {
        self.init(segment: record.segment, pack: nil, offset: record.sealedOffset, length: record.sealed.count)
    }
}
