import Core

extension Database {
    /// Brings the tables up to date, all in one transaction, or refuses.
    ///
    /// - Parameter migrations: those of every room; per room numbered 1, 2, 3 …
    /// - Returns: how many were applied now.
    /// - Throws: ``DatabaseError`` with code `schema` where an old migration's digest differs from the one stored, where the database
    ///   has migrations that this program does not know (a newer program made it), or where the numbers have gaps.
    @discardableResult
    package func migrate(_ migrations: [Migration]) async throws -> Int {
        let ordered = migrations.sorted { ($0.room, $0.number) < ($1.room, $1.number) }
        for (index, migration) in ordered.enumerated() {
            let previous = index > 0 && ordered[index - 1].room == migration.room ? ordered[index - 1].number : 0
            guard migration.number == previous + 1 else {
                throw DatabaseError(.schema, "the migrations of \(migration.room) are not numbered 1, 2, 3 …")
            }
        }
        return try await write { transaction in
            try transaction.execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migration (
                    room TEXT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (room, number))
                """)
            var pending = ordered
            for row in try transaction.query("SELECT room, number, name, digest FROM schema_migration ORDER BY room, number") {
                let (room, number, digest) = (try row.text(0), try row.int64(1), try row.text(3))
                guard let index = pending.firstIndex(where: { $0.room == room && $0.number == number }) else {
                    throw DatabaseError(
                        .schema,
                        "a newer program made this database: it has migration \(number) of \(room) (\(try row.text(2))), "
                            + "which this program does not know. Start the newer program, or restore a backup.")
                }
                guard pending[index].digest.description == digest else {
                    throw DatabaseError(
                        .schema,
                        "migration \(number) of \(room) is not the one that made this database (\(digest) there, "
                            + "\(pending[index].digest) here). Start the program that made it.")
                }
                pending.remove(at: index)
            }
            for migration in pending {
                for statement in migration.statements { try transaction.execute(statement) }
                try transaction.execute(
                    "INSERT INTO schema_migration (room, number, name, digest) VALUES (?, ?, ?, ?)",
                    [.text(migration.room), .int64(migration.number), .text(migration.name), .text(migration.digest.description)])
            }
            return pending.count
        }
    }
}
