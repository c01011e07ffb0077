"""Kinds of path segments in addresses."""


class CodeConverter:
    """An official code or number: nothing that a database could stumble over (NUL, endless text)."""

    regex = "[A-Za-z0-9_-]{1,30}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class TokenConverter(CodeConverter):
    """An unguessable token, as secrets.token_urlsafe writes it; anything else does not even reach the page."""

    regex = "[A-Za-z0-9_-]{1,64}"
