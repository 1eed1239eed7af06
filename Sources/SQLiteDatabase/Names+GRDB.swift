import GRDB

typealias SQLiteConnection = GRDB.Database
typealias SQLiteFault = GRDB.DatabaseError
typealias SQLiteValue = GRDB.DatabaseValue
