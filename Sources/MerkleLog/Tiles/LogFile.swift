/// A file of a tiled log by its path below the log's prefix (C2SP tlog-tiles).
package enum LogFile: Hashable, Sendable, CustomStringConvertible {
    case checkpoint
    case tile(Tile)
    case bundle(BundleName)

    /// For example `tile/0/x001/234.p/5`, with no slash in front.
    package var path: String {
        switch self {
        case .checkpoint: "checkpoint"
        case .tile(let tile): "tile/\(tile.level)/" + LogFile.suffix(index: tile.index, width: tile.width)
        case .bundle(let bundle): "tile/entries/" + LogFile.suffix(index: bundle.index, width: bundle.width)
        }
    }

    package var description: String { path }

    /// Whether a log of some size may have this file: no hash or entry of it lies beyond that size. Partial files of smaller sizes may stay.
    package func belongs(toLogOf size: UInt64) -> Bool {
        let (level, index, width) =
            switch self {
            case .checkpoint: (0, UInt64(0), 0)
            case .tile(let tile): (tile.level, tile.index, tile.width)
            case .bundle(let bundle): (0, bundle.index, bundle.width)
            }
        let (first, overflow) = index.multipliedReportingOverflow(by: UInt64(Tile.fullWidth))
        let hashes = Tile.hashCount(level: level, size: size)
        return !overflow && first <= hashes && hashes - first >= UInt64(width)
    }

    /// Reads a path; exactly one path is read for each file.
    /// - Throws: `malformedPath` for anything that `path` does not write.
    package init(path: String) throws(MerkleLogError) {
        guard let file = LogFile(parsing: Array(path.utf8)) else {
            throw MerkleLogError(.malformedPath, "not the path of a file of a tiled log")
        }
        self = file
    }

    private init?(parsing path: [UInt8]) {
        // Longest: "tile/63/", seven groups "x999/" of which the last has no "x", ".p/255".
        guard path.count <= 64 else { return nil }
        if path.elementsEqual("checkpoint".utf8) {
            self = .checkpoint
            return
        }
        var parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.removeFirst().elementsEqual("tile".utf8) else { return nil }
        let kind = parts.removeFirst()
        var width = Tile.fullWidth
        if parts.count >= 2, parts[parts.count - 2].suffix(2).elementsEqual(".p".utf8) {
            guard let partial = Decimal.parse(parts.removeLast(), maximum: 255), partial > 0 else { return nil }
            width = Int(partial)
            parts[parts.count - 1].removeLast(2)
        }
        guard let index = LogFile.index(of: parts) else { return nil }
        if kind.elementsEqual("entries".utf8) {
            self = .bundle(BundleName(index: index, width: width))
        } else {
            guard let level = Decimal.parse(kind, maximum: 63) else { return nil }
            self = .tile(Tile(level: Int(level), index: index, width: width))
        }
    }

    /// Reads `x001/x234/067`: three digits a group, all but the last marked, no superfluous group in front.
    private static func index(of groups: [ArraySlice<UInt8>]) -> UInt64? {
        guard !groups.isEmpty, groups.count <= 7 else { return nil }
        var index: UInt64 = 0
        for (position, group) in groups.enumerated() {
            var digits = group
            if position < groups.count - 1 {
                guard digits.popFirst() == UInt8(ascii: "x") else { return nil }
            }
            guard digits.count == 3 else { return nil }
            var value: UInt64 = 0
            for digit in digits {
                guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
                value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
            }
            if position == 0, groups.count > 1, value == 0 { return nil }
            let (product, tooLarge) = index.multipliedReportingOverflow(by: 1000)
            let (sum, overflow) = product.addingReportingOverflow(value)
            guard !tooLarge, !overflow else { return nil }
            index = sum
        }
        return index
    }

    private static func suffix(index: UInt64, width: Int) -> String {
        func threeDigits(_ value: UInt64) -> String {
            let text = String(value)
            return String(repeating: "0", count: 3 - text.utf8.count) + text
        }
        var text = threeDigits(index % 1000)
        var rest = index / 1000
        while rest > 0 {
            text = "x" + threeDigits(rest % 1000) + "/" + text
            rest /= 1000
        }
        return width == Tile.fullWidth ? text : text + ".p/" + String(width)
    }
}
