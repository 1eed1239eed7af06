#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A moment in UTC, as microseconds since 1970-01-01. On the wire: RFC 3339 with six digits of fraction and `Z`.
package struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Microseconds since 1970-01-01T00:00:00Z.
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    /// Length of the wire form in bytes.
    package static let wireLength = 27
    package static let day: Int64 = 86_400_000_000
    package static let hour: Int64 = 3_600_000_000

    package var description: String {
        String(unsafeUninitializedCapacity: Self.wireLength) { buffer in
            write(to: UnsafeMutableRawBufferPointer(buffer))
            return Self.wireLength
        }
    }

    /// The date in UTC, `2026-11-21`.
    package var date: String { String(description.prefix(10)) }

    /// Writes the wire form.
    /// - Parameter buffer: at least ``wireLength`` bytes; exactly that many are written. Years 0000 to 9999.
    package func write(to buffer: UnsafeMutableRawBufferPointer) {
        let days = microseconds.floorDivided(by: Self.day)
        var rest = microseconds - days * Self.day
        let (year, month, day) = Self.civil(fromDays: days)
        func put(_ value: Int64, _ width: Int, at position: Int) {
            var value = value
            for place in stride(from: position + width - 1, through: position, by: -1) {
                buffer[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
                value /= 10
            }
        }
        put(year, 4, at: 0)
        buffer[4] = UInt8(ascii: "-")
        put(month, 2, at: 5)
        buffer[7] = UInt8(ascii: "-")
        put(day, 2, at: 8)
        buffer[10] = UInt8(ascii: "T")
        put(rest / Self.hour, 2, at: 11)
        rest %= Self.hour
        buffer[13] = UInt8(ascii: ":")
        put(rest / 60_000_000, 2, at: 14)
        rest %= 60_000_000
        buffer[16] = UInt8(ascii: ":")
        put(rest / 1_000_000, 2, at: 17)
        buffer[19] = UInt8(ascii: ".")
        put(rest % 1_000_000, 6, at: 20)
        buffer[26] = UInt8(ascii: "Z")
    }

    /// Reads a moment: a date, or a date and time in UTC with up to six digits of fraction.
    /// - Returns: nil for anything else, for dates that do not exist and for offsets other than `Z`.
    package init?(parsing text: some StringProtocol) {
        let bytes = Array(text.utf8)
        func number(_ from: Int, _ width: Int) -> Int64? {
            guard from + width <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[from..<from + width] {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard bytes.count >= 10, bytes.count <= Self.wireLength, let year = number(0, 4), bytes[4] == UInt8(ascii: "-"),
            let month = number(5, 2), bytes[7] == UInt8(ascii: "-"), let day = number(8, 2)
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        guard Self.civil(fromDays: days) == (year, month, day) else { return nil }
        if bytes.count == 10 {
            self.init(microseconds: days * Self.day)
            return
        }
        guard bytes.count >= 17, bytes[10] == UInt8(ascii: "T"), bytes.last == UInt8(ascii: "Z"), let hour = number(11, 2), hour < 24,
            bytes[13] == UInt8(ascii: ":"), let minute = number(14, 2), minute < 60
        else { return nil }
        var micros = days * Self.day + hour * Self.hour + minute * 60_000_000
        if bytes.count > 17 {
            guard bytes.count >= 20, bytes[16] == UInt8(ascii: ":"), let second = number(17, 2), second < 60 else { return nil }
            micros += second * 1_000_000
            if bytes.count > 20 {
                let digits = bytes.count - 21
                guard bytes[19] == UInt8(ascii: "."), (1...6).contains(digits), var fraction = number(20, digits) else { return nil }
                for _ in digits..<6 { fraction *= 10 }
                micros += fraction
            }
        }
        self.init(microseconds: micros)
    }

    // Days to civil date and back; Howard Hinnant, "chrono-compatible low-level date algorithms".
    private static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let z = days + 719_468
        let era = z.floorDivided(by: 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = y.floorDivided(by: 400)
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

/// What time it is. Injected, so that tests need not wait.
package protocol WallClock: Sendable {
    func now() -> Timestamp
}

/// The host's clock.
package struct SystemClock: WallClock {
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

/// Elapsed time that no clock setting moves, in microseconds from an arbitrary origin.
package func monotonicMicroseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}
