/// Where the tiles of a log are read from.
package protocol TileReader {
    /// The bytes of a tile: exactly `tile.byteCount`, or an error.
    func tile(_ tile: Tile) throws -> [UInt8]
}
