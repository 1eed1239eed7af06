package import Core
import Foundation

/// The event vocabulary as its table says it: what a type must fill, and which fields its data may have.
package struct EventVocabulary {
    private var required: [String: Set<String>] = [:]
    private var fields: [String: Set<String>] = [:]

    package init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent("Sources/Assurance/Resources/evidence/EVENTS.md")
        for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count >= 4 else { continue }
            let type = cells[0].trimmingCharacters(in: ["`"])
            guard type.contains(".") else { continue }
            required[type] = Set(cells[2].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
            fields[type] = Set(cells[3].matches(of: /`([a-z_]+)`/).map { String($0.output.1) })
        }
    }

    /// What is wrong with an event; empty where it is as the vocabulary has it.
    package func faults(of event: Event) -> [String] {
        let type = event.type.name
        guard let fields = fields[type], let required = required[type] else { return ["\(type) is not in the vocabulary"] }
        var faults: [String] = []
        let data = (try? JSONParser.parse(event.data.bytes))?.object ?? [:]
        for key in data.keys where !fields.contains(key) { faults.append("\(type) has no field \(key)") }
        let filled: [String: Bool] = [
            "actor.human": event.actor.human != nil, "policy": event.policy != nil, "system": event.system != nil,
            "resource.version": event.resource?.version != nil, "effective_at": event.effectiveAt != nil,
        ]
        for name in required where filled[name] == false { faults.append("\(type) must fill \(name)") }
        return faults
    }
}
