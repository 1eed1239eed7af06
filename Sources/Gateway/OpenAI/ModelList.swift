import Core
import NIOCore

/// `GET /v1/models`: the routes that the caller may use, in OpenAI's shape.
enum ModelList {
    static func answer(to principal: Principal, loop: GatewayLoop, closes: Bool) -> ByteBuffer {
        let table = loop.services.routes.current()
        let models = table.routes.filter { route in
            // I4: the list shows what the caller may use and nothing else.
            loop.services.authorizer.decide(
                AccessRequest(principal: principal, action: "infer", resource: Resource(type: "route", id: route.id))
            ).allowed || route.mode == .observe
        }
        let body = CanonicalJSON.encode([
            "data": .array(
                models.map {
                    ["created": JSONValue($0.createdAt), "id": JSONValue($0.model), "object": "model", "owned_by": JSONValue($0.provider.name)]
                }),
            "object": "list",
        ])
        var out = ResponseHead.begin(200, capacity: 256 + body.count)
        out.writeStaticString("content-type: application/json\r\n")
        ResponseHead.finish(&out, receipt: nil, date: loop.dateHeader, closes: closes)
        out.writeString("content-length: \(body.count)\r\n\r\n")
        out.writeBytes(body)
        return out
    }
}
