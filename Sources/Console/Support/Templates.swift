import Mustache

/// The pages' templates, parsed once. Everything that they show is escaped.
struct Templates: Sendable {
    private let library: MustacheLibrary

    init() throws {
        var library = MustacheLibrary()
        for file in EmbeddedResources.files where file.path.hasPrefix("templates/") {
            let name = file.path.dropFirst("templates/".count).prefix { $0 != "." }
            try library.register("\(file.text)", named: String(name))
        }
        self.library = library
    }

    func render(_ name: String, _ values: [String: Any]) -> String { library.render(values, withTemplate: name) ?? "" }

    /// A file that is served as it is.
    static func asset(_ name: String) -> String? {
        EmbeddedResources.files.first { $0.path == name }.map { "\($0.text)" }
    }
}
