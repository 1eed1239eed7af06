import Core
import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Cuts a stream of server-sent events into whole events and finds the one that ends the answer.
///
/// Bytes are given out unchanged, comments included, but only up to the end of a whole event: an event that is not complete could be
/// the terminal one. From the first terminal event on nothing is given out (I1). Source: the HTML Standard, section 9.2.
struct EventStreamReader {
    struct Fault: Error, Hashable {
        let failure: UpstreamFailure
    }

    private(set) var summary = AnswerSummary()
    /// A choice said why it finished, or the stream said that it is done.
    private(set) var isTerminal = false
    private(set) var isDone = false
    /// Not yet given out.
    private var pending = ByteBuffer()
    /// Offsets from the reader index of ``pending``: where the event under way starts, and where its current line starts.
    private var eventStart = 0
    private var lineStart = 0
    private var searched = 0
    private var data: [Range<Int>] = []
    private var isAtStart = true
    private let maximumEventBytes: Int
    private let maximumHeldBytes: Int

    init(maximumEventBytes: Int, maximumHeldBytes: Int) {
        self.maximumEventBytes = maximumEventBytes
        self.maximumHeldBytes = maximumHeldBytes
    }

    var heldBytes: Int { pending.readableBytes }

    /// Reads on.
    /// - Throws: where an event is too large, too much is held, or the data of an event is neither JSON nor `[DONE]`.
    mutating func feed(_ bytes: ByteBuffer) throws(Fault) {
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
        var failure: UpstreamFailure?
        // The buffer is shared, not copied: the closure must not hold `self` and its buffer at once.
        let view = pending
        view.withUnsafeReadableBytes { all in
            do throws(Fault) { try readLines(all) } catch { failure = error.failure }
        }
        if let failure { throw Fault(failure: failure) }
        guard pending.readableBytes - eventStart <= maximumEventBytes || isTerminal, !isTerminal || pending.readableBytes <= maximumHeldBytes else {
            throw Fault(failure: .tooLarge)
        }
    }

    /// What may pass now; nil where nothing may.
    mutating func takeReleasable() -> ByteBuffer? {
        guard eventStart > 0, let slice = pending.readSlice(length: eventStart) else { return nil }
        lineStart -= eventStart
        searched -= eventStart
        for index in data.indices { data[index] = data[index].lowerBound - eventStart..<data[index].upperBound - eventStart }
        eventStart = 0
        return slice
    }

    /// Everything that is held, an unfinished event at the end included.
    mutating func takeRest() -> ByteBuffer {
        let rest = pending
        pending = ByteBuffer()
        (eventStart, lineStart, searched) = (0, 0, 0)
        return rest
    }

    private mutating func readLines(_ all: UnsafeRawBufferPointer) throws(Fault) {
        if isAtStart {
            guard all.count >= 3 || all.first != 0xef else { return }
            isAtStart = false
            // A byte order mark before the first line is no part of it.
            if all.starts(with: [0xef, 0xbb, 0xbf]) { lineStart = 3 }
        }
        searched = max(searched, lineStart)
        while let end = Self.index(of: UInt8(ascii: "\n"), in: all, searched..<all.count) {
            var contentEnd = end
            if contentEnd > lineStart, all[contentEnd - 1] == UInt8(ascii: "\r") { contentEnd -= 1 }
            let line = lineStart..<contentEnd
            lineStart = end + 1
            searched = lineStart
            if line.isEmpty {
                try dispatch(all)
                if isTerminal {
                    // What follows is read for its usage, and held.
                    data.removeAll(keepingCapacity: true)
                } else {
                    eventStart = lineStart
                }
            } else if let value = Self.dataValue(all, line) {
                // A lone carriage return ends a line for other readers: what they would read as an event must not hide from us.
                if Self.index(of: UInt8(ascii: "\r"), in: all, value) != nil { throw Fault(failure: .garbage) }
                data.append(value)
            } else if Self.index(of: UInt8(ascii: "\r"), in: all, line) != nil {
                throw Fault(failure: .garbage)
            }
        }
        searched = all.count
    }

    private static func index(of byte: UInt8, in all: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard !range.isEmpty, let base = all.baseAddress, let hit = memchr(base + range.lowerBound, Int32(byte), range.count) else { return nil }
        return UnsafeRawPointer(hit) - base
    }

    /// The value of a `data` field; nil for any other line.
    private static func dataValue(_ all: UnsafeRawBufferPointer, _ line: Range<Int>) -> Range<Int>? {
        guard line.count >= 5, all[line.lowerBound] == UInt8(ascii: "d"), all[line.lowerBound + 1] == UInt8(ascii: "a"),
            all[line.lowerBound + 2] == UInt8(ascii: "t"), all[line.lowerBound + 3] == UInt8(ascii: "a"),
            all[line.lowerBound + 4] == UInt8(ascii: ":")
        else { return nil }
        let start = line.lowerBound + 5
        return start < line.upperBound && all[start] == UInt8(ascii: " ") ? start + 1..<line.upperBound : start..<line.upperBound
    }

    private mutating func dispatch(_ all: UnsafeRawBufferPointer) throws(Fault) {
        guard let first = data.first else { return }
        defer { data.removeAll(keepingCapacity: true) }
        if data.count == 1 {
            try read(all, first)
        } else {
            var joined: [UInt8] = []
            for (index, range) in data.enumerated() {
                if index > 0 { joined.append(UInt8(ascii: "\n")) }
                joined.append(contentsOf: all[range])
            }
            var failure: Fault?
            joined.withUnsafeBytes { bytes in
                do throws(Fault) { try read(bytes, 0..<bytes.count) } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(Fault) {
        guard !range.isEmpty else { return }
        if bytes[range].elementsEqual("[DONE]".utf8) {
            isDone = true
            isTerminal = true
            return
        }
        do throws(JSONError) {
            if try summary.read(bytes, in: range).isTerminal { isTerminal = true }
        } catch {
            throw Fault(failure: .garbage)
        }
    }
}
