import Yams

/// A place in a YAML document, read strictly: every value by its type, every key by name.
struct DocumentNode {
    private let node: Node
    let line: Int

    private init(_ node: Node, line: Int) {
        self.node = node
        self.line = node.mark?.line ?? line
    }

    /// - Parameter yaml: at most 1 MiB, one document; libYAML itself stops at 1,000 levels.
    init(yaml: String) throws(DocumentError) {
        guard yaml.utf8.count <= 1 << 20 else { throw DocumentError(line: nil, "the document is longer than 1 MiB") }
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw Self.explained(error)
        }
        guard let root else { throw DocumentError(line: nil, "the document is empty") }
        self.init(root, line: 1)
    }

    func fault(_ message: String) -> DocumentError { DocumentError(line: line, message) }

    /// The members of a mapping with these keys and no other.
    func members(_ known: Set<String>) throws(DocumentError) -> [String: DocumentNode] {
        guard let mapping = node.mapping else { throw fault("keys with values are expected here") }
        var out: [String: DocumentNode] = [:]
        for (key, value) in mapping {
            let keyLine = key.mark?.line ?? line
            guard let name = key.scalar?.string, known.contains(name) else {
                throw DocumentError(
                    line: keyLine, "unknown key\(Self.shown(key.scalar?.string)); known here: \(known.sorted().joined(separator: ", "))")
            }
            out[name] = DocumentNode(value, line: keyLine)
        }
        return out
    }

    func required(_ name: String, _ members: [String: DocumentNode]) throws(DocumentError) -> DocumentNode {
        guard let member = members[name] else { throw fault("\(name) is missing") }
        return member
    }

    func elements() throws(DocumentError) -> [DocumentNode] {
        guard let sequence = node.sequence else { throw fault("a list is expected here") }
        guard sequence.count <= 10_000 else { throw fault("a list has at most 10,000 elements") }
        return sequence.map { DocumentNode($0, line: line) }
    }

    /// A text; not empty, because an empty value is most often a forgotten one.
    func string() throws(DocumentError) -> String {
        guard let scalar = node.scalar, !scalar.string.isEmpty, !(scalar.style == .plain && ["~", "null", "Null", "NULL"].contains(scalar.string))
        else { throw fault("a text is expected here") }
        return scalar.string
    }

    func integer() throws(DocumentError) -> Int {
        guard let scalar = node.scalar, scalar.style == .plain, let value = Int(scalar.string) else { throw fault("an integer is expected here") }
        return value
    }

    func bool() throws(DocumentError) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain, let value = ["true": true, "false": false][scalar.string] else {
            throw fault("true or false is expected here")
        }
        return value
    }

    func oneOf<T>(_ values: [String: T]) throws(DocumentError) -> T {
        guard let name = node.scalar?.string, let value = values[name] else {
            throw fault("expected here: \(values.keys.sorted().joined(separator: ", "))")
        }
        return value
    }

    /// A key is repeated in a message only if it looks like one: it may be a secret in the wrong place.
    private static func shown(_ key: String?) -> String {
        guard let key, key.utf8.count <= 32, key.utf8.allSatisfy({ (97...122).contains($0) || $0 == 95 }) else { return "" }
        return " `\(key)`"
    }

    private static func explained(_ error: any Error) -> DocumentError {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            DocumentError(line: mark.line, "not YAML: \(problem)")
        case .duplicatedKeysInMapping(_, let context): DocumentError(line: context.mark.line, "a key stands here twice")
        default: DocumentError(line: nil, "not YAML that can be read")
        }
    }
}
