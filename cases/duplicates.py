"""Cases that a new report may be about already: proposed while it is written, so that it joins instead of doubling."""

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q

from cases.choices import Status
from cases.models import Case
from cases.similarity import ALIKE, alikeness
from liangcheng.common.clock import now
from members.addresses import Address, parse_address

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

DAYS = 30
MOST_SHOWN = 5
# The newest of a place that are compared; a grid with more open cases than this within the days has other troubles.
_MOST_COMPARED = 300
_SAME_CATEGORY = 0.5
_SAME_BUILDING = 0.3
_NOWHERE = Address()


class _Candidate(NamedTuple):
    pk: int
    merged_into: int | None
    category: str
    title: str
    description: str
    address: str
    building: int | None


_COLUMNS = ("pk", "merged_into_id", "category__code", "title", "description", "address", "building_id")


def alike(
    user: "User",
    *,
    grid_code: str = "",
    grid_id: int | None = None,
    building_id: int | None = None,
    address: Address = _NOWHERE,
    category_code: str = "",
    text: str = "",
) -> list[Case]:
    """Open cases that the user may see and that a report of `text` may repeat, at most five, the likeliest first.

    Reported in the last 30 days at the same building or the same grid (of a micro-unit all of it; above that what
    was filed at this very grid), and of the same category or in similar words. `grid_code` is the grid chosen,
    `grid_id` what the address book says. What was merged leads to its main case. At most two statements.
    """
    where = _place(grid_code, grid_id, building_id)
    if where is None or not (category_code or text.strip()):
        return []
    scores: dict[int, float] = {}
    for row in _candidates(user, where):
        score = _score(row, building_id, address, category_code, text)
        main = row.merged_into or row.pk
        scores[main] = max(score, scores.get(main, 0))
    best = [pk for pk, score in scores.items() if score]
    if not best:
        return []
    # A main case may be closed or out of sight: some more are read than shown.
    best = sorted(best, key=lambda pk: (-scores[pk], -pk))[: 4 * MOST_SHOWN]
    rows = Case.objects.visible_to(user).open().filter(pk__in=best).select_related("category", "grid", "handling_grid")
    return sorted(rows.order_by(), key=lambda case: best.index(case.pk))[:MOST_SHOWN]


def likely_mains(case: Case, user: "User") -> list[Case]:
    """Cases that `case` may be merged into: what `alike` finds, except itself and where 保密 would not fit."""
    found = alike(
        user,
        grid_id=case.grid_id,
        building_id=case.building_id,
        category_code=case.category.code,
        text=f"{case.title} {case.description}",
    )
    return [row for row in found if row.pk != case.pk and row.confidential == case.confidential]


def _place(grid_code: str, grid_id: int | None, building_id: int | None) -> Q | None:
    """The same grid, by code or id, or the same building; None where no place is known yet."""
    parts = {"grid__code": grid_code, "grid_id": grid_id, "building_id": building_id}
    known = [Q(**{name: value}) for name, value in parts.items() if value]
    where = known[0] if known else None
    for part in known[1:]:
        where = where | part if where else part
    return where


def _candidates(user: "User", where: Q) -> list[_Candidate]:
    """The newest of the place, open or merged. What was reported since has changed since: an index ends the search."""
    since = now() - timedelta(days=DAYS)
    rows = Case.objects.visible_to(user).filter(where, reported_at__gte=since, updated_at__gte=since)
    rows = rows.filter(Q(is_open=True) | Q(status=Status.MERGED))
    return [_Candidate(*row) for row in rows.order_by("-pk").values_list(*_COLUMNS)[:_MOST_COMPARED]]


def _score(row: _Candidate, building_id: int | None, address: Address, category_code: str, text: str) -> float:
    """How likely it is the same matter; 0: neither the category nor the words agree."""
    words = max(alikeness(text, row.description), alikeness(text, row.title)) if text.strip() else 0
    same_category = bool(category_code) and row.category == category_code
    if not same_category and words < ALIKE:
        return 0
    same_building = (building_id is not None and row.building == building_id) or _same_house(address, row.address)
    return words + same_category * _SAME_CATEGORY + same_building * _SAME_BUILDING


def _same_house(address: Address, written: str) -> bool:
    if not address.number:
        return False
    other = parse_address(written)
    return (address.road, address.lane, address.number) == (other.road, other.lane, other.number)
