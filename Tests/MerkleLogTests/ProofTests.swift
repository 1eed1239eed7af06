import Testing

@testable import MerkleLog

@Suite("Proofs from tiles, against the definitions of RFC 6962")
struct ProofTests {
    static let count = 600
    static let all = entries(count)
    static let leaves = all.map(Naive.leaf)

    @Test("roots are those of the definition for every size up to 600")
    func roots() throws {
        var frontier = Frontier()
        for size in 0...Self.count {
            #expect(frontier.root.bytes == Naive.root(Self.leaves[..<size]), "size \(size)")
            if size < Self.count { frontier.append(TreeHashing.leafHash(of: Self.all[size])) }
        }
    }

    @Test("proofs are those of the definition for all trees up to 40, and verify")
    func small() throws {
        let (log, _) = try MemoryLog.make(Array(Self.all.prefix(40)), sizes: [])
        for size in 1...40 { try compare(log: log, stored: 40, size: size, inclusion: Array(0..<size), consistency: Array(0...size)) }
    }

    @Test("proofs of random pairs up to 600 are those of the definition, and verify")
    func random() throws {
        let (log, _) = try MemoryLog.make(Self.all, sizes: [])
        var random = SeededGenerator(seed: 6962)
        for _ in 0..<400 {
            let size = Int.random(in: 1...Self.count, using: &random)
            try compare(
                log: log, stored: Self.count, size: size, inclusion: [.random(in: 0..<size, using: &random)],
                consistency: [.random(in: 0...size, using: &random)])
        }
        for size in [255, 256, 257, 511, 512, 513, 600] {
            try compare(log: log, stored: Self.count, size: size, inclusion: [0, size / 2, size - 1], consistency: [1, 255, size - 1])
        }
    }

    private func compare(log: MemoryLog, stored: Int, size: Int, inclusion: [Int], consistency: [Int]) throws {
        var prover = TreeProver(size: UInt64(stored), reader: log)
        let root = try #require(MerkleHash(bytes: Naive.root(Self.leaves[..<size])))
        #expect(try prover.root(size: UInt64(size)) == root)
        for index in inclusion {
            let proof = try prover.inclusionProof(index: UInt64(index), size: UInt64(size))
            #expect(proof.map(\.bytes) == Naive.path(index, Self.leaves[..<size]), "entry \(index) of \(size)")
            let leaf = try #require(MerkleHash(bytes: Self.leaves[index]))
            #expect(TreeVerification.includes(leaf: leaf, index: UInt64(index), size: UInt64(size), root: root, proof: proof))
        }
        for old in consistency where old <= size {
            let proof = try prover.consistencyProof(old: UInt64(old), new: UInt64(size))
            #expect(proof.map(\.bytes) == (old == 0 ? [] : Naive.subproof(old, Self.leaves[..<size], true)), "\(old) to \(size)")
            let oldRoot = try #require(MerkleHash(bytes: Naive.root(Self.leaves[..<old])))
            #expect(TreeVerification.extends(oldSize: UInt64(old), oldRoot: oldRoot, newSize: UInt64(size), newRoot: root, proof: proof))
        }
    }

    @Test("every wrong index, size, leaf, root, length and hash of an audit path fails")
    func wrongInclusion() throws {
        let (log, _) = try MemoryLog.make(Array(Self.all.prefix(40)), sizes: [])
        var prover = TreeProver(size: 40, reader: log)
        var tried = 0
        for size in [1, 2, 3, 7, 8, 13, 40] as [UInt64] {
            let root = try prover.root(size: size)
            for index in 0..<size {
                let leaf = TreeHashing.leafHash(of: Self.all[Int(index)])
                let proof = try prover.inclusionProof(index: index, size: size)
                func holds(_ leaf: MerkleHash, _ index: UInt64, _ size: UInt64, _ root: MerkleHash, _ proof: [MerkleHash]) -> Bool {
                    tried += 1
                    return TreeVerification.includes(leaf: leaf, index: index, size: size, root: root, proof: proof)
                }
                #expect(!holds(TreeHashing.emptyRoot, index, size, root, proof))
                #expect(!holds(leaf, index, size, TreeHashing.emptyRoot, proof))
                #expect(!holds(leaf, index, size, root, proof + [TreeHashing.emptyRoot]))
                #expect(!holds(leaf, index, size, root, [TreeHashing.emptyRoot] + proof))
                #expect(!holds(leaf, size, size, root, proof))
                #expect(!holds(leaf, .max, size, root, proof))
                #expect(!holds(leaf, index, 0, root, proof))
                if !proof.isEmpty {
                    #expect(!holds(leaf, index, size, root, Array(proof.dropLast())))
                    #expect(!holds(leaf, index, size, root, Array(proof.dropFirst())))
                }
                for other in 0..<size where other != index { #expect(!holds(leaf, other, size, root, proof)) }
                for at in proof.indices {
                    var wrong = proof
                    wrong[at] = TreeHashing.nodeHash(wrong[at], wrong[at])
                    #expect(!holds(leaf, index, size, root, wrong))
                }
            }
        }
        #expect(tried > 1000)
    }

    @Test("every wrong size, root, length and hash of a consistency proof fails")
    func wrongConsistency() throws {
        let (log, _) = try MemoryLog.make(Array(Self.all.prefix(40)), sizes: [])
        var prover = TreeProver(size: 40, reader: log)
        for new in [1, 2, 3, 7, 8, 13, 40] as [UInt64] {
            for old in 1...new {
                let (oldRoot, newRoot) = (try prover.root(size: old), try prover.root(size: new))
                let proof = try prover.consistencyProof(old: old, new: new)
                func holds(_ old: UInt64, _ oldRoot: MerkleHash, _ new: UInt64, _ newRoot: MerkleHash, _ proof: [MerkleHash]) -> Bool {
                    TreeVerification.extends(oldSize: old, oldRoot: oldRoot, newSize: new, newRoot: newRoot, proof: proof)
                }
                #expect(holds(old, oldRoot, new, newRoot, proof))
                #expect(!holds(old, TreeHashing.emptyRoot, new, newRoot, proof))
                #expect(!holds(old, oldRoot, new, TreeHashing.emptyRoot, proof))
                #expect(!holds(old, oldRoot, new, newRoot, proof + [TreeHashing.emptyRoot]))
                #expect(!holds(old, oldRoot, new, newRoot, [TreeHashing.emptyRoot] + proof))
                #expect(!holds(new + 1, oldRoot, new, newRoot, proof))
                #expect(!holds(0, oldRoot, new, newRoot, proof))
                if !proof.isEmpty {
                    #expect(!holds(old, oldRoot, new, newRoot, Array(proof.dropLast())))
                    #expect(!holds(old, oldRoot, new, newRoot, Array(proof.dropFirst())))
                    #expect(!holds(old, oldRoot, new, newRoot, []))
                }
                for other in 1...new where other != old {
                    #expect(!holds(other, oldRoot, new, newRoot, proof), "\(other) for \(old) of \(new)")
                }
                for at in proof.indices {
                    var wrong = proof
                    wrong[at] = TreeHashing.nodeHash(wrong[at], wrong[at])
                    #expect(!holds(old, oldRoot, new, newRoot, wrong))
                }
            }
        }
    }

    @Test("from the empty tree only the empty proof and the empty root hold")
    func fromEmpty() {
        let empty = TreeHashing.emptyRoot
        let other = TreeHashing.nodeHash(empty, empty)
        #expect(TreeVerification.extends(oldSize: 0, oldRoot: empty, newSize: 5, newRoot: other, proof: []))
        #expect(TreeVerification.extends(oldSize: 0, oldRoot: empty, newSize: 0, newRoot: empty, proof: []))
        #expect(!TreeVerification.extends(oldSize: 0, oldRoot: empty, newSize: 5, newRoot: other, proof: [other]))
        #expect(!TreeVerification.extends(oldSize: 0, oldRoot: other, newSize: 5, newRoot: other, proof: []))
        #expect(!TreeVerification.extends(oldSize: 0, oldRoot: other, newSize: 0, newRoot: other, proof: []))
        #expect(!TreeVerification.extends(oldSize: 2, oldRoot: other, newSize: 1, newRoot: other, proof: []))
    }

    @Test("sizes at the end of the range neither trap nor hold")
    func extremes() {
        let empty = TreeHashing.emptyRoot
        let other = TreeHashing.leafHash(of: [9])
        for size in [1, 2, UInt64.max >> 1, .max - 1, .max] {
            for length in [0, 1, 63, 64, 65, 200] {
                let proof = Array(repeating: empty, count: length)
                #expect(!TreeVerification.includes(leaf: empty, index: size - 1, size: size, root: other, proof: proof))
                #expect(!TreeVerification.extends(oldSize: size / 2 + 1, oldRoot: empty, newSize: .max, newRoot: other, proof: proof))
            }
        }
    }

    @Test("the prover refuses what is not in the stored tree, and a tile of the wrong length")
    func refused() throws {
        var (log, _) = try MemoryLog.make(Array(Self.all.prefix(300)), sizes: [])
        var prover = TreeProver(size: 300, reader: log)
        #expect(code { _ = try prover.inclusionProof(index: 300, size: 300) } == .outOfRange)
        #expect(code { _ = try prover.inclusionProof(index: 0, size: 301) } == .outOfRange)
        #expect(code { _ = try prover.consistencyProof(old: 5, new: 4) } == .outOfRange)
        #expect(code { _ = try prover.consistencyProof(old: 5, new: 301) } == .outOfRange)
        #expect(code { _ = try prover.root(size: 301) } == .outOfRange)
        let tile = Tile(level: 0, index: 1, width: 44)
        log.files[.tile(tile)]?.removeLast()
        prover = TreeProver(size: 300, reader: log)
        #expect(code { _ = try prover.inclusionProof(index: 290, size: 300) } == .malformedTile)
        log.files[.tile(tile)] = nil
        prover = TreeProver(size: 300, reader: log)
        #expect(throws: MemoryLog.Missing.self) { try prover.inclusionProof(index: 290, size: 300) }
    }
}
