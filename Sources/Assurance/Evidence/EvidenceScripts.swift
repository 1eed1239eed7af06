import Core

/// The small scripts that an evidence database is filled with beside the leaves; the same text goes into a bundle for the stock `sqlite3`.
package enum EvidenceScripts {
    package static func quote(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    /// ``catalogue(_:)`` of the catalogue that is built in.
    package static let builtInCatalogue = Result { catalogue(try ControlCatalogue.builtIn.get()) }

    /// `catalogue_test` and `catalogue_parameter`.
    package static func catalogue(_ catalogue: ControlCatalogue) -> String {
        var out = "-- Tests and parameters of the control catalogue \(catalogue.version), \(catalogue.digest).\n"
        for control in catalogue.controls {
            for test in control.tests {
                let row = [test.id, control.id, test.minimumAssurance, control.frequency].map(quote).joined(separator: ", ")
                out += "INSERT INTO catalogue_test VALUES (\(row));\n"
                for parameter in test.parameters {
                    out += "INSERT INTO catalogue_parameter VALUES"
                    out += " (\(quote(parameter.name)), \(parameter.defaultValue), \(parameter.weakest), \(quote(parameter.stricter)));\n"
                }
            }
        }
        return out
    }

    package static func period(_ period: EvidencePeriod) -> String {
        """
        -- The period under test, \(period.start) to \(period.end), the end not in it; microseconds since 1970.
        INSERT INTO period VALUES (1, \(period.start.microseconds), \(period.end.microseconds));

        """
    }

    package static func meta(origin: String, first: UInt64) -> String {
        """
        INSERT INTO meta VALUES ('origin', \(quote(origin)));
        INSERT INTO meta VALUES ('first_idx', '\(first)');

        """
    }

    package static func facts(_ facts: [EvidenceFact]) -> String {
        facts.map {
            "INSERT INTO fact VALUES (\([$0.name, $0.itemID, $0.value, $0.method].map(quote).joined(separator: ", ")), 'recomputed', NULL);\n"
        }.joined()
    }

    package static func leaf(index: UInt64, json: String) -> String {
        "INSERT INTO leaf VALUES (\(index), \(quote(json)));\n"
    }
}
