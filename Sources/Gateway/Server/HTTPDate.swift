import Core

/// The Date header (RFC 9110, section 5.6.7).
enum HTTPDate {
    /// `date: Sat, 21 Nov 2026 02:33:06 GMT` and its line end.
    static func header(second: Int64) -> [UInt8] {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let text = Array(Timestamp(microseconds: second * 1_000_000).description.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        let weekday = days[Int(((second / 86_400) % 7 + 7) % 7)]
        let month = months[max(0, min(11, (Int(part(5..<7)) ?? 1) - 1))]
        return Array("date: \(weekday), \(part(8..<10)) \(month) \(part(0..<4)) \(part(11..<19)) GMT\r\n".utf8)
    }
}
