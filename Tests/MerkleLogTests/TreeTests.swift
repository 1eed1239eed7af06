import Testing

@testable import MerkleLog

/// The reference tree of the Certificate Transparency implementations.
private let referenceEntries: [[UInt8]] = [
    [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
    [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    [0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
]

private let referenceRoots = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

private let a = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
private let b = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
private let c = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
private let d = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
private let e = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
private let f = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

struct ProofVector: Sendable {
    let first: UInt64
    let size: UInt64
    let hashes: [String]
}

@Suite("Tree")
struct TreeTests {
    @Test("the reference tree has the reference roots", arguments: 0...8)
    func roots(size: Int) {
        var frontier = Frontier()
        for entry in referenceEntries.prefix(size) { frontier.append(TreeHashing.leafHash(of: entry)) }
        #expect(frontier.root.hex == referenceRoots[size])
        #expect(frontier.size == UInt64(size))
        #expect(hash(referenceRoots[size]) == frontier.root)
    }

    @Test(
        "the reference tree has the reference audit paths",
        arguments: [
            ProofVector(first: 0, size: 1, hashes: []),
            ProofVector(first: 0, size: 8, hashes: [a, b, c]),
            ProofVector(first: 5, size: 8, hashes: [d, e, referenceRoots[4]]),
            ProofVector(first: 2, size: 3, hashes: [referenceRoots[2]]),
            ProofVector(first: 1, size: 5, hashes: [referenceRoots[1], b, d]),
        ])
    func inclusion(vector: ProofVector) throws {
        let (log, _) = try MemoryLog.make(referenceEntries, sizes: [])
        var prover = TreeProver(size: 8, reader: log)
        let proof = try prover.inclusionProof(index: vector.first, size: vector.size)
        #expect(proof.map(\.hex) == vector.hashes)
        let leaf = TreeHashing.leafHash(of: referenceEntries[Int(vector.first)])
        let root = try #require(hash(referenceRoots[Int(vector.size)]))
        #expect(TreeVerification.includes(leaf: leaf, index: vector.first, size: vector.size, root: root, proof: proof))
    }

    @Test(
        "the reference tree has the reference consistency proofs",
        arguments: [
            ProofVector(first: 1, size: 1, hashes: []),
            ProofVector(first: 1, size: 8, hashes: [a, b, c]),
            ProofVector(first: 6, size: 8, hashes: [f, e, referenceRoots[4]]),
            ProofVector(first: 2, size: 5, hashes: [b, d]),
        ])
    func consistency(vector: ProofVector) throws {
        let (log, _) = try MemoryLog.make(referenceEntries, sizes: [])
        var prover = TreeProver(size: 8, reader: log)
        let proof = try prover.consistencyProof(old: vector.first, new: vector.size)
        #expect(proof.map(\.hex) == vector.hashes)
        let old = try #require(hash(referenceRoots[Int(vector.first)]))
        let new = try #require(hash(referenceRoots[Int(vector.size)]))
        #expect(TreeVerification.extends(oldSize: vector.first, oldRoot: old, newSize: vector.size, newRoot: new, proof: proof))
    }

    @Test("a hash is the same in bytes, in base 64 and in hexadecimal")
    func forms() throws {
        let hash = TreeHashing.leafHash(of: Array("leaf".utf8))
        #expect(hash.bytes == Naive.leaf(Array("leaf".utf8)))
        #expect(MerkleHash(bytes: hash.bytes) == hash)
        #expect(MerkleHash(bytes: hash.bytes[...]) == hash)
        #expect(MerkleHash(base64: Array(hash.base64.utf8)) == hash)
        #expect(MerkleHash(bytes: hash.bytes.dropLast()) == nil)
        #expect(MerkleHash(bytes: hash.bytes + [0]) == nil)
        var buffer: [UInt8] = [7]
        hash.append(to: &buffer)
        #expect(buffer == [7] + hash.bytes)
        #expect(Set([hash, hash, TreeHashing.emptyRoot]).count == 2)
    }

    @Test("a frontier is restored from its bytes", arguments: [0, 1, 2, 3, 255, 256, 257, 1000])
    func frontierBytes(size: Int) throws {
        var frontier = Frontier()
        for index in 0..<size { frontier.append(TreeHashing.leafHash(of: Array("\(index)".utf8))) }
        var restored = try Frontier(decoding: frontier.encoded)
        #expect(restored == frontier)
        #expect(restored.root == frontier.root)
        restored.append(TreeHashing.emptyRoot)
        frontier.append(TreeHashing.emptyRoot)
        #expect(restored.root == frontier.root)
    }

    @Test("bytes that are no frontier are refused")
    func frontierMalformed() throws {
        var frontier = Frontier()
        for index in 0..<5 { frontier.append(TreeHashing.leafHash(of: Array("\(index)".utf8))) }
        let bytes = frontier.encoded
        let malformed: [[UInt8]] = [
            [], Array(bytes.prefix(7)), Array(bytes.dropLast()), bytes + [0], [0x80] + bytes.dropFirst(), Array(repeating: 0xff, count: 8),
        ]
        for bad in malformed {
            #expect(throws: MerkleLogError.self) { try Frontier(decoding: bad) }
        }
    }
}
