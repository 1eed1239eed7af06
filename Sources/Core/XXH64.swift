/// The 64-bit xxHash, seed 0: tells a torn write from a whole one. No protection against intent; the Merkle tree is that.
/// Source: xxHash fast digest algorithm, revision 0.1.1, Y. Collet.
package func xxh64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
    func rotate(_ value: UInt64, _ by: UInt64) -> UInt64 { value << by | value >> (64 - by) }
    func round(_ accumulator: UInt64, _ lane: UInt64) -> UInt64 { rotate(accumulator &+ lane &* prime2, 31) &* prime1 }
    func merge(_ hash: UInt64, _ value: UInt64) -> UInt64 { (hash ^ round(0, value)) &* prime1 &+ prime4 }
    func lane(_ at: Int) -> UInt64 { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) }

    var at = 0
    var hash: UInt64
    if bytes.count >= 32 {
        var (a, b, c, d) = (prime1 &+ prime2, prime2, UInt64(0), 0 &- prime1)
        while at + 32 <= bytes.count {
            a = round(a, lane(at))
            b = round(b, lane(at + 8))
            c = round(c, lane(at + 16))
            d = round(d, lane(at + 24))
            at += 32
        }
        hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
        hash = merge(merge(merge(merge(hash, a), b), c), d)
    } else {
        hash = prime5
    }
    hash &+= UInt64(bytes.count)
    while at + 8 <= bytes.count {
        hash = rotate(hash ^ round(0, lane(at)), 27) &* prime1 &+ prime4
        at += 8
    }
    if at + 4 <= bytes.count {
        let word = UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
        hash = rotate(hash ^ word &* prime1, 23) &* prime2 &+ prime3
        at += 4
    }
    while at < bytes.count {
        hash = rotate(hash ^ UInt64(bytes[at]) &* prime5, 11) &* prime1
        at += 1
    }
    hash = (hash ^ hash >> 33) &* prime2
    hash = (hash ^ hash >> 29) &* prime3
    return hash ^ hash >> 32
}
