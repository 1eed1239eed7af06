/// A log that a witness knows: its origin and the keys that it trusts for it.
package struct WitnessedLog: Hashable, Sendable {
    package let origin: String
    package let keys: [NoteVerifier]

    package init(origin: String, keys: [NoteVerifier]) {
        self.origin = origin
        self.keys = keys
    }
}

/// A witness's answer to `add-checkpoint` (C2SP tlog-witness).
package enum WitnessDecision: Hashable, Sendable {
    /// 200: store this state, then answer with the cosignature on the request's checkpoint.
    case sign(WitnessState)
    /// 409: the witness cosigned a tree of this size last, which is not the request's old size; or, if `isFork`, the log has signed two
    /// roots for this size, and the request is the evidence.
    case conflict(size: UInt64, isFork: Bool)
    /// Another status, and why.
    case refuse(status: Int, reason: String)

    /// The media type of the answer to a conflict.
    package static let conflictMediaType = "text/x.tlog.size"

    /// The body of the answer to a conflict: the size and a newline.
    package static func conflictBody(size: UInt64) -> [UInt8] {
        var out: [UInt8] = []
        Decimal.append(size, to: &out)
        out.append(UInt8(ascii: "\n"))
        return out
    }
}

extension WitnessState {
    /// Decides on the body of a request; 400 if it cannot be read.
    package func consider(body: [UInt8], knownLogs: [WitnessedLog]) -> WitnessDecision {
        do {
            return consider(try WitnessRequest(parsing: body), knownLogs: knownLogs)
        } catch {
            return .refuse(status: 400, reason: error.message)
        }
    }

    /// Decides whether to cosign, in the order in which tlog-witness lists the checks.
    package func consider(_ request: WitnessRequest, knownLogs: [WitnessedLog]) -> WitnessDecision {
        let head = request.checkpoint.checkpoint
        guard let log = knownLogs.first(where: { sameBytes($0.origin, head.origin) }) else {
            return .refuse(status: 404, reason: "the log is not one that this witness knows")
        }
        do {
            try request.checkpoint.note.verify(with: log.keys)
        } catch {
            return .refuse(status: 403, reason: error.message)
        }
        guard request.oldSize <= head.size else {
            return .refuse(status: 400, reason: "the old size \(request.oldSize) is larger than the checkpoint's, \(head.size)")
        }
        let last = self[head.origin] ?? Head(size: 0, root: TreeHashing.emptyRoot)
        guard request.oldSize == last.size else { return .conflict(size: last.size, isFork: false) }
        if request.oldSize == head.size, head.root != last.root { return .conflict(size: last.size, isFork: true) }
        guard
            TreeVerification.extends(
                oldSize: last.size, oldRoot: last.root, newSize: head.size, newRoot: head.root, proof: request.proof)
        else {
            return .refuse(status: 422, reason: "the consistency proof from \(last.size) to \(head.size) does not verify")
        }
        var next = self
        next[head.origin] = Head(size: head.size, root: head.root)
        return .sign(next)
    }
}
