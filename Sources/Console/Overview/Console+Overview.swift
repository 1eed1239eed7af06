import Core
import Hummingbird
import Ledger
import MerkleLog

extension Console {
    private static let parts = 48
    private static let chartWidth = 960
    private static let chartHeight = 150

    /// The last 24 hours at a glance, what needs a person first.
    func overview(_ visit: Visit) async throws -> Response {
        let now = SystemClock().now()
        let from = Timestamp(microseconds: now.microseconds - Timestamp.day)
        let counts = try await blocking { [ledger] in try ledger.index.outcomes(from: from, to: now, parts: Self.parts) }
        func total(_ types: EventType...) -> Int64 { counts.reduce(0) { sum, part in types.reduce(sum) { $0 + (part[$1.name] ?? 0) } } }
        let (completed, denied) = (total(.inferenceCompleted), total(.inferenceDenied))
        let failed = total(.inferenceFailed, .inferenceAborted)
        let all = completed + denied + failed
        let latest = try await summaries(.init(), limit: 10)
        var values = try await rows(
            latest, for: visit,
            empty: (
                "No request yet", "Point an application at the data plane: OPENAI_BASE_URL=http://127.0.0.1:8080/v1 and its token as OPENAI_API_KEY."
            ))
        values["requests"] = Format.count(all)
        values["denied"] = Format.count(denied)
        values["deniedShare"] = "\(Format.share(denied, of: all)) of all"
        values["failed"] = Format.count(failed)
        values["entries"] = Format.count(ledger.nextIndex)
        values["signed"] = Format.count(ledger.checkpoint?.checkpoint.size ?? 0)
        values["chart"] = chart(counts, from: from, to: now)
        let items = try await attention()
        if !items.isEmpty { values["attention"] = ["items": items] as [String: Any] }
        return try await html("overview", title: "Overview", visit, values)
    }

    /// What needs a person, each with the reason and the one thing to do.
    private func attention() async throws -> [[String: Any]] {
        var items: [[String: Any]] = []
        if let reason = source.unreadiness() {
            items.append(["class": "bad", "kind": "Stopped", "what": "New requests are refused", "why": reason])
        }
        if try await blocking({ [ledger] in try ledger.witnessedCheckpoint() == nil }) {
            items.append([
                "class": "warn", "kind": "Anchor", "what": "Nobody outside has witnessed this log",
                "why": "Its keeper could have written it twice. Name a witness of somebody else in countersign.yaml, below ledger.",
            ])
        }
        return items
    }

    private func chart(_ counts: [[String: Int64]], from: Timestamp, to: Timestamp) -> [String: Any] {
        let good = counts.map { $0[EventType.inferenceCompleted.name] ?? 0 }
        let bad = counts.map { part in part.reduce(0) { $0 + ($1.key == EventType.inferenceCompleted.name ? 0 : $1.value) } }
        let most = max(1, zip(good, bad).map(+).max() ?? 1)
        let height = Int64(Self.chartHeight)
        let step = Self.chartWidth / Self.parts
        let bars = counts.indices.map { part -> [String: Any] in
            let (h, r) = (good[part] * height / most, bad[part] * height / most)
            return ["x": part * step + 2, "w": step - 4, "y": height - h, "h": h, "ry": height - h - r, "rh": r]
        }
        let ticks = (0...6).map { place -> String in
            let time = Timestamp(microseconds: from.microseconds + (to.microseconds - from.microseconds) * Int64(place) / 6)
            return String(time.description.dropFirst(11).prefix(5))
        }
        return [
            "width": Self.chartWidth, "height": Self.chartHeight, "bars": bars, "ticks": ticks,
            "label": "Requests by half hour over the last 24 hours, at most \(most)",
        ]
    }
}
