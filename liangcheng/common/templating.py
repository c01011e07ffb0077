"""Bodies of webhooks: `{{name}}` in a text, each value escaped for the format around it. No code, no loops."""

import json
import re
from typing import Any
from urllib.parse import quote_plus

from liangcheng.common.channel_models import ContentType

# What a template may name, and what that is.
PLACEHOLDERS = {
    "title": "标题",
    "text": "内容",
    "url": "页面地址",
    "name": "收件人姓名",
    "username": "收件人登录名",
    "phone": "收件人手机",
    "email": "收件人邮箱",
    "urgent": "是否紧要",
    "key": "去重键",
    "data": "全部明细",
}
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
# Quotes, backslashes and line ends are what breaks out of a value.
_SAMPLE: dict[str, Any] = {
    "title": '示例"标题"',
    "text": "示例内容：第一行\n第二行 \\ <b>",
    "url": "https://example.cn/cases/LC20260101000001/",
    "name": "张三",
    "username": "zhangsan",
    "phone": "13000000000",
    "email": "zhangsan@example.cn",
    "urgent": True,
    "key": "sample",
    "data": {"number": "LC20260101000001"},
}
_EMPTY: dict[str, Any] = dict.fromkeys(PLACEHOLDERS, "") | {"urgent": False, "data": {}}


def render(template: str, content_type: str, values: dict[str, Any]) -> str:
    """Put `values` (by PLACEHOLDERS) into the template; an empty template gives everything as one JSON object.

    Names that are not in `values` become nothing.
    """
    if not template.strip():
        return json.dumps(_everything(values), ensure_ascii=False)
    return _PLACEHOLDER.sub(lambda found: _escaped(values.get(found[1], ""), content_type), template)


def _everything(values: dict[str, Any]) -> dict[str, Any]:
    """The body without a template. Telephone and mail address go out only where a template names them."""
    kept = {name: values[name] for name in ("key", "title", "text", "url", "urgent", "data")}
    to = {"name": values["name"], "username": values["username"]} if values["username"] else None
    return kept | {"recipient": to}


def _escaped(value: Any, content_type: str) -> str:
    """In JSON, text is escaped for standing between quotes; truth and objects stand by themselves."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if content_type == ContentType.JSON:
        return json.dumps(text, ensure_ascii=False)[1:-1] if isinstance(value, str) else text
    return quote_plus(text) if content_type == ContentType.FORM else text


def faults(template: str, content_type: str) -> list[str]:
    """What is wrong with a template, in words: unknown names, and JSON that would not be JSON with some value."""
    names = {found[1] for found in _PLACEHOLDER.finditer(template)}
    found = [f"没有“{name}”这个占位符。" for name in sorted(names - PLACEHOLDERS.keys())]
    if content_type != ContentType.JSON:
        return found if template.strip() else [*found, "表单格式和纯文本要写正文模板。"]
    for values in (_SAMPLE, _EMPTY):
        try:
            json.loads(render(template, content_type, values))
        except ValueError:
            return [*found, "套用示例内容后不是正确的 JSON，请检查引号、逗号和括号；文字类占位符要放在引号里。"]
    return found
