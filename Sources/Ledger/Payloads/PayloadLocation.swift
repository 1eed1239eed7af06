/// Where the sealed contents of one event lie.
package struct PayloadLocation: Hashable, Sendable {
    /// The segment in which they were made durable.
    package var segment: UInt64
    /// Text of the digest of the pack that they moved to; nil while they are in the segment.
    package var pack: String?
    /// First byte in the pack or the segment's file.
    package var offset: Int
    package var length: Int
}
