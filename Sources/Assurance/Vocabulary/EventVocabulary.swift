import Core

/// The event vocabulary, read out of `EVENTS.md`: types, what each must fill, and the kinds of its data.
package struct EventVocabulary: Sendable {
    /// What a field of `data` may hold.
    package enum Kind: Hashable, Sendable {
        case id, text, integer, boolean, digest, time, date, list, map
        /// Any word, where the vocabulary names none.
        case word([String])
    }

    package struct EventRule: Sendable {
        package let name: String
        /// When it is recorded, in words.
        package let when: String
        /// Each group must be filled by at least one of its members: `actor.human`, `policy`, `system`, …
        package let mustFill: [[String]]
        package let fields: [String: Kind]
    }

    package let types: [String: EventRule]
    /// Members of `data.attributes` of `config.changed`, by resource type.
    package let attributes: [String: Set<String>]

    /// The vocabulary that is built in.
    package static let builtIn = Result { try EventVocabulary(markdown: EvidenceResources.vocabulary) }

    /// - Throws: `malformed_catalogue`.
    package init(markdown: String) throws {
        var types: [String: EventRule] = [:]
        var attributes: [String: Set<String>] = [:]
        var inAttributes = false
        for line in markdown.split(separator: "\n") {
            if line.hasPrefix("## ") { inAttributes = line.hasPrefix("## Attributes of `config.changed`") }
            guard line.hasPrefix("| "), line.hasSuffix(" |") else { continue }
            let cells = Self.cells(line)
            if inAttributes, cells.count == 2, cells[0] != "Resource type" {
                let names = Set(Self.quoted(cells[1]))
                for kind in cells[0].split(separator: ",") { attributes[Self.trimmed(kind)] = names }
            } else if cells.count == 5, let name = Self.quoted(cells[0]).first {
                guard types[name] == nil else { throw AssuranceError(.malformedCatalogue, "EVENTS.md has \(name) twice") }
                types[name] = EventRule(name: name, when: cells[1], mustFill: Self.groups(cells[2]), fields: try Self.fields(cells[3], of: name))
            }
        }
        guard !types.isEmpty, !attributes.isEmpty else { throw AssuranceError(.malformedCatalogue, "EVENTS.md holds no types") }
        self.types = types
        self.attributes = attributes
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    private static func cells(_ line: Substring) -> [String] {
        // A bar stands in no cell.
        line.dropFirst(2).dropLast(2).split(separator: "|", omittingEmptySubsequences: false).map { trimmed($0) }
    }

    /// What stands between backticks.
    private static func quoted(_ text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    private static func groups(_ cell: String) -> [[String]] {
        guard cell != "-", cell != "–" else { return [] }
        return cell.split(separator: ",").map { group in
            var names: [String] = []
            for word in group.split(separator: " ") where word != "or" { names.append(String(word)) }
            return names
        }
    }

    private static func fields(_ cell: String, of type: String) throws -> [String: Kind] {
        guard cell != "-", cell != "–" else { return [:] }
        var fields: [String: Kind] = [:]
        for part in cell.split(separator: ";") {
            let words = part.split(separator: " ").map(String.init)
            guard words.count >= 2, words[0].hasPrefix("`"), let name = quoted(words[0]).first else {
                throw AssuranceError(.malformedCatalogue, "EVENTS.md: a field of \(type) is no name and kind")
            }
            let kind: Kind? =
                switch words[1] {
                case "id": .id
                case "text": .text
                case "int": .integer
                case "bool": .boolean
                case "digest": .digest
                case "time": .time
                case "date": .date
                case "list": .list
                case "map": .map
                case "enum": .word(words.count > 2 && words[2].contains("/") ? words[2].split(separator: "/").map(String.init) : [])
                default: nil
                }
            guard let kind else { throw AssuranceError(.malformedCatalogue, "EVENTS.md: \(type) has a field of the unknown kind \(words[1])") }
            fields[name] = kind
        }
        return fields
    }
}
