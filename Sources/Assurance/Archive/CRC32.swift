/// The checksum of ZIP: CRC-32 with the polynomial 0xEDB88320, eight bytes a step.
struct CRC32 {
    private var state: UInt32 = 0xffff_ffff

    var value: UInt32 { ~state }

    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? 0xedb8_8320 ^ value >> 1 : value >> 1 }
            tables[byte] = value
        }
        for step in 1..<8 {
            for byte in 0..<256 {
                let before = tables[(step - 1) * 256 + byte]
                tables[step * 256 + byte] = before >> 8 ^ tables[Int(before & 255)]
            }
        }
        return tables
    }()

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var crc = state
        Self.tables.withUnsafeBufferPointer { table in
            var at = 0
            while at + 8 <= bytes.count {
                let low = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)) ^ crc
                let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self))
                crc =
                    table[0x700 + Int(low & 255)] ^ table[0x600 + Int(low >> 8 & 255)] ^ table[0x500 + Int(low >> 16 & 255)]
                    ^ table[0x400 + Int(low >> 24)]
                crc ^=
                    table[0x300 + Int(high & 255)] ^ table[0x200 + Int(high >> 8 & 255)] ^ table[0x100 + Int(high >> 16 & 255)]
                    ^ table[Int(high >> 24)]
                at += 8
            }
            while at < bytes.count {
                crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[at])) & 255)]
                at += 1
            }
        }
        state = crc
    }
}
