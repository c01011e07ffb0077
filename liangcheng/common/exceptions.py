"""Refusals of the rules. The edges translate them: form error, problem JSON, admin message.

Every refusal carries a stable `code` for machines, a Chinese sentence for people that says what to do,
and the HTTP status the API answers with. `field` names the input it belongs to, where there is one.
"""


class DomainError(Exception):
    """A rule refuses: 409 unless a subclass says otherwise."""

    status = 409

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class InvalidInput(DomainError):
    """What was handed in is missing or wrong (400)."""

    status = 400


class NotPermitted(DomainError):
    """Visible, but not theirs to do (403)."""

    status = 403


class NotVisible(DomainError):
    """Does not exist, or lies outside the actor's scope: the two are never told apart (404)."""

    status = 404

    def __init__(self, message: str = "没有找到，或不在您的网格范围内。") -> None:
        super().__init__("not_found", message)


class IllegalTransition(DomainError):
    """The act does not exist in the present state (409)."""


class StaleObject(DomainError):
    """Somebody else was faster: the version that the actor saw is gone (409; 412 for If-Match)."""

    def __init__(self, message: str = "这条记录刚刚被别人更新过，请先看一下最新情况再操作。") -> None:
        super().__init__("stale_version", message)
