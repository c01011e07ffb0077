"""Official codes of grids (DOMAIN B4): street, area and 居民区 12 digits, micro-unit 15. Pure."""

from collections.abc import Collection

from grids.choices import SHORT_LEVEL, GridKind
from liangcheng.common.exceptions import InvalidInput

UPPER_LENGTH = 12
MICRO_LENGTH = 15


def code_length(kind: str) -> int:
    """Digits of a code of that kind."""
    return MICRO_LENGTH if kind == GridKind.MICRO_UNIT else UPPER_LENGTH


def check_code(kind: str, code: str, prefixes: Collection[str]) -> None:
    """Refuse a code of the wrong form, or a micro-unit's that begins with none of `prefixes`.

    `prefixes` are the codes of the grids that the micro-unit may be numbered under: its parent's, and in an
    import those of all 居民区 and areas, because a code outlives a later move. Raises InvalidInput code_format.
    """
    length = code_length(kind)
    if len(code) != length or not (code.isascii() and code.isdigit()):
        raise InvalidInput("code_format", f"{SHORT_LEVEL[kind]}的网格编码应为 {length} 位数字。", field="code")
    if kind == GridKind.MICRO_UNIT and code[:UPPER_LENGTH] not in prefixes:
        raise InvalidInput(
            "code_format", "微单元编码的前 12 位应为所属居民区或片区的编码，后 3 位为顺序号。", field="code"
        )
