import Core

/// The questions and answers of a `rules` provider.
///
/// The first rule whose pattern occurs in the last user message answers. A pattern is a plain piece of text, not an expression; letters
/// are compared without regard to their case (ASCII and, through Unicode's lower-case mapping, others). No rule: the default answer.
package struct RuleSet: Hashable, Sendable {
    package struct Rule: Hashable, Sendable {
        package let pattern: String
        package let answer: String

        package init(pattern: String, answer: String) {
            self.pattern = pattern
            self.answer = answer
        }
    }

    package let rules: [Rule]
    package let defaultAnswer: String
    /// `sha256:…` over the rules in their order; served as `system_fingerprint`.
    package let digest: String
    private let lowered: [String]

    package init(rules: [Rule], defaultAnswer: String) {
        self.rules = rules
        self.defaultAnswer = defaultAnswer
        lowered = rules.map { $0.pattern.lowercased() }
        digest = SHA256Digest(hashing: CanonicalJSON.encode(Self.json(rules, defaultAnswer))).description
    }

    /// The answer to a question. Deterministic.
    func answer(to question: String) -> String {
        let question = question.lowercased()
        for (index, pattern) in lowered.enumerated() where !pattern.isEmpty && question.contains(pattern) {
            return rules[index].answer
        }
        return defaultAnswer
    }

    var json: JSONValue { Self.json(rules, defaultAnswer) }

    private static func json(_ rules: [Rule], _ defaultAnswer: String) -> JSONValue {
        [
            "default_answer": JSONValue(defaultAnswer),
            "rules": .array(rules.map { ["answer": JSONValue($0.answer), "pattern": JSONValue($0.pattern)] }),
        ]
    }
}
