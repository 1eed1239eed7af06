package import ArgumentParser
import Core

/// The program. Exit status: 0 fine, 1 found a fault, 2 could not run.
package struct CountersignCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "countersign",
        abstract: "Enforce AI security controls while AI systems run, and prove afterwards that they were.",
        version: Version.current,
        subcommands: [
            InitCommand.self, ServeCommand.self, DemoCommand.self, ApplyCommand.self, StatusCommand.self, DoctorCommand.self, TokenCommand.self,
            ReceiptCommand.self, LedgerCommand.self, EpochCommand.self, ControlCommand.self, BundleCommand.self, WitnessCommand.self,
        ])

    package init() {}

    package static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch let code as ExitCode {
            exit(withError: code)
        } catch let found as FoundFault {
            Terminal.error(found.message)
            exit(withError: ExitCode(1))
        } catch {
            let code = exitCode(for: error)
            // The parser's own messages (help, usage) are printed by it; 64 is its "wrong usage".
            if code == .success { exit(withError: error) }
            if code.rawValue == 64 {
                Terminal.error(fullMessage(for: error))
            } else {
                Terminal.error("countersign: \(error)")
            }
            exit(withError: ExitCode(2))
        }
    }
}

/// A fault in what was checked: exit status 1.
struct FoundFault: Error {
    var message: String
}
