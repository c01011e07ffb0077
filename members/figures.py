"""How many of each register: the numbers of /registers/ and of a grid's page. One statement for all."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, Count, F, Value, When

from members.choices import MemberKind, TeamKind, UnitKind
from members.models import (
    Building,
    PartyMember,
    PartyOrganization,
    ResidentContact,
    ResidentUnit,
    Team,
    Venue,
)

if TYPE_CHECKING:
    from grids.models import Grid
    from liangcheng.accounts.models import User

# Figures of a grid or a scope: {"unit": 12, "unit.ESTATE": 4, "building": 40, "member": 120, …}.
Numbers = Counter[str]
# Registers by kind; the others are one number each.
_BY_KIND = (("unit", ResidentUnit), ("member", PartyMember), ("team", Team))
_WHOLE = (("building", Building), ("organization", PartyOrganization), ("contact", ResidentContact))


def numbers(user: "User", grid: "Grid | None" = None) -> Numbers:
    """Rows in use that the user's figures hold, below `grid` (None: in the whole scope). Members are counted whatever
    the right to read them; venues also as "venue.main".
    """
    parts = [_grouped(name, _rows(model, user, grid), F("kind")) for name, model in _BY_KIND]
    main = Case(When(is_main=True, then=_word("main")), default=_word(""))
    parts.append(_grouped("venue", _rows(Venue, user, grid), main))
    parts += [
        _rows(model, user, grid).values_list(_word(name), _word("")).annotate(number=Count("pk"))
        for name, model in _WHOLE
    ]
    found: Numbers = Counter()
    for name, kind, number in parts[0].union(*parts[1:], all=True):
        found[name] += number
        if kind:
            found[f"{name}.{kind}"] += number
    return found


def by_kind(found: Numbers, name: str) -> list[tuple[str, str, int]]:
    """(kind, label, number) of a register, kinds without any included."""
    choices = {"unit": UnitKind, "member": MemberKind, "team": TeamKind}[name].choices
    return [(kind, str(label), found[f"{name}.{kind}"]) for kind, label in choices]


def _rows(model: Any, user: "User", grid: "Grid | None") -> Any:
    counted = model.objects.countable_by(user) if model is PartyMember else model.objects.visible_to(user)
    return (counted if grid is None else counted.within(grid)).active().order_by()


def _grouped(name: str, rows: Any, kind: Any) -> Any:
    return rows.values_list(_word(name), kind).annotate(number=Count("pk"))


def _word(text: str) -> Value:
    return Value(text, output_field=CharField())
