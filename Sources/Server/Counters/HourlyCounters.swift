package import Core
package import Gateway

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Counts arrivals apart from the records, by hour, in a mapped file: the counts survive the process, though not a power failure.
///
/// ```
/// ring of 64 slots, each of 8 words (64 bits, native order):
/// hour | arrived | strangers | write refusals | settled | reported: arrived | strangers | write refusals
/// ```
/// `settled` counts arrivals whose end is known; what arrived and is not settled is under way. A slot of an hour whose reports are
/// complete is reused 64 hours later.
package final class HourlyCounters: IngressCounters {
    private enum Field: Int { case hour, arrived, strangers, writeRefusals, settled, reportedArrived, reportedStrangers, reportedWrites }
    private static let slots = 64
    private static let words = 8
    private static var bytes: Int { slots * words * 8 }

    private struct Memory: @unchecked Sendable {
        let words: UnsafeMutablePointer<Int64>
    }

    private let memory: Monitor<Memory>

    /// What is to be reported of an hour.
    package struct Report: Sendable {
        package var hour: Int64
        package var counter: String
        package var value: Int64
    }

    /// Maps the file, which is made if need be.
    package init(path: String) throws(FileError) {
        let file = try OpenFile(path, .append(permissions: 0o600))
        if try file.status().size != Int64(Self.bytes) { try file.truncate(to: Int64(Self.bytes)) }
        guard let address = mmap(nil, Self.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0), address != MAP_FAILED else {
            throw FileError(.open, path, errno: errno, detail: "cannot be mapped")
        }
        memory = Monitor(Memory(words: address.bindMemory(to: Int64.self, capacity: Self.slots * Self.words)))
    }

    deinit { memory.withLock { _ = munmap($0.words, Self.bytes) } }

    // MARK: Counting

    package func requestArrived(at arrived: Timestamp) { add(arrived, [(.arrived, 1)]) }

    package func strangerRefused(arrived: Timestamp, reason: StrangerRefusal, from block: AddressBlock) {
        add(arrived, [(.strangers, 1), (.settled, 1)])
    }

    package func writeRefused(arrived: Timestamp) { add(arrived, [(.writeRefusals, 1), (.settled, 1)]) }

    package func intentRecorded(arrived: Timestamp, recordedAt: Timestamp) {
        if Self.hour(arrived) == Self.hour(recordedAt) {
            add(arrived, [(.settled, 1)])
        } else {
            add(arrived, [(.arrived, -1)])
            add(recordedAt, [(.arrived, 1), (.settled, 1)])
        }
    }

    private static func hour(_ time: Timestamp) -> Int64 { time.microseconds / Timestamp.hour }

    private func add(_ time: Timestamp, _ changes: [(Field, Int64)]) {
        let hour = Self.hour(time)
        memory.withLock { memory in
            let slot = memory.words + Int(hour % Int64(Self.slots)) * Self.words
            if slot[Field.hour.rawValue] != hour {
                slot.update(repeating: 0, count: Self.words)
                slot[Field.hour.rawValue] = hour
            }
            for (field, amount) in changes { slot[field.rawValue] += amount }
        }
    }

    // MARK: Reporting

    /// Takes what is settled and not yet reported, and notes it as reported.
    /// - Parameter isDue: which hours; of the present one, what is under way stays for later.
    package func takeReports(_ isDue: (_ hour: Int64, _ underWay: Int64) -> Bool) -> [Report] {
        memory.withLock { memory in
            var out: [Report] = []
            for number in 0..<Self.slots {
                let slot = memory.words + number * Self.words
                let hour = slot[Field.hour.rawValue]
                let settled = slot[Field.settled.rawValue]
                guard hour > 0, isDue(hour, slot[Field.arrived.rawValue] - settled) else { continue }
                for (counter, total, reported) in [
                    ("ingress_requests", settled, Field.reportedArrived),
                    ("stranger_refusals", slot[Field.strangers.rawValue], .reportedStrangers),
                    ("write_refusals", slot[Field.writeRefusals.rawValue], .reportedWrites),
                ] where total != slot[reported.rawValue] {
                    out.append(Report(hour: hour, counter: counter, value: total - slot[reported.rawValue]))
                    slot[reported.rawValue] = total
                }
            }
            return out
        }
    }

    /// Settles what was under way when the process died: requests whose intent did not become durable were never recorded.
    ///
    /// The count of what was under way bounds the correction: more than that is a difference which the reconciliation must show.
    /// - Parameter intents: how many intents the log has for an hour.
    package func settle(_ intents: (_ hour: Int64) throws -> Int64) rethrows {
        let open = memory.withLock { memory in
            (0..<Self.slots).compactMap { number -> (hour: Int64, underWay: Int64, recorded: Int64)? in
                let slot = memory.words + number * Self.words
                let underWay = slot[Field.arrived.rawValue] - slot[Field.settled.rawValue]
                guard slot[Field.hour.rawValue] > 0, underWay > 0 else { return nil }
                let recorded = slot[Field.settled.rawValue] - slot[Field.strangers.rawValue] - slot[Field.writeRefusals.rawValue]
                return (slot[Field.hour.rawValue], underWay, recorded)
            }
        }
        for item in open {
            let late = try intents(item.hour) - item.recorded
            memory.withLock { memory in
                let slot = memory.words + Int(item.hour % Int64(Self.slots)) * Self.words
                slot[Field.writeRefusals.rawValue] += item.underWay - min(max(late, 0), item.underWay)
                slot[Field.settled.rawValue] += item.underWay
            }
        }
    }
}
