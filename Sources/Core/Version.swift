/// The program's version (semantic versioning 2.0).
package enum Version {
    package static let current = "0.1.0"
}
