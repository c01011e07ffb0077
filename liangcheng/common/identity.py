"""公民身份号码 (GB 11643) and the residence permits that follow it: whether one can be right, and how it is masked."""

import re
from datetime import date

from django.utils import timezone

from liangcheng.common.text import plain

_SHAPE = re.compile(r"\d{17}[\dX]", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_FIRST_YEAR = 1900
# Provinces (GB/T 2260), and 81, 82, 83: residence permits of people from 香港, 澳门, 台湾.
_REGIONS = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)


def normalize_identity(text: str) -> str:
    """Full-width digits plain, blanks and dashes gone, x as X."""
    return re.sub(r"[\s\-]", "", plain(text)).upper()


def check_character(digits: str) -> str:
    """The last character that belongs to the first seventeen (MOD 11-2)."""
    return _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11]


def birth_date(number: str) -> date | None:
    """The day of birth in the number; None where there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def is_identity_number(text: str, today: date | None = None) -> bool:
    """18 characters with a right check character, a known region, and a birth date from 1900 to today."""
    if not _SHAPE.fullmatch(text) or text[:2] not in _REGIONS or text[-1] != check_character(text[:17]):
        return False
    born = birth_date(text)
    return born is not None and born.year >= _FIRST_YEAR and born <= (today or timezone.localdate())


def mask_identity(number: str) -> str:
    """310***********123X: the province's three digits and the last four."""
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}" if len(number) > 7 else "*" * len(number)
