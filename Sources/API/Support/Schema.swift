package import Core

/// JSON schemas that endpoints share.
package enum Schema {
    /// A TypeID.
    package static let identifier: JSONValue = ["type": "string", "pattern": "^[a-z][a-z_]{0,61}[a-z]_[0-7][0-9a-hjkmnp-tv-z]{25}$"]
    package static let text: JSONValue = ["type": "string"]
    package static let integer: JSONValue = ["type": "integer"]
    package static let boolean: JSONValue = ["type": "boolean"]
    package static let time: JSONValue = ["type": "string", "format": "date-time"]
    package static let digest: JSONValue = ["type": "string", "pattern": "^sha256:[0-9a-f]{64}$"]
    /// A day or a moment in UTC, as requests name them.
    package static let day: JSONValue = [
        "type": "string",
        "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?Z)?$",
        "description": "2026-11-21, or 2026-11-21T10:00Z",
    ]

    package static func array(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }

    /// - Parameter optional: members that may be missing.
    package static func object(_ required: [String: JSONValue], optional: [String: JSONValue] = [:]) -> JSONValue {
        [
            "type": "object", "required": .array(required.keys.sorted().map { JSONValue($0) }),
            "properties": .object(required.merging(optional) { first, _ in first }),
        ]
    }
}
