"""People to choose from: searched by name, initials or the end of the number; masked, within the user's sight."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from grids.scoping import scope_of
from liangcheng.accounts.models import User
from liangcheng.common.text import normalize

MOST = 20
_MOST_WORDS = 30


@dataclass(frozen=True)
class Found:
    """What was looked for, and (value, person) by group; `more`: there are further ones."""

    words: str
    groups: list[tuple[str, list[tuple[str, Any]]]] = field(default_factory=list)
    more: bool = False


def candidates(user: User, words: str, members: Any, contacts: Any) -> Found:
    """The first MOST of each. Party members only for those who may read them. Two statements."""
    words = normalize(words)[:_MOST_WORDS]
    groups, more = [], False
    seen_members = members.visible_to(user) if _reads_members(user) else None
    for label, name, rows in (("居民骨干", "contact", contacts.visible_to(user)), ("党员", "member", seen_members)):
        if rows is None:
            continue
        rows = rows.active().select_related("grid").order_by("grid__code", "name_pinyin", "pk")
        found = list(_looked_for(rows, words)[: MOST + 1])
        more = more or len(found) > MOST
        groups.append((label, [(f"{name}-{person.pk}", person) for person in found[:MOST]]))
    return Found(words, groups, more)


def _looked_for(rows: Any, words: str) -> Any:
    for word in words.split()[:3]:
        by_number = Q(phone__endswith=word) if word.isascii() and word.isdigit() and len(word) >= 4 else Q()
        by_name = Q(name__icontains=word) | Q(name_pinyin__icontains=word.lower())
        rows = rows.filter(by_name | by_number if by_number else by_name)
    return rows


def _reads_members(user: User) -> bool:
    scope = scope_of(user)
    return scope.everything or bool(scope.with_party.posts)
