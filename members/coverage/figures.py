"""Numbers per grid, rolled up its path: one statement per register, whatever the number of grids and rows.

Every number counts exactly what the list behind it shows: both ask the same querysets (members/querysets.py).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from grids.choices import GridKind, Role
from grids.models import Grid, Posting
from grids.scoping import Scope, scope_of
from grids.statistics import roll_up
from members import querysets as conditions
from members.choices import MemberKind, TeamKind, UnitKind
from members.models import Building, PartyMember, PartyOrganization, ResidentContact, ResidentUnit, Team, Venue

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# What the table shows of each grid: key → (heading, heading where room is scarce).
FIGURES: dict[str, tuple[str, str]] = {
    "members_REGISTERED": ("在册党员", "在册"),
    "members_IN_SERVICE": ("在职党员", "在职"),
    "organizations": ("党组织", "党组织"),
    "units_ESTATE": ("小区", "小区"),
    "units_BUSINESS_PARK": ("楼宇园区", "园区"),
    "units_INSTITUTION": ("驻区单位", "驻区"),
    "units_SHOP": ("沿街商铺", "商铺"),
    "buildings": ("楼栋", "楼栋"),
    "venues": ("阵地", "阵地"),
    "main_venues": ("主阵地", "主阵地"),
    "contacts": ("居民骨干", "骨干"),
    "teams": ("队伍", "队伍"),
}
# Who may be a micro-unit's officer (网格员): posted there, with a role that handles cases.
OFFICERS = (Role.OFFICER, Role.LIAISON, Role.HEAD)
LEADS_OF_AN_AREA = 2

Own = dict[int, Counter[str]]


@dataclass(frozen=True)
class Source:
    """A register, and what is counted of its rows beside all of them. `kinds`: all of them by kind."""

    model: Any
    name: str
    counts: Mapping[str, Callable[[], Q]]
    kinds: Any = None

    def rows(self, user: "User", grid: Grid | None) -> "QuerySet[Any]":
        rows = self.model.objects
        rows = rows.countable_by(user) if hasattr(rows, "countable_by") else rows.visible_to(user)
        return (rows if grid is None else rows.within(grid)).active()

    def own(self, user: "User", grid: Grid | None) -> Own:
        """Its numbers by grid: one statement, at most a row per grid and kind."""
        by = ("grid_id", "kind") if self.kinds else ("grid_id",)
        extra = {key: Count(Value(1), filter=condition()) for key, condition in self.counts.items()}
        found: Own = {}
        for group in self.rows(user, grid).order_by().values(*by).annotate(number=Count(Value(1)), **extra):
            counter = found.setdefault(group["grid_id"], Counter())
            counter[f"{self.name}_{group['kind']}" if self.kinds else self.name] += group["number"]
            for key in extra:
                counter[key] += group[key]
        return found


def _fixed(condition: Q) -> Callable[[], Q]:
    return lambda: condition


# Those with gaps first: the panel on a grid's page asks only for them.
WITH_GAPS: tuple[Source, ...] = (
    Source(
        Building,
        "buildings",
        {
            "buildings_without_leader": _fixed(conditions.NO_MEMBER_LEADS & conditions.NO_CONTACT_LEADS),
            "buildings_without_unit": _fixed(conditions.NO_UNIT),
        },
    ),
    Source(
        ResidentUnit,
        "units",
        {
            "units_without_contact": _fixed(conditions.NO_CONTACT),
            "estates_without_building": conditions.no_building,
        },
        UnitKind,
    ),
    Source(
        PartyMember,
        "members",
        {
            "members_without_micro_unit": _fixed(conditions.NO_MICRO_UNIT),
            "members_without_organization": _fixed(conditions.NO_ORGANIZATION),
        },
        MemberKind,
    ),
    Source(PartyOrganization, "organizations", {"organizations_without_contact": _fixed(conditions.NO_CONTACT)}),
)
WITHOUT_GAPS: tuple[Source, ...] = (
    Source(ResidentContact, "contacts", {}),
    Source(Team, "teams", {}),
    Source(Venue, "venues", {"main_venues": _fixed(Q(is_main=True))}),
)


def sees_whole(scope: Scope, grid: Grid) -> bool:
    """Whether the subtree of `grid` is wholly in scope: only then are its numbers the whole."""
    return scope.everything or any(post.covers(grid) for post in scope.territorial)


def grids_with_duties(grids: Any) -> Any:
    """Each grid with who serves at it: `officers`, `heads`, `liaisons`; and whether a 居民区 has what it must have."""
    main = Venue.objects.active().filter(is_main=True, neighborhood=OuterRef("pk")).order_by()
    teams = Team.objects.active().filter(kind=TeamKind.MANAGEMENT, neighborhood=OuterRef("pk")).order_by()
    return grids.annotate(
        officers=_people(*OFFICERS),
        heads=_people(Role.HEAD),
        liaisons=_people(Role.LIAISON),
        has_main_venue=Exists(main),
        has_management_team=Exists(teams),
    )


def _people(*roles: Role) -> Any:
    """How many people serve at the grid itself in one of the roles; departments' staff are no part of it."""
    postings = Posting.objects.current(grid=OuterRef("pk"), role__in=roles, department__isnull=True).order_by()
    number = postings.values("grid").annotate(number=Count("user", distinct=True)).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), 0)


def own_of_grid(grid: Any) -> Counter[str]:
    """What a grid of `grids_with_duties` is by itself: one of its kind, and which gaps it has. Out of use: nothing."""
    if not grid.is_active:
        return Counter()
    kind = grid.kind
    found = Counter({f"grids_{kind}": 1})
    if kind == GridKind.MICRO_UNIT:
        found["micro_units_without_officer"] = int(not grid.officers)
    if kind == GridKind.AREA:
        found["areas_without_two_leads"] = int(grid.heads < LEADS_OF_AN_AREA)
    if kind in (GridKind.COMMUNITY, GridKind.NEIGHBORHOOD):
        found["grids_without_head"] = int(not grid.heads)
    if kind == GridKind.NEIGHBORHOOD:
        found["neighborhoods_without_venue"] = int(not grid.has_main_venue)
        found["neighborhoods_without_team"] = int(not grid.has_management_team)
    return found


def whole_grids(user: "User", grid: Grid | None = None) -> list[Grid]:
    """The grids whose whole subtree the user sees, those out of use included (rows may still hang there): one
    statement. `grid` narrows to its subtree."""
    rows = Grid.objects.filter(scope_of(user).subtree_condition())
    if grid is not None:
        rows = rows.within(grid)
    return list(grids_with_duties(rows).in_tree_order())


def figures_of(
    user: "User", grids: list[Grid], grid: Grid | None = None, *, gaps_only: bool = False
) -> dict[int, Counter[str]]:
    """Numbers of the subtree of each of `grids` (from `whole_grids`), by id: one statement per register."""
    own: Own = {row.pk: own_of_grid(row) for row in grids}
    for source in WITH_GAPS if gaps_only else (*WITH_GAPS, *WITHOUT_GAPS):
        for grid_id, counter in source.own(user, grid).items():
            own.setdefault(grid_id, Counter()).update(counter)
    return roll_up(grids, own)


def figures_within(user: "User", grid: Grid | None = None) -> dict[int, Counter[str]]:
    """Numbers of the subtrees of all grids that the user wholly sees: eight statements at any size."""
    return figures_of(user, whole_grids(user, grid), grid)
