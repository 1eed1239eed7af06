import Database

struct Unrelated: Error {}

extension DatabaseContract {
    static let transactions = [
        DatabaseContract("values come back as they went in") { database in
            let values: [DatabaseValue] = [.int64(.min), .text("é\u{1}\"'; --"), .blob([0, 255, 1])]
            let row = try await database.write { transaction in
                try transaction.execute(makeThing)
                try transaction.execute(addThing, values)
                return try transaction.first("SELECT id, name, bytes, parent FROM thing")
            }
            try require(row?.values == values + [.null], "another row came back")
        },
        DatabaseContract("an empty blob is not null") { database in
            let row = try await database.write { transaction in
                try transaction.execute(makeThing)
                try transaction.execute(addThing, [1, "a", .blob([])])
                return try transaction.first("SELECT bytes FROM thing")
            }
            try require(row?.values == [.blob([])], "it came back as something else")
        },
        DatabaseContract("an error of the closure rolls back and comes through") { database in
            try await database.write { _ = try $0.execute(makeThing) }
            do {
                try await database.write { transaction in
                    try transaction.execute(addThing, [1, "a", nil])
                    throw Unrelated()
                }
                throw ContractViolation(description: "no error came through")
            } catch is Unrelated {}
            try require(try await database.count(countThings) == 0, "the row stayed")
        },
        DatabaseContract("execute counts the rows that it changed") { database in
            let counts = try await database.write { transaction in
                try transaction.execute(makeThing)
                let inserted = try transaction.execute("INSERT INTO thing (id, name) VALUES (1, 'a'), (2, 'b')")
                let missed = try transaction.execute("UPDATE thing SET name = 'z' WHERE id = ?", [9])
                return [inserted, missed]
            }
            try require(counts == [2, 0], "counted \(counts)")
        },
        DatabaseContract("RETURNING answers with rows") { database in
            let row = try await database.write { transaction in
                try transaction.execute(makeThing)
                try transaction.execute(addThing, [1, "a", nil])
                return try transaction.first("UPDATE thing SET name = ? WHERE id = 1 RETURNING name", ["b"])
            }
            try require(row?.values == ["b"], "another answer came back")
        },
        DatabaseContract("concurrent writers lose no update") { database in
            try await database.write { transaction in
                try transaction.execute("CREATE TABLE total (one BIGINT PRIMARY KEY, amount BIGINT NOT NULL)")
                try transaction.execute("INSERT INTO total (one, amount) VALUES (1, 0)")
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await database.write { transaction in
                            let amount = try transaction.first("SELECT amount FROM total")?.int64(0) ?? 0
                            try transaction.execute("UPDATE total SET amount = ?", [.int64(amount + 1)])
                        }
                    }
                }
                try await group.waitForAll()
            }
            try require(try await database.count("SELECT amount FROM total") == 50, "updates were lost")
        },
        DatabaseContract("a cancelled task's write happens or throws") { database in
            try await database.write { _ = try $0.execute(makeThing) }
            let task = Task { try await database.write { _ = try $0.execute(addThing, [1, "a", nil]) } }
            task.cancel()
            let happened = (try? await task.value) != nil
            try require((try await database.count(countThings) == 1) == happened, "the answer and the table disagree")
        },
        DatabaseContract("the same statement runs many times with other values") { database in
            try await database.write { transaction in
                try transaction.execute(makeThing)
                for id in 0..<200 { try transaction.execute(addThing, [DatabaseValue(id), .text("n\(id)"), nil]) }
                for id in 0..<200 {
                    let row = try transaction.first("SELECT name FROM thing WHERE id = ?", [DatabaseValue(id)])
                    try require(try row?.text(0) == "n\(id)", "another row came back")
                }
            }
        },
    ]
}
