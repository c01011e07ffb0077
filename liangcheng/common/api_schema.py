"""What drf-spectacular cannot see: the problems that every operation may answer with, and strict bodies."""

from typing import Any

from liangcheng.common.problems import CONTENT_TYPE, TITLES

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem JSON。程序请按 code 判断，detail 是给人看的。",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "问题类型：urn:liangcheng:problem: 加 code。"},
        "title": {"type": "string", "description": "问题类别。"},
        "status": {"type": "integer", "description": "HTTP 状态码。"},
        "code": {"type": "string", "description": "稳定的错误代码，如 stale_version、missing_description。"},
        "detail": {"type": "string", "description": "中文说明，告诉使用者怎么办。"},
        "request_id": {"type": "string", "description": "请求编号，报障时请提供。"},
        "errors": {
            "type": "object",
            "description": "按字段列出的错误。",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
_ALWAYS = (401, 403, 406)
_WRITING = (400, 409, 413, 415, 422)
_METHODS = ("get", "post", "put", "patch", "delete")


def document_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Postprocessing hook: add the problem component and its responses, and forbid unknown fields in bodies."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for name, schema in schemas.items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema["additionalProperties"] = False
        if schema.get("type") == "object" and name != "Problem":
            schema.update(_for_readers(schema.pop("description", "")))
    for path, operations in result["paths"].items():
        for method in _METHODS:
            if method in operations:
                _document(operations[method], path, method)
    return result


def _for_readers(docstring: str) -> dict[str, str]:
    """The Chinese name that a serializer's docstring begins with; the rest of it is for programmers."""
    head = docstring.split(".")[0].split(",")[0].strip()
    return {"description": f"{head}。"} if head and not head.isascii() else {}


def _document(operation: dict[str, Any], path: str, method: str) -> None:
    if operation.get("description", "").isascii():
        # A docstring, written for programmers.
        operation.pop("description", None)
    statuses = set(_ALWAYS) | ({404} if "{" in path else set())
    if method == "get":
        statuses |= {400} if operation.get("parameters") else set()
    else:
        statuses |= set(_WRITING)
        if "{" in path:
            statuses.add(412)
    for status in sorted(statuses):
        operation["responses"].setdefault(str(status), _response(TITLES[status]))
    operation["responses"].setdefault("default", _response("其他错误"))


def _response(title: str) -> dict[str, Any]:
    return {
        "description": title,
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
