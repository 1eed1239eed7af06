/// Why a document is not one that can be applied. Names the line and the key, not what stands there.
package struct DocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1; nil where the document as a whole is meant.
    package let line: Int?
    package let message: String

    package init(line: Int?, _ message: String) {
        self.line = line
        self.message = message
    }

    package var description: String { line.map { "line \($0): \(message)" } ?? message }
}
