"""登高计划 in numbers: per party organization with everything below it, and member by member. Flat in their number."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from django.db.models import Count, Q, Sum

from members.models import ClimbEntry, ClimbItem, PartyMember, PartyOrganization

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


@dataclass
class Line:
    """An organization with all below it. `begun` and `climbed` by item id: members on a step, steps in all."""

    organization: PartyOrganization | None
    depth: int = 0
    members: int = 0
    begun: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    climbed: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    # Ids of the organization and all below it.
    ids: list[int] = field(default_factory=list)

    def take(self, other: "Line") -> None:
        self.members += other.members
        self.ids += other.ids
        for item_id, number in other.begun.items():
            self.begun[item_id] += number
        for item_id, number in other.climbed.items():
            self.climbed[item_id] += number

    def cells(self, items: Sequence[ClimbItem]) -> list[tuple[ClimbItem, int, Decimal]]:
        """(item, members on a step, average step of all members)."""
        return [(item, self.begun[item.pk], self._average(item.pk)) for item in items]

    def _average(self, item_id: int) -> Decimal:
        if not self.members:
            return Decimal("0.0")
        average = Decimal(self.climbed[item_id]) / self.members
        return average.quantize(Decimal("0.1"), ROUND_HALF_UP)


def items_of(street_ids: Iterable[int]) -> list[ClimbItem]:
    """The seven of these streets that are in use."""
    return list(
        ClimbItem.objects.filter(community__in=set(street_ids), is_active=True).order_by("community", "position")
    )


def overview(user: "User") -> tuple[list[ClimbItem], list[Line]]:
    """The items and one line per organization that has members whom the user may read, from the top down; at the end
    those whose organization lies outside the user's grids. Four statements.
    """
    organizations = list(PartyOrganization.objects.visible_to(user).active().order_by("grid__code", "name", "pk"))
    items = items_of(each.community_id for each in organizations if each.community_id)
    own = _own_lines(user, items)
    children: dict[int | None, list[PartyOrganization]] = defaultdict(list)
    known = {each.pk for each in organizations}
    for each in organizations:
        children[each.parent_id if each.parent_id in known else None].append(each)
    lines: list[Line] = []
    for root in children[None]:
        lines += _rolled(root, 0, own, children)
    elsewhere = Line(None)
    for organization_id, line in own.items():
        if organization_id not in known:
            elsewhere.take(line)
    return items, [line for line in [*lines, elsewhere] if line.members]


def _own_lines(user: "User", items: Sequence[ClimbItem]) -> dict[int, Line]:
    """Organization id → its own members and their steps, without what is below it."""
    members = PartyMember.objects.visible_to(user).active().order_by()
    own: dict[int, Line] = {}
    for organization_id, number in members.values_list("organization_id").annotate(number=Count("pk")):
        own[organization_id] = Line(None, members=number)
    steps = (
        ClimbEntry.objects.filter(member__in=members.values("pk"), item__in=[item.pk for item in items], is_active=True)
        .order_by()
        .values_list("member__organization_id", "item_id")
        .annotate(begun=Count("pk", filter=Q(level__gt=0)), climbed=Sum("level"))
    )
    for organization_id, item_id, begun, climbed in steps:
        line = own.setdefault(organization_id, Line(None))
        line.begun[item_id], line.climbed[item_id] = begun, climbed
    return own


def _rolled(
    organization: PartyOrganization,
    depth: int,
    own: dict[int, Line],
    children: dict[int | None, list[PartyOrganization]],
) -> list[Line]:
    """The line of an organization, everything below it counted in, and after it the lines below."""
    line = Line(organization, depth, ids=[organization.pk])
    line.take(own.get(organization.pk, Line(None)))
    below: list[Line] = []
    for child in children[organization.pk]:
        lines = _rolled(child, depth + 1, own, children)
        line.take(lines[0])
        below += lines
    return [line, *below]


def steps_of(members: Sequence[PartyMember], items: Sequence[ClimbItem]) -> list[tuple[PartyMember, list[int], int]]:
    """(member, step per item, number of items of their own with a step). One statement."""
    levels: dict[tuple[int, int], int] = {}
    free: dict[int, int] = defaultdict(int)
    rows = ClimbEntry.objects.filter(member__in=[member.pk for member in members], is_active=True, level__gt=0)
    for member_id, item_id, level in rows.order_by().values_list("member_id", "item_id", "level"):
        if item_id is None:
            free[member_id] += 1
        else:
            levels[member_id, item_id] = level
    return [(each, [levels.get((each.pk, item.pk), 0) for item in items], free[each.pk]) for each in members]
