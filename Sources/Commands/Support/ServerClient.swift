import ArgumentParser
import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where the server is and who asks it.
struct ServerOptions: ParsableArguments {
    @Option(help: "The control plane's address. Environment: COUNTERSIGN_SERVER.")
    var server: String?

    @Option(help: "A bearer token. Environment: COUNTERSIGN_TOKEN, which keeps it out of the list of processes.")
    var token: String?

    @Option(help: "A file whose first line is the bearer token.")
    var tokenFile: String?

    func client() throws -> ServerClient {
        let base = server ?? environment("COUNTERSIGN_SERVER") ?? "http://127.0.0.1:8081"
        guard base.hasPrefix("http://") || base.hasPrefix("https://") else {
            throw ValidationError("--server must begin with http:// or https://")
        }
        var secret = token ?? environment("COUNTERSIGN_TOKEN")
        if let tokenFile {
            let text = String(decoding: try DurableFile.read(tokenFile, maximumBytes: 4096), as: UTF8.self)
            secret = text.split(whereSeparator: \.isNewline).first.map(String.init)
        }
        return ServerClient(base: base.hasSuffix("/") ? String(base.dropLast()) : base, token: secret)
    }
}

func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Talks to a running server.
struct ServerClient {
    let base: String
    let token: String?

    /// Not the shared client: that one tries for a minute and a half to reach a server that is not there.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    struct Reply {
        var status: Int
        var bytes: [UInt8]
    }

    /// Sends a request and takes the whole answer.
    /// - Throws: ``FoundFault`` for a refusal, in the server's words.
    func call(_ method: String, _ path: String, _ body: JSONValue? = nil, maximumBytes: Int = 64 << 20) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: base + path)
        request.method = HTTPMethod(rawValue: method)
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(CanonicalJSON.encode(body))
        }
        let response: HTTPClientResponse
        do {
            response = try await Self.client.execute(request, timeout: .minutes(30))
        } catch {
            throw CommandError("no server answers at \(base): \(error)")
        }
        let bytes = Array(try await response.body.collect(upTo: maximumBytes).readableBytesView)
        guard (200..<300).contains(Int(response.status.code)) else { throw Self.refusal(Int(response.status.code), bytes) }
        return bytes
    }

    func json(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        try JSONParser.parse(try await call(method, path, body), maximumBytes: 64 << 20)
    }

    /// Streams an answer into a file, which appears only when it is whole.
    func download(_ method: String, _ path: String, _ body: JSONValue, to file: String) async throws -> Int {
        var request = HTTPClientRequest(url: base + path)
        request.method = HTTPMethod(rawValue: method)
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(CanonicalJSON.encode(body))
        let response: HTTPClientResponse
        do { response = try await Self.client.execute(request, timeout: .minutes(30)) } catch {
            throw CommandError("no server answers at \(base): \(error)")
        }
        guard response.status == .ok else {
            throw Self.refusal(Int(response.status.code), Array(try await response.body.collect(upTo: 1 << 20).readableBytesView))
        }
        let temporary = DurableFile.temporaryPath(for: file)
        var total = 0
        do {
            let out = try OpenFile(temporary, .create(permissions: 0o600))
            for try await buffer in response.body {
                try out.write(Array(buffer.readableBytesView))
                total += buffer.readableBytes
            }
            try out.sync()
            try DurableFile.rename(temporary, to: file)
        } catch {
            _ = try? DurableFile.remove(temporary)
            throw error
        }
        return total
    }

    private static func refusal(_ status: Int, _ bytes: [UInt8]) -> FoundFault {
        let problem = try? JSONParser.parse(bytes)
        let detail = problem?["detail"]?.string ?? "the server answered \(status)"
        let code = problem?["code"]?.string.map { " (\($0))" } ?? ""
        return FoundFault(message: "refused: \(detail)\(code)")
    }
}
