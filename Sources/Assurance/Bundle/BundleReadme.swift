import Core

/// `README.txt` of a bundle.
enum BundleReadme {
    static func text(origin: String, range: Range<UInt64>, size: UInt64, period: EvidencePeriod) -> String {
        var text = EvidenceResources.text("bundle/README.txt")
        let values = [
            "{origin}": origin, "{first}": "\(range.lowerBound)", "{end}": "\(range.upperBound)", "{size}": "\(size)",
            "{from}": "\(period.start)", "{to}": "\(period.end)",
        ]
        for (key, value) in values {
            text = text.split(separator: key, omittingEmptySubsequences: false).joined(separator: value)
        }
        return text
    }
}
