#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where the secrets of providers come from. Read when a table of routes is made, kept in memory only.
package protocol CredentialSource: Sendable {
    /// - Throws: ``GatewayError/Code/invalidConfiguration``: it is missing or could not stand in a header. The message never holds it.
    func credential(_ reference: CredentialReference) throws(GatewayError) -> ProviderCredential
}

/// The environment and the files of this process.
package struct ProcessCredentials: CredentialSource {
    package init() {}

    package func credential(_ reference: CredentialReference) throws(GatewayError) -> ProviderCredential {
        switch reference {
        case .environment(let name):
            guard let value = getenv(name) else {
                throw GatewayError(.invalidConfiguration, "the environment variable \(name) is not set where the server runs")
            }
            return try ProviderCredential(String(cString: value))
        case .file(let path):
            return try ProviderCredential(try Self.read(path))
        }
    }

    private static func read(_ path: String) throws(GatewayError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw GatewayError(.invalidConfiguration, "the credential file \(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4098)
        let count = readBytes(descriptor, &buffer)
        guard count >= 0 else { throw GatewayError(.invalidConfiguration, "the credential file \(path) cannot be read") }
        var text = buffer[..<count]
        while text.last == UInt8(ascii: "\n") || text.last == UInt8(ascii: "\r") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }
}

// The C function, which the static function of the same name would hide.
private func readBytes(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int { read(descriptor, &buffer, buffer.count) }
