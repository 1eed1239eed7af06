/// Why evidence could not be gathered, tested, packed or checked.
///
/// Messages name files, positions and identifiers; never the content of a leaf.
package struct AssuranceError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// SQLite refused a statement, or could not write its file.
        case database
        /// A control test's file is not what a test must be.
        case malformedTest = "malformed_test"
        /// No test of that id.
        case unknownTest = "unknown_test"
        /// The catalogue or the vocabulary cannot be read.
        case malformedCatalogue = "malformed_catalogue"
        /// A fixture cannot be read or expanded.
        case malformedFixture = "malformed_fixture"
        /// A leaf is no event.
        case malformedLeaf = "malformed_leaf"
        /// An archive is not one that this program writes.
        case malformedArchive = "malformed_archive"
        /// A bundle's contents contradict each other, or the key.
        case invalidBundle = "invalid_bundle"
        /// A range or a period that the log does not hold.
        case outOfRange = "out_of_range"
        /// Reading or writing a file failed.
        case file
        /// A statement ran longer than allowed.
        case tooLong = "too_long"
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
