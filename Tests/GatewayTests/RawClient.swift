#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A client that writes exactly the bytes it is told to.
final class RawClient {
    private var descriptor: Int32
    private(set) var received: [UInt8] = []
    private(set) var isAtEnd = false

    init(port: Int) {
        #if canImport(Glibc)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        // A sockaddr_in by hand (RFC 3493 does not fix it, Linux does): which module defines its members depends on who else is imported.
        let family = UInt16(AF_INET)
        var address: [UInt8] = [UInt8(family & 0xff), UInt8(family >> 8), UInt8(port >> 8 & 0xff), UInt8(port & 0xff), 127, 0, 0, 1]
        address += [UInt8](repeating: 0, count: 8)
        #if canImport(Darwin)
        (address[0], address[1]) = (16, UInt8(AF_INET))
        #endif
        address.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            _ = connect(descriptor, base.assumingMemoryBound(to: sockaddr.self), 16)
        }
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { shut(descriptor) }
        descriptor = -1
    }

    private func shut(_ descriptor: Int32) {
        #if canImport(Glibc)
        _ = Glibc.close(descriptor)
        #else
        _ = Darwin.close(descriptor)
        #endif
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent) }
            if count <= 0 { return }
            sent += count
        }
    }

    /// Takes what is there, waiting for at most so long.
    private func receive(milliseconds: Int32) -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, milliseconds) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(descriptor, &buffer, buffer.count)
        if count <= 0 {
            isAtEnd = true
            return false
        }
        received += buffer[..<count]
        return true
    }

    /// What has come by now.
    func receiveNow() -> String {
        while receive(milliseconds: 20) {}
        return text
    }

    var text: String { String(decoding: received, as: UTF8.self) }

    /// Reads until the text is there, or the connection ends; at most ten seconds.
    @discardableResult
    func receive(until text: String, times: Int = 1) -> Bool {
        var waits = 0
        while waits < 100 {
            if self.text.split(separator: text, omittingEmptySubsequences: false).count > times { return true }
            if isAtEnd { return false }
            if !receive(milliseconds: 100) { waits += 1 }
        }
        return false
    }

    /// Reads until the other side closes.
    func receiveAll() -> String {
        var waits = 0
        while !isAtEnd, waits < 100 { if !receive(milliseconds: 100) { waits += 1 } }
        return text
    }

    /// Reads one answer with a length.
    func response() -> RawResponse? {
        guard receive(until: "\r\n\r\n"), let parsed = RawResponse(text) else { return nil }
        if let length = parsed.headers["content-length"].flatMap({ Int($0) }) {
            var waits = 0
            while !isAtEnd, waits < 100, RawResponse(text).map({ $0.body.utf8.count < length }) ?? true {
                if !receive(milliseconds: 100) { waits += 1 }
            }
        } else {
            receive(until: "\r\n0\r\n\r\n")
        }
        defer { received = [] }
        return RawResponse(text)
    }
}

struct RawResponse {
    let status: Int
    let headers: [String: String]
    let body: String

    init?(_ text: String) {
        guard let end = text.range(ofCRLF: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let first = lines.first, let status = Int(first.split(separator: " ").dropFirst().first ?? "") else { return nil }
        self.status = status
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        self.headers = headers
        body = String(text[end.upperBound...])
    }

    /// The body without its chunks' lengths.
    var unchunked: String {
        var out = [UInt8]()
        var rest = Array(body.utf8)[...]
        while let line = rest.firstIndex(of: 13), let size = Int(String(decoding: rest[..<line], as: UTF8.self), radix: 16), size > 0 {
            let start = line + 2
            guard start + size <= rest.endIndex else { break }
            out += rest[start..<start + size]
            rest = rest[min(start + size + 2, rest.endIndex)...]
        }
        return String(decoding: out, as: UTF8.self)
    }
}

extension String {
    func range(ofCRLF separator: String) -> Range<String.Index>? {
        let bytes = Array(utf8)
        let wanted = Array(separator.utf8)
        guard bytes.count >= wanted.count else { return nil }
        for start in 0...(bytes.count - wanted.count) where Array(bytes[start..<start + wanted.count]) == wanted {
            let lower = utf8.index(startIndex, offsetBy: start)
            return lower..<utf8.index(lower, offsetBy: wanted.count)
        }
        return nil
    }
}
