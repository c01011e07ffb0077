"""Addresses as people write them, taken apart. Pure: knows no row."""

import re
from dataclasses import dataclass

from liangcheng.common.text import normalize

_NUM = r"[0-9]{1,5}[甲乙丙丁戊A-Z]?"
_PAUSE = r"\s,.\uff0c\u3001\u3002\u00b7"  # blanks, and the comma, list comma, full stop and middle dot of Chinese
_GAP = rf"[{_PAUSE}]*"
# Everything up to the road's name that only says in which town, district, street or 居民区 it lies.
_TOWN = re.compile(
    r"^(?:[^\d\s]{1,4}?省)?(?:上海市|[^\d\s]{1,4}?市(?=.*[区县镇]))?(?:[^\d\s]{1,4}?(?:(?<!小)区|县))?"
    r"(?:[^\d\s]{1,8}?(?:街道|镇(?=.+[路街道])))?(?:[^\d\s]{1,8}?(?:居民区|居委会|居委|社区))?"
)
_LANE = re.compile(rf"(?P<lane>{_NUM})\s*(?:弄|巷)(?:{_GAP}(?P<branch>{_NUM})\s*支弄)?")
_HOUSE = rf"临?(?P<number>{_NUM}(?:[-~—至][0-9]{{1,5}}(?=\s*号))?)"
_MARKED_NUMBER = re.compile(rf"{_HOUSE}\s*(?:号楼|号|幢|栋)")
_BARE_NUMBER = re.compile(rf"^{_GAP}{_HOUSE}(?![0-9])")
# "3楼" and "2单元" are no rooms.
_ROOM = re.compile(rf"^(?:{_GAP}|[-#—])*(?P<room>[0-9]{{1,5}}[A-Z]?)(?![0-9]|\s*[楼层单弄])")


@dataclass(frozen=True)
class Address:
    """凉城路 / 123 / 4 / 501. A 支弄 stands in `lane` behind a hyphen: 123弄5支弄 → "123-5". Empty: not said."""

    road: str = ""
    lane: str = ""
    number: str = ""
    room: str = ""

    def __str__(self) -> str:
        """The way it is written: 凉城路123弄4号501室."""
        lane, _, branch = self.lane.partition("-")
        return "".join(
            (
                self.road,
                f"{lane}弄" if lane else "",
                f"{branch}支弄" if branch else "",
                f"{self.number}号" if self.number else "",
                f"{self.room}室" if self.room else "",
            )
        )


def parse_address(text: str) -> Address:
    """Take "上海市虹口区凉城路123弄4号501室" apart; 号, 室 and spaces may be missing, digits may be full-width.

    Never fails: what is not there is empty, and a text without any number is all road.
    """
    plain = normalize(text).upper()
    lane = _LANE.search(plain)
    if lane:
        rest = plain[lane.end() :]
        whole = f"{lane['lane']}-{lane['branch']}" if lane["branch"] else lane["lane"]
        return Address(_road(plain[: lane.start()]), whole, *_number_and_room(rest))
    first_digit = re.search(_NUM, plain)
    if first_digit is None:
        return Address(road=_road(plain))
    return Address(_road(plain[: first_digit.start()]), "", *_number_and_room(plain[first_digit.start() :]))


def _road(text: str) -> str:
    """The road's name at the end of what stands before the first number."""
    words = [word for word in re.split(rf"[{_PAUSE}()\uff08\uff09]+", text) if word]
    last = words[-1] if words else ""
    return _TOWN.sub("", last) or last


def _number_and_room(text: str) -> tuple[str, str]:
    number = _MARKED_NUMBER.search(text) or _BARE_NUMBER.match(text)
    if number is None:
        return "", ""
    room = _ROOM.match(text[number.end() :])
    return number["number"], room["room"] if room else ""
