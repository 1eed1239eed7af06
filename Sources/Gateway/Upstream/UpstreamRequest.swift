import NIOCore

/// Writes a request as the upstream gets it.
enum UpstreamRequest {
    /// The body is the client's, byte for byte, apart from the edits that I10 allows. Of its headers `content-type`, `accept` and
    /// `openai-beta` go along; never its credential, its cookies, its idempotency key (two callers share our credential, and one could
    /// be given the other's answer) or the organisation and project of an account that is not the one we call with.
    static func encode(_ body: ByteBuffer, _ request: ChatRequest, _ route: CompiledRoute, _ head: RequestHead) -> ByteBuffer {
        let edits = request.edits(model: route.modelReplacement, asksForUsage: route.includesUsage)
        let length = edits.reduce(body.readableBytes) { $0 + $1.bytes.count - $1.range.count }
        var out = ByteBufferAllocator().buffer(capacity: route.requestPrefix.count + length + 128)
        out.writeBytes(route.requestPrefix)
        out.writeString(String(length))
        out.writeStaticString("\r\ncontent-type: ")
        out.writeString(head.contentType ?? "application/json")
        if let accept = head.accept {
            out.writeStaticString("\r\naccept: ")
            out.writeString(accept)
        }
        if let beta = head.betaFeatures {
            out.writeStaticString("\r\nopenai-beta: ")
            out.writeString(beta)
        }
        out.writeStaticString("\r\n\r\n")
        body.withUnsafeReadableBytes { bytes in
            var at = 0
            for edit in edits {
                out.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[at..<edit.range.lowerBound]))
                out.writeBytes(edit.bytes)
                at = edit.range.upperBound
            }
            out.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[at...]))
        }
        return out
    }
}
