// EmbedTool FOLDER OUTPUT: writes the text files below FOLDER as one Swift dictionary. Run by the build only.
import FoundationEssentials

let arguments = CommandLine.arguments
guard arguments.count == 3 else { fatalError("usage: EmbedTool FOLDER OUTPUT") }
let manager = FileManager.default
var source = """
    enum EmbeddedResources {
        /// Path below the folder, and the file's text.
        static let files: [(path: String, text: StaticString)] = [

    """
for path in try manager.subpathsOfDirectory(atPath: arguments[1]).sorted() {
    guard let data = manager.contents(atPath: arguments[1] + "/" + path) else { continue }
    guard let text = String(data: data, encoding: .utf8), !text.contains("\"\"\"##"), !text.contains("\\##"), !text.contains("\r") else {
        fatalError("\(path) is no plain text")
    }
    // A multi-line literal ends without the line break before its delimiter: the text keeps its own.
    source += "        (\n            \"\(path)\",\n            ##\"\"\"\n\(text)\n\"\"\"##\n        ),\n"
}
source += "    ]\n}\n"
try source.write(toFile: arguments[2], atomically: true, encoding: .utf8)
