/// The classification of what is sealed. Its number is part of the envelope's format.
package enum DataClassification: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    case `public` = 1
    case `internal` = 2
    case confidential = 3
    case restricted = 4

    /// The name, as events and configuration write it.
    package var name: String {
        switch self {
        case .public: "public"
        case .internal: "internal"
        case .confidential: "confidential"
        case .restricted: "restricted"
        }
    }

    /// - Returns: nil for a name that is none of the four.
    package init?(name: String) {
        guard let known = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = known
    }

    package var description: String { name }
}
