"""Kinds of path segments in addresses."""


class CodeConverter:
    """An official code or number: nothing that a database could stumble over (NUL, endless text)."""

    regex = "[A-Za-z0-9_-]{1,30}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
