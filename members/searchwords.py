"""What a unit or a building is found by while somebody types, and what a typed text looks for. Pure: knows no row.

Every key is compared byte by byte and found by its beginning, so that an index answers at any size. An address is
one key: road (or its initials), lane and "/", then the number with its count of digits before it and "." behind it;
"凉城路123弄4号" is "凉城路123/14.", so 9号 stands before 10号 and 4号 before 40号.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from liangcheng.common.text import normalize
from members.addresses import parse_address

# Bytes of a key that are kept; nobody types a longer beginning.
LONGEST_KEY = 90
SHORTEST = 2
_LONGEST_TEXT = 50
_MOST_STARTS = 16
_DIGITS = re.compile(r"[0-9]*")
# "123 4" and "123-4" are lane and number as they are typed in a hurry.
_TWO_NUMBERS = re.compile(r"^(?P<lane>[0-9]{1,5}[甲乙丙丁戊a-z]?)[\s,.，、\-－—/]+(?P<number>[0-9]{1,5})(?P<rest>.*)$")
_MARK = re.compile(r"[0-9甲乙丙丁戊a-z]\s*(?:号|幢|栋)")
_LANE_MARK = re.compile(r"弄|巷")


class Place(IntEnum):
    """Which part of a name or address a key begins with; also the order in which hits are shown."""

    UNIT = 0
    ADDRESS = 1
    INSIDE = 2


@dataclass(frozen=True)
class Key:
    place: int
    text: bytes


@dataclass(frozen=True)
class Range:
    """Keys of `place` that begin with what was typed: first <= key < last."""

    place: int
    first: bytes
    last: bytes


def plain(text: str) -> str:
    """Letters, digits and characters only, small: how names are compared."""
    return "".join(character for character in normalize(text).lower() if character.isalnum())


def name_keys(name: str, sounds: str) -> set[Key]:
    """A unit by its name and initials (`sounds`: every reading, space-separated), from any character on."""
    keys = set()
    for word in (plain(name), *sounds.split()):
        keys.add(_key(Place.UNIT, word))
        keys.update(_key(Place.INSIDE, word[start:]) for start in range(1, min(len(word) - 1, _MOST_STARTS)))
    return keys


def address_keys(heads: Iterable[str], lane: str, number: str) -> set[Key]:
    """A house behind every one of `heads`: the road, its initials, the estate's name, or nothing."""
    tail = _tail(lane.lower(), number.lower())
    return {_key(Place.ADDRESS, f"{head}{tail}") for head in heads if f"{head}{tail}"}


def ranges(text: str) -> list[Range]:
    """What to look for, the likeliest first; nothing for a text that is too short to mean anything."""
    typed = normalize(text[:_LONGEST_TEXT]).lower()
    name = plain(typed)
    if len(name) < SHORTEST:
        return []
    wanted = [_range(Place.UNIT, name)]
    wanted += [_range(Place.ADDRESS, beginning) for beginning in dict.fromkeys(_beginnings(typed))]
    return [*wanted, _range(Place.INSIDE, name)]


def _tail(lane: str, number: str) -> str:
    """What stands behind the road: houses of a lane in the order of their numbers."""
    if lane:
        return f"{lane}/{_ordered(number)}." if number else f"{lane}/"
    return f"{number}." if number else ""


def _ordered(number: str) -> str:
    digits = _DIGITS.match(number)
    return f"{len(digits[0]) if digits else 0}{number}"


def _beginnings(typed: str) -> Iterator[str]:
    """The beginnings of address keys that `typed` may mean."""
    first = re.search(r"[0-9]", typed)
    if first is None:
        heads, tails = _heads(typed), [""]
    else:
        heads, tails = _heads(typed[: first.start()]), list(_tails(typed[first.start() :]))
    for head in heads:
        for tail in tails:
            if len(f"{head}{tail}") >= SHORTEST:
                yield f"{head}{tail}"


def _heads(text: str) -> list[str]:
    """The text before the numbers, as it is and without town, district and street."""
    road = parse_address(text).road.lower()
    return list(dict.fromkeys((plain(text), plain(road))))


def _tails(text: str) -> Iterator[str]:
    found = parse_address(text)
    two = None if _LANE_MARK.search(text) else _TWO_NUMBERS.match(text)
    if two:
        # Or a house without a lane: its number and a room, or the numbers of a house that has several.
        yield f"{two['lane']}."
        if "-" in found.number:
            yield f"{found.number}."
        yield from _numbers(two["lane"], two["number"], bool(_MARK.search(two["number"] + two["rest"])))
        return
    lane, number = found.lane.lower(), found.number.lower()
    if lane and number:
        behind = text[max(match.end() for match in _LANE_MARK.finditer(text)) :]
        yield from _numbers(lane, number, bool(_MARK.search(behind)))
    elif lane:
        yield f"{lane}/"
    elif number:
        yield f"{number}." if _MARK.search(text) else number


def _numbers(lane: str, number: str, finished: bool) -> Iterator[str]:
    """4号 is one house; a bare 4 may also become 40."""
    yield f"{lane}/{_ordered(number)}{'.' if finished else ''}"
    digits = _DIGITS.fullmatch(number)
    if digits and not finished:
        yield f"{lane}/{len(number) + 1}{number}"


def _key(place: Place, text: str) -> Key:
    return Key(int(place), text.encode()[:LONGEST_KEY])


def _range(place: Place, text: str) -> Range:
    beginning = text.encode()[:LONGEST_KEY]
    return Range(int(place), beginning, beginning + b"\xff")
