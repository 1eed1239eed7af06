/// The few words in which portable SQL and SQLite differ: in the definition of tables.
enum SQLiteDialect {
    /// `BIGINT` becomes `INTEGER`, and the table becomes strict: a value of another type is refused, as PostgreSQL would.
    static func translate(_ sql: String) -> String {
        guard sql.utf8.starts(with: "CREATE TABLE".utf8) else { return sql }
        return sql.replacing("BIGINT", with: "INTEGER") + " STRICT"
    }
}
