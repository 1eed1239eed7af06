import Core
import Testing

@testable import Console

@Suite struct FormatTests {
    @Test("counts are grouped by thousands", arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000")])
    func counts(value: Int, text: String) { #expect(Format.count(value) == text) }

    @Test(
        "durations name the unit that fits",
        arguments: [
            (Int64(417), "417 µs"), (1_990, "1.99 ms"), (99_999, "99.99 ms"), (412_000, "412 ms"), (1_840_000, "1.84 s"), (61_050_000, "61.05 s"),
        ])
    func durations(microseconds: Int64, text: String) { #expect(Format.duration(microseconds: microseconds) == text) }

    @Test("a share of nothing is no number", arguments: [(Int64(2), Int64(11), "18.18%"), (0, 5, "0.00%"), (0, 0, "–")])
    func shares(part: Int64, whole: Int64, text: String) { #expect(Format.share(part, of: whole) == text) }

    @Test("a moment is shown in UTC to the millisecond")
    func moments() throws {
        let time = try #require(Timestamp(parsing: "2026-11-21T12:24:31.053456Z"))
        #expect(Format.moment(time) == "21 Nov 12:24:31.053")
    }
}

@Suite struct SessionTests {
    @Test("a session is found by its cookie until it is ended, and by nothing else")
    func sessions() throws {
        let store = SessionStore()
        let first = store.begin(id: "ses_1", bearer: "cs_one")
        let second = store.begin(id: "ses_2", bearer: "cs_two")
        #expect(first.utf8.count == 64 && first != second)
        #expect(store.session(cookie: first)?.bearer == "cs_one")
        #expect(store.session(cookie: second)?.id == "ses_2")
        #expect(store.session(cookie: first)?.csrf != store.session(cookie: second)?.csrf)
        #expect(store.session(cookie: first.uppercased() + "0") == nil)
        store.end(cookie: first)
        #expect(store.session(cookie: first) == nil)
        #expect(store.session(cookie: second) != nil)
    }

    @Test("the number of sessions is bounded: the one that was idle longest goes")
    func bounded() {
        let store = SessionStore()
        let cookies = (0..<1001).map { store.begin(id: "ses_\($0)", bearer: "cs_\($0)") }
        #expect(cookies.filter { store.session(cookie: $0) != nil }.count == 1000)
        #expect(store.session(cookie: cookies[1000]) != nil)
    }

    @Test("attempts to sign in are heard again only after a pause, once many have failed")
    func attempts() {
        let store = SessionStore()
        for _ in 0..<30 {
            #expect(store.hearsAttempts)
            store.noteFailure()
        }
        #expect(!store.hearsAttempts)
    }
}

@Suite struct PageTests {
    @Test("a redirect stays on this site", arguments: ["//evil.example", "https://evil.example", "/a\r\nSet-Cookie: x=y", "/\\evil.example", ""])
    func redirects(path: String) { #expect(Page.own(path) == "/") }

    @Test("every template parses, and escapes what it shows")
    func templates() throws {
        let text = try Templates().render("problem", ["heading": "<b>&\"'", "detail": "x", "title": "t", "installation": "i"])
        #expect(text.contains("&lt;b&gt;&amp;&quot;&#39;"))
        #expect(!text.contains("<b>"))
        #expect(!text.contains("style="), "the content security policy lets no inline style through")
    }
}
