import Database

private let first = Migration(room: "r", number: 1, name: "one", statements: [makeThing])
private let second = Migration(room: "r", number: 2, name: "two", statements: ["ALTER TABLE thing ADD COLUMN extra TEXT"])

extension DatabaseContract {
    static let migrations = [
        DatabaseContract("migrations run once, and later ones are added") { database in
            try require(try await database.migrate([first]) == 1, "the first did not run")
            try require(try await database.migrate([second, first]) == 1, "only the second should have run")
            try require(try await database.migrate([first, second]) == 0, "nothing should have run")
            try require(try await database.count("SELECT count(extra) FROM thing") == 0, "the column is missing")
        },
        DatabaseContract("a changed old migration refuses") { database in
            try await database.migrate([first])
            let changed = Migration(room: "r", number: 1, name: "one", statements: [makeThing, "CREATE TABLE other (id BIGINT)"])
            try await requireError(.schema) { try await database.migrate([changed]) }
        },
        DatabaseContract("a newer database refuses") { database in
            try await database.migrate([first, second])
            try await requireError(.schema) { try await database.migrate([first]) }
        },
        DatabaseContract("a gap in the numbers refuses") { database in
            try await requireError(.schema) { try await database.migrate([second]) }
        },
        DatabaseContract("a migration that fails leaves nothing behind") { database in
            let broken = Migration(room: "r", number: 2, name: "broken", statements: ["CREATE TABLE other (id BIGINT)", "SELEKT"])
            try await requireError(.misuse) { try await database.migrate([first, broken]) }
            try require(try await database.migrate([first]) == 1, "the first was kept")
        },
        DatabaseContract("rooms are numbered apart") { database in
            let other = Migration(room: "s", number: 1, name: "one", statements: ["CREATE TABLE other (id BIGINT)"])
            try await database.migrate([first])
            try require(try await database.migrate([first, other]) == 1, "the other room's did not run")
        },
    ]
}
