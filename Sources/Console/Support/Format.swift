import Core

/// Numbers and times as pages show them.
enum Format {
    /// `12,345`.
    static func count(_ value: some BinaryInteger) -> String {
        var out = ""
        for (place, digit) in String(value).reversed().enumerated() {
            if place > 0, place.isMultiple(of: 3), digit != "-" { out.append(",") }
            out.append(digit)
        }
        return String(out.reversed())
    }

    /// `21 Nov 10:04:05.123`, in UTC.
    static func moment(_ time: Timestamp) -> String {
        let text = time.description
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = Int(text.dropFirst(5).prefix(2)) ?? 1
        return "\(Int(text.dropFirst(8).prefix(2)) ?? 0) \(months[(month - 1) % 12]) \(text.dropFirst(11).prefix(12))"
    }

    /// `0.42 ms`, `1.84 s`.
    static func duration(microseconds: Int64) -> String {
        switch microseconds {
        case ..<1_000: "\(microseconds) µs"
        case ..<100_000: "\(microseconds / 1_000).\(twoDigits(microseconds % 1_000 / 10)) ms"
        case ..<1_000_000: "\(microseconds / 1_000) ms"
        default: "\(count(microseconds / 1_000_000)).\(twoDigits(microseconds % 1_000_000 / 10_000)) s"
        }
    }

    /// `0.56%` of a whole; a dash where there is no whole.
    static func share(_ part: Int64, of whole: Int64) -> String {
        guard whole > 0 else { return "–" }
        let hundredths = part * 10_000 / whole
        return "\(hundredths / 100).\(twoDigits(hundredths % 100))%"
    }

    private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
