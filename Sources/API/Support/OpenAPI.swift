import Access
package import Core

/// The OpenAPI 3.1 description of a table of endpoints.
package enum OpenAPI {
    package static func document(_ endpoints: [Endpoint]) -> JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for endpoint in endpoints {
            let path = endpoint.path.replacingDots()
            paths[path, default: [:]][endpoint.method.lowercased()] = operation(endpoint)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Countersign control plane", "version": JSONValue(Version.current),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": [
                "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer"]],
                "schemas": ["Problem": problem],
            ],
        ]
    }

    private static func operation(_ endpoint: Endpoint) -> JSONValue {
        var responses: [String: JSONValue] = [
            String(endpoint.status): [
                "description": "done",
                "content": .object([endpoint.responseType: endpoint.responseSchema.map { ["schema": $0] } ?? [:]]),
            ],
            "default": [
                "description": "problem details (RFC 9457)",
                "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
            ],
        ]
        var operation: [String: JSONValue] = ["operationId": JSONValue(endpoint.operationID), "summary": JSONValue(endpoint.summary)]
        switch endpoint.guardian {
        case .open: operation["security"] = []
        case .known: operation["security"] = [["bearer": []]]
        case .action(let action):
            operation["security"] = [["bearer": []]]
            operation["x-countersign-action"] = JSONValue(action.rawValue)
            responses["403"] = ["description": "the action is not granted"]
        }
        operation["responses"] = .object(responses)
        if var schema = endpoint.requestSchema?.object {
            schema["additionalProperties"] = false
            operation["requestBody"] = ["required": true, "content": ["application/json": ["schema": .object(schema)]]]
        }
        let names = endpoint.path.parameterNames
        if !names.isEmpty {
            operation["parameters"] = .array(
                names.map {
                    ["name": JSONValue($0), "in": "path", "required": true, "schema": $0 == "id" ? Schema.identifier : ["type": "string"]]
                })
        }
        return .object(operation)
    }

    private static let problem: JSONValue = [
        "type": "object", "required": ["type", "title", "status", "code", "detail"],
        "properties": [
            "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"], "code": ["type": "string"],
            "detail": ["type": "string"],
        ],
    ]
}

extension String {
    fileprivate var parameterNames: [String] {
        split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().prefix { $0 != "}" && $0 != "." }) }
    }

    fileprivate func replacingDots() -> String {
        hasSuffix("...}") ? String(dropLast(4)) + "}" : self
    }
}
