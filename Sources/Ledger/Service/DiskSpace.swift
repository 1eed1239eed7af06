#if canImport(Glibc)
import CLinux
import Glibc
#else
import Darwin
#endif

/// Free space for an unprivileged process on the disk of a path, in MiB; nil where the system does not tell.
package func freeDiskMiB(_ path: String) -> Int64? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return (Int64(status.f_bavail) * Int64(status.f_frsize)) >> 20
}

/// How far the host's clock is off, as the kernel's time discipline says (`adjtimex`, read only).
package struct ClockOffset: Sendable {
    /// Microseconds; 0 where the kernel is not steering.
    package var offset: Int64
    /// The greatest error that the kernel claims, in microseconds.
    package var uncertainty: Int64
    /// Whether somebody (an NTP daemon) keeps the clock synchronised.
    package var isSynchronised: Bool

    /// - Returns: nil where the system does not tell.
    package static func measure() -> ClockOffset? {
        #if canImport(Glibc)
        var state = timex()
        let result = adjtimex(&state)
        guard result >= 0 else { return nil }
        // STA_NANO: the offset is in nanoseconds.
        let offset = state.status & 0x2000 != 0 ? Int64(state.offset) / 1000 : Int64(state.offset)
        return ClockOffset(offset: offset, uncertainty: Int64(state.maxerror), isSynchronised: result != 5 && state.status & 0x40 == 0)
        #else
        return nil
        #endif
    }
}
