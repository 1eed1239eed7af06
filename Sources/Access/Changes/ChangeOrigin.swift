package import Core

/// Who changes access, on what authority, and why.
package struct ChangeOrigin: Sendable {
    /// How a grant came to be (`grant.activated`, `via`).
    package enum Way: String, Sendable {
        case request, apply
        case directState = "direct_state"
    }

    package let principal: Principal
    package var way: Way
    /// Words of the person; sealed beside the event, never in clear (I3). At most 4,096 bytes.
    package var justification: String?
    /// Digest of the snapshot that allowed it.
    var policy: String?

    package init(_ principal: Principal, way: Way = .directState, justification: String? = nil) {
        self.principal = principal
        self.way = way
        self.justification = justification
    }
}

/// What the events of this room have in common.
package struct AccessContext: Sendable {
    package let recorder: any Recorder
    package let clock: any WallClock
    package let identifiers: IdentifierMaker
    /// `production` or `demonstration`, as the log's first entry says it.
    package let environment: String
    /// No second person exists: every event says so.
    package let isSolo: Bool

    package init(recorder: any Recorder, clock: any WallClock = SystemClock(), environment: String = "production", isSolo: Bool = false) {
        self.recorder = recorder
        self.clock = clock
        self.identifiers = IdentifierMaker(clock: clock)
        self.environment = environment
        self.isSolo = isSolo
    }
}
