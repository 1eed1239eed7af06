/// Where the sealed contents of one event lie.
package struct PayloadLocation: Hashable, Sendable {
    /// The segment in which they were made durable.
    package var segment: UInt64
    /// Text of the digest of the pack that the segment became; nil while it is a segment.
    package var pack: String?
    /// First byte in the segment, and in its pack.
    package var offset: Int
    package var length: Int
}
