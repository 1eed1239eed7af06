import Core
import ObjectStore

/// Moves the sealed contents of finished segments to the object store, then removes the segments.
///
/// The contents of one segment become one object, a *pack*, named by the digest of its bytes: a file for each of them would cost more
/// than the request that it belongs to.
///
/// | bytes | field of a pack (big endian) |
/// |---|---|
/// | 8 | magic `CSPACK1` and a zero byte |
/// | 8 | number of the segment |
/// | then for each | |
/// | 8 | index of the event in the log |
/// | 4 | length of its sealed contents |
/// | … | the sealed contents |
struct PayloadPacker: Sendable {
    let segments: SegmentDirectory
    let objects: any ObjectStore
    let index: SearchIndex

    static let magic: [UInt8] = Array("CSPACK1".utf8) + [0]

    /// Packs and removes every segment below a number. Crashing anywhere in it loses nothing: the object's name is its digest, and a
    /// segment goes only after its pack is durable.
    func pack(before current: UInt64) throws {
        for number in try segments.numbers() where number < current { try pack(number) }
    }

    private func pack(_ number: UInt64) throws {
        var bytes = Self.magic
        Frame.appendBigEndian(number, to: &bytes)
        var moved: [(index: UInt64, segment: UInt64, offset: Int, length: Int)] = []
        try SegmentScan.forEachRecord(path: segments.segmentPath(number)) { record in
            guard !record.sealed.isEmpty else { return }
            Frame.appendBigEndian(record.index, to: &bytes)
            Frame.appendBigEndian(UInt32(record.sealed.count), to: &bytes)
            moved.append((record.index, number, bytes.count, record.sealed.count))
            bytes.append(contentsOf: record.sealed)
        }
        if !moved.isEmpty {
            let digest = try objects.put(bytes)
            try index.move(moved, to: digest.description)
        }
        try segments.retire(number)
    }

    /// Finds every payload again, in the packs and in the segments that are there: for an index that was lost.
    func reindex(size: UInt64) throws {
        var last: SHA256Digest?
        while true {
            let page = try objects.list(after: last, limit: 1000)
            for digest in page {
                let bytes = try objects.get(digest)
                var found: [(index: UInt64, segment: UInt64, offset: Int, length: Int)] = []
                try Self.forEachItem(bytes) { index, segment, range in found.append((index, segment, range.lowerBound, range.count)) }
                if !found.isEmpty { try index.move(found, to: digest.description) }
            }
            guard let end = page.last else { break }
            last = end
        }
        for number in try segments.numbers() {
            var rows: [(index: UInt64, segment: UInt64, offset: Int, length: Int)] = []
            try SegmentScan.forEachRecord(path: segments.segmentPath(number)) { record in
                // Records beyond the head come by integration.
                if !record.sealed.isEmpty, record.index < size { rows.append((record.index, number, record.sealedOffset, record.sealed.count)) }
            }
            if !rows.isEmpty { try index.move(rows, to: nil) }
        }
    }

    /// Calls a body with each item of a pack; does nothing with an object that is none.
    static func forEachItem(_ pack: [UInt8], _ body: (_ index: UInt64, _ segment: UInt64, _ range: Range<Int>) throws -> Void) throws {
        guard pack.count >= 16, Array(pack[..<8]) == magic else { return }
        func number(_ at: Int, _ width: Int) -> UInt64 { pack[at..<at + width].reduce(0) { $0 << 8 | UInt64($1) } }
        let segment = number(8, 8)
        var at = 16
        while at < pack.count {
            guard pack.count - at >= 12 else { throw LedgerError(.inconsistent, "a pack of payloads is cut short") }
            let length = Int(number(at + 8, 4))
            guard pack.count - at - 12 >= length else { throw LedgerError(.inconsistent, "a pack of payloads is cut short") }
            try body(number(at, 8), segment, (at + 12)..<(at + 12 + length))
            at += 12 + length
        }
    }
}
