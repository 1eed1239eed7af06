/// A type of the event vocabulary: `noun.verb_in_past_tense`. A type means the same for ever.
package struct EventType: Hashable, Sendable, CustomStringConvertible {
    package let name: String

    package init(_ name: String) { self.name = name }

    package var description: String { name }
}

extension EventType {
    package static let logOpened = EventType("log.opened")
    package static let logHeartbeat = EventType("log.heartbeat")
    package static let logVerified = EventType("log.verified")
    package static let manifestClosed = EventType("manifest.closed")
    package static let checkpointAnchored = EventType("checkpoint.anchored")
    package static let clockMeasured = EventType("clock.measured")
    package static let counterReported = EventType("counter.reported")
    package static let payloadUnsealed = EventType("payload.unsealed")
    package static let objectStored = EventType("object.stored")
    package static let keyCreated = EventType("key.created")
    package static let keyDestroyed = EventType("key.destroyed")

    package static let userCreated = EventType("user.created")
    package static let userChanged = EventType("user.changed")
    package static let userDeactivated = EventType("user.deactivated")
    package static let grantActivated = EventType("grant.activated")
    package static let grantRevoked = EventType("grant.revoked")
    package static let tokenIssued = EventType("token.issued")
    package static let tokenRevoked = EventType("token.revoked")
    package static let sessionStarted = EventType("session.started")
    package static let sessionEnded = EventType("session.ended")
    package static let accessDecided = EventType("access.decided")

    package static let inferenceRequested = EventType("inference.requested")
    package static let inferenceCompleted = EventType("inference.completed")
    package static let inferenceDenied = EventType("inference.denied")
    package static let inferenceFailed = EventType("inference.failed")
    package static let inferenceAborted = EventType("inference.aborted")
    package static let usageImported = EventType("usage.imported")
    package static let probeCompleted = EventType("probe.completed")

    package static let configChanged = EventType("config.changed")

    package static let controlTestRun = EventType("control_test.run")
    package static let factRecorded = EventType("fact.recorded")

    package static let collectionCompleted = EventType("collection.completed")
    package static let snapshotRecorded = EventType("snapshot.recorded")

    /// The four that close an intent (I2).
    package static let inferenceOutcomes: [EventType] = [.inferenceCompleted, .inferenceDenied, .inferenceFailed, .inferenceAborted]
}
