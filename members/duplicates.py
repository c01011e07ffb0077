"""疑似重复: records of party members that may be one person; found by SQL, judged by people.

What makes two look alike stands in `_KEYS`. The identity number is none of them: no two records may have the same one,
whoever enters it a second time is told so (members/identity.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, islice
from operator import and_, or_
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from grids.scoping import scope_of
from liangcheng.common.exceptions import InvalidInput, NotPermitted, NotVisible
from members.access import keeps_members
from members.models import NotSamePerson, PartyMember

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# As many groups as one page shows; when these are settled, the next ones come.
MOST_GROUPS = 20
# As many pairs of one group are offered at a time: fifty people with the office's telephone are over a thousand.
MOST_PAIRS = 6


@dataclass(frozen=True)
class Key:
    """Columns whose equal, non-empty values make two records of one street look alike."""

    label: str
    columns: tuple[str, ...]

    def value_of(self, member: PartyMember) -> tuple[Any, ...]:
        return (member.community_id, *(getattr(member, column) for column in self.columns))

    def joins(self, one: PartyMember, other: PartyMember) -> bool:
        value = self.value_of(one)
        return value == self.value_of(other) and "" not in value and None not in value

    def filled(self, rows: "QuerySet[PartyMember]") -> "QuerySet[PartyMember]":
        for column in self.columns:
            column_field = PartyMember._meta.get_field(column)
            rows = rows.exclude(**{column: ""}) if column_field.empty_strings_allowed else rows
            rows = rows.filter(**{f"{column}__isnull": False})
        return rows


# The strongest first. Within one street always: nobody merges across streets.
_KEYS = [
    Key("姓名和手机相同", ("name", "phone")),
    Key("手机相同", ("phone",)),
    Key("姓名和党组织相同", ("name", "organization_id")),
    Key("同一居民区里姓名相同", ("name", "neighborhood_id")),
]


@dataclass
class Group:
    """Records that look alike, and the pairs of them that nobody has told apart yet."""

    members: list[PartyMember]
    reasons: list[str]
    pairs: list[tuple[PartyMember, PartyMember]]


def suspects(user: "User", member: PartyMember) -> list[PartyMember]:
    """Records that the user sees and that look like `member`, which may be new: same name and telephone, or same name
    in the same 居民区. At most five. What lies outside the user's scope is left to the desk above.
    """
    if not member.name:
        return []
    alike = Q(name=member.name, community_id=member.community_id)
    near = Q(neighborhood_id=member.neighborhood_id) if member.neighborhood_id else Q(grid_id=member.grid_id)
    near = near | Q(phone=member.phone) if member.phone else near
    rows = PartyMember.objects.visible_to(user).filter(merged_into=None, erased_at=None).filter(alike & near)
    if member.pk:
        told_apart = NotSamePerson.objects.filter(Q(first=member.pk) | Q(second=member.pk))
        known = {pk for pair in told_apart.values_list("first_id", "second_id") for pk in pair}
        rows = rows.exclude(pk__in=known | {member.pk})
    return list(rows.select_related("organization", "grid").order_by("pk")[:5])


def groups(user: "User") -> tuple[list[Group], bool]:
    """Groups in the user's sight, the strongest first, and whether there are more: a statement per key and two more."""
    found: dict[Key, list[tuple[Any, ...]]] = {key: _values(user, key) for key in _KEYS}
    more = any(len(values) > MOST_GROUPS for values in found.values())
    wanted = [_condition(key, value) for key, values in found.items() for value in values[:MOST_GROUPS]]
    if not wanted:
        return [], False
    rows = _in_sight(user).filter(reduce(or_, wanted))
    members = list(rows.select_related("organization", "unit", *_GRIDS).order_by("pk"))
    ids = [member.pk for member in members]
    apart = set(
        NotSamePerson.objects.filter(first__in=ids, second__in=ids).order_by().values_list("first_id", "second_id")
    )
    result = _grouped(found, members, apart)
    return result[:MOST_GROUPS], more or len(result) > MOST_GROUPS


_GRIDS = ("grid", "neighborhood")


def _in_sight(user: "User") -> "QuerySet[PartyMember]":
    return PartyMember.objects.visible_to(user).active().filter(erased_at=None)


def _other_in_sight(user: "User") -> Q:
    """As `_in_sight`, of the second record of a pair that was told apart: others do not count against a group."""
    other = "differs_after__second__"
    in_use = Q(**{f"{other}is_active": True, f"{other}merged_into": None, f"{other}erased_at": None})
    return in_use & scope_of(user).with_party.subtree_condition(other)


def _values(user: "User", key: Key) -> list[tuple[Any, ...]]:
    """Values that several records share and of whose pairs not all have been told apart; one more than is shown."""
    columns = ("community_id", *key.columns)
    same = {f"differs_after__second__{column}": F(column) for column in columns}
    told_apart = Count("differs_after", filter=Q(**same) & _other_in_sight(user), distinct=True)
    rows = (
        key.filled(_in_sight(user))
        .order_by()
        .values(*columns)
        .annotate(number=Count("pk", distinct=True), apart=told_apart)
        .filter(number__gt=1, apart__lt=F("number") * (F("number") - 1) / 2)
    )
    return list(rows.order_by(*columns).values_list(*columns)[: MOST_GROUPS + 1])


def _condition(key: Key, value: tuple[Any, ...]) -> Q:
    columns = ("community_id", *key.columns)
    return reduce(and_, (Q(**{column: part}) for column, part in zip(columns, value, strict=True)))


def _grouped(
    found: dict[Key, list[tuple[Any, ...]]], members: list[PartyMember], apart: set[tuple[int, int]]
) -> list[Group]:
    """A pair stands once, in the group of its strongest reason; what else the group's pairs share is named there."""
    result: list[Group] = []
    done = set(apart)
    for key, values in found.items():
        by_value: dict[tuple[Any, ...], list[PartyMember]] = {}
        for member in members:
            by_value.setdefault(key.value_of(member), []).append(member)
        for value in values[:MOST_GROUPS]:
            alike = combinations(by_value.get(value, []), 2)
            pairs = list(islice((pair for pair in alike if (pair[0].pk, pair[1].pk) not in done), MOST_PAIRS))
            if pairs:
                done |= {(one.pk, other.pk) for one, other in pairs}
                result.append(Group(_members_of(pairs), _reasons(found, pairs), pairs))
    return result


def _reasons(keys: Iterable[Key], pairs: list[tuple[PartyMember, PartyMember]]) -> list[str]:
    """Labels of the keys that all pairs share; "手机相同" is said already where name and telephone are the same."""
    shared = [key for key in keys if all(key.joins(*pair) for pair in pairs)]
    return [key.label for key in shared if not any(set(key.columns) < set(other.columns) for other in shared)]


def _members_of(pairs: list[tuple[PartyMember, PartyMember]]) -> list[PartyMember]:
    return sorted({member.pk: member for pair in pairs for member in pair}.values(), key=lambda member: member.pk)


def tell_apart(*, actor: "User", member_ids: tuple[int, int]) -> NotSamePerson:
    """不是同一人: these two are not suggested again. Said twice, it stays said.

    Refusals: same_record, not_found, not_permitted.
    """
    first, second = sorted(member_ids)
    if first == second:
        raise InvalidInput("same_record", "请选择两份不同的档案。")
    with transaction.atomic():
        rows = PartyMember.objects.visible_to(actor).filter(pk__in=(first, second), merged_into=None)
        found = list(rows.select_for_update(no_key=True).order_by("pk"))
        if len(found) != 2:
            raise NotVisible
        if not all(keeps_members(actor, member) for member in found):
            raise NotPermitted("not_permitted", "两份档案都由您的网格负责，才能核对；请联系上级网格。")
        pair, _ = NotSamePerson.objects.get_or_create(first_id=first, second_id=second, defaults={"by": actor})
        return pair
