"""The docs page of the API, rendered here from the schema: no script, nothing from outside."""

import re
from functools import cache
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponseBase
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated, NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from liangcheng.common.api import AnyAccept

# How drf-spectacular lists the choices of an enum in its description.
_CHOICE = re.compile(r"\* `([^`]*)` - (.*)")
_METHODS = ("get", "post", "put", "patch", "delete")


@cache
def api_schema() -> dict[str, Any]:
    """The whole schema; the same for everybody, so made once per process."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


@extend_schema(exclude=True)
class SchemaView(APIView):
    """The OpenAPI file, as JSON."""

    content_negotiation_class = AnyAccept

    def get(self, request: Request) -> Response:
        return Response(api_schema())


@extend_schema(exclude=True)
class DocsView(APIView):
    """接口文档, for whoever may use the interface."""

    content_negotiation_class = AnyAccept

    def get(self, request: Request) -> Any:
        return render(request._request, "api/docs.html", {"info": api_schema()["info"], **_page()})

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, NotAuthenticated) and "text/html" in self.request.headers.get("Accept", ""):
            response: HttpResponseBase = redirect_to_login(self.request.get_full_path())
            return response
        return super().handle_exception(exc)


@extend_schema(exclude=True)
class UnknownView(APIView):
    """An address that does not exist, for any method: 404, told apart from nothing else."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    content_negotiation_class = AnyAccept

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


@cache
def _page() -> dict[str, Any]:
    """Operations by tag, and the shapes they name, as the template shows them."""
    schema = api_schema()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                groups.setdefault(operation["tags"][0], []).append(_operation(path, method, operation))
    shapes = [
        _shape(name, component)
        for name, component in sorted(schema["components"]["schemas"].items())
        if component.get("type") == "object" or "enum" in component
    ]
    return {"groups": [{"tag": tag, "operations": found} for tag, found in groups.items()], "shapes": shapes}


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": [
            {
                "name": parameter["name"],
                "place": {"path": "路径", "query": "查询", "header": "请求头"}.get(parameter["in"], parameter["in"]),
                "required": parameter.get("required", False),
                "type": _type(parameter.get("schema", {})),
                "description": _CHOICE.sub(r"\1 \2", parameter.get("description", "")),
            }
            for parameter in operation.get("parameters", [])
        ],
        "bodies": [{"media": media, "type": _type(content.get("schema", {}))} for media, content in body.items()],
        "responses": [
            {"status": status, "description": response.get("description", ""), "types": _types(response)}
            for status, response in operation["responses"].items()
        ],
    }


def _types(response: dict[str, Any]) -> list[dict[str, str]]:
    found = {_type(content.get("schema", {}))["name"]: content for content in response.get("content", {}).values()}
    return [_type(content.get("schema", {})) for content in found.values()]


def _type(schema: dict[str, Any]) -> dict[str, str]:
    """A word for a schema, and the component it links to, if any."""
    reference = schema.get("$ref") or next((part.get("$ref") for part in schema.get("allOf", [])), None)
    if reference:
        name = reference.rsplit("/", 1)[-1]
        return {"name": name, "link": name}
    if "oneOf" in schema:
        inner = [_type(part) for part in schema["oneOf"] if "$ref" in part]
        return {"name": " | ".join(part["name"] for part in inner), "link": inner[0]["link"] if inner else ""}
    if schema.get("type") == "array":
        inner_type = _type(schema.get("items", {}))
        return {"name": f"{inner_type['name']} 的列表", "link": inner_type["link"]}
    return {"name": _plain(schema), "link": ""}


def _plain(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "、".join(str(value) for value in schema["enum"] if value)
    words = {"string": "文本", "integer": "整数", "number": "数字", "boolean": "是/否", "object": "对象"}
    formats = {"date": "日期", "date-time": "时间", "uri": "网址", "binary": "文件", "decimal": "小数"}
    word = formats.get(schema.get("format", ""), words.get(schema.get("type", ""), ""))
    longest = f"，最多 {schema['maxLength']} 字" if "maxLength" in schema else ""
    return f"{word}{longest}"


def _shape(name: str, component: dict[str, Any]) -> dict[str, Any]:
    required = component.get("required", [])
    return {
        "name": name,
        "description": component.get("description", ""),
        "values": _CHOICE.findall(component.get("description", "")) if "enum" in component else [],
        "fields": [
            {
                "name": field,
                "type": _type(schema),
                "required": name.endswith("Request") and field in required,
                "nullable": schema.get("nullable", False),
                # The choices of a closed list stand where its name links to.
                "description": schema.get("description", "").split("\n\n* `")[0],
            }
            for field, schema in component.get("properties", {}).items()
        ],
    }
