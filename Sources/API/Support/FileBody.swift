import Core
import Hummingbird
import NIOCore

/// Streams a file of ours as an answer, then removes it.
enum FileBody {
    static func body(_ path: String) -> ResponseBody {
        ResponseBody { writer in
            defer { _ = try? DurableFile.remove(path) }
            let file = try OpenFile(path, .read)
            var offset: Int64 = 0
            while true {
                let bytes = try file.read(at: offset, count: 1 << 18)
                if bytes.isEmpty { break }
                try await writer.write(ByteBuffer(bytes: bytes))
                offset += Int64(bytes.count)
            }
            try await writer.finish(nil)
        }
    }
}
