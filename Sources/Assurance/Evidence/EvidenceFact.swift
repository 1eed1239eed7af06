/// Something that SQL cannot say, computed again by whoever built the evidence database.
package struct EvidenceFact: Hashable, Sendable {
    package let name: String
    package let itemID: String
    package let value: String
    package let method: String

    package init(name: String, itemID: String, value: String, method: String) {
        self.name = name
        self.itemID = itemID
        self.value = value
        self.method = method
    }
}
