package import Database

// GRDB has types of the same names, and a type named like its module hides the module: each side gets its names in a file of its own.
package typealias StateDatabase = Database
package typealias StateError = DatabaseError
typealias StateValue = DatabaseValue
typealias StateRow = DatabaseRow
