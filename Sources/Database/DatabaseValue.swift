/// A value of a column or a parameter.
package enum DatabaseValue: Hashable, Sendable {
    case null
    case int64(Int64)
    case text(String)
    case blob([UInt8])
}

extension DatabaseValue {
    package init(_ value: Int64?) { self = value.map(Self.int64) ?? .null }
    package init(_ value: Int) { self = .int64(Int64(value)) }
    package init(_ value: String?) { self = value.map(Self.text) ?? .null }
    package init(_ value: [UInt8]?) { self = value.map(Self.blob) ?? .null }
}

extension DatabaseValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral {
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .int64(value) }
    package init(nilLiteral: ()) { self = .null }
}
