/// Decimal numbers as the log formats write them: ASCII digits, no sign, no leading zero except in `0` itself.
enum Decimal {
    static func append(_ value: UInt64, to out: inout [UInt8]) {
        out.append(contentsOf: String(value).utf8)
    }

    /// - Returns: nil for anything but the one text of a number up to `maximum`.
    static func parse(_ text: some Collection<UInt8>, maximum: UInt64 = .max) -> UInt64? {
        guard let first = text.first, text.count <= 20 else { return nil }
        if first == UInt8(ascii: "0") { return text.count == 1 ? 0 : nil }
        var value: UInt64 = 0
        for byte in text {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !tooLarge, !overflow else { return nil }
            value = sum
        }
        return value <= maximum ? value : nil
    }
}
