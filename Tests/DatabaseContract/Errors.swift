import Database

extension DatabaseContract {
    static let errors = [
        DatabaseContract("a unique name is refused twice, and the value is not in the message") { database in
            try await database.write { transaction in
                try transaction.execute(makeThing)
                try transaction.execute(addThing, [1, "very-secret", nil])
            }
            do {
                try await database.write { _ = try $0.execute(addThing, [2, "very-secret", nil]) }
                throw ContractViolation(description: "it was accepted")
            } catch let error as DatabaseError {
                try require(error.code == .constraint, "expected constraint, got \(error.code)")
                try require(!"\(error)".contains("very-secret"), "the value is in the message")
            }
        },
        DatabaseContract("a foreign key that points nowhere is refused") { database in
            try await database.write { _ = try $0.execute(makeThing) }
            try await requireError(.constraint) {
                try await database.write { _ = try $0.execute("INSERT INTO thing (id, name, parent) VALUES (1, 'a', 7)") }
            }
        },
        DatabaseContract("a value of another type is refused") { database in
            try await database.write { _ = try $0.execute(makeThing) }
            try await requireError(.constraint) {
                try await database.write { _ = try $0.execute(addThing, ["text", "a", nil]) }
            }
        },
        DatabaseContract("a text with NUL is refused rather than cut") { database in
            try await database.write { _ = try $0.execute(makeThing) }
            try await requireError(.constraint) {
                try await database.write { _ = try $0.execute(addThing, [1, "a\u{0}b", nil]) }
            }
        },
        DatabaseContract("a column of another type is an error of its reader") { database in
            try await requireError(.type) { _ = try await database.read { try $0.first("SELECT 'a'")?.int64(0) } }
            try await requireError(.type) { _ = try await database.read { try $0.first("SELECT 1")?.text(3) } }
        },
        DatabaseContract("writing in a read is refused") { database in
            try await database.write { _ = try $0.execute(makeThing) }
            try await requireError(.readOnly) { try await database.read { _ = try $0.execute(addThing, [1, "a", nil]) } }
            try require(try await database.count(countThings) == 0, "the row is there")
        },
        DatabaseContract("wrong SQL and missing values are misuse") { database in
            try await requireError(.misuse) { _ = try await database.read { try $0.query("SELEKT 1") } }
            try await requireError(.misuse) { _ = try await database.read { try $0.query("SELECT ?") } }
            try await requireError(.misuse) { _ = try await database.read { try $0.query("SELECT ?", [1, 2]) } }
        },
        DatabaseContract("after close everything fails, and closing again does not") { database in
            try await database.close()
            try await database.close()
            try await requireError(.closed) { _ = try await database.read { try $0.query("SELECT 1") } }
            try await requireError(.closed) { try await database.write { _ = try $0.execute(makeThing) } }
        },
    ]
}
