"""What the lines of a sheet may name, read once: grids, organizations, units, people, skills. In the user's scope."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from grids.models import Grid
from liangcheng.common.sheets.cells import BadCell, Phone, parts
from members.models import PartyOrganization, ResidentContact, ResidentUnit, Skill
from members.sheets.base import Reader, RegisterSheet, known_members

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_FEW = 2_000


@dataclass(frozen=True)
class Someone:
    """A party member or a resident contact, as a cell names them."""

    kind: str  # "member" or "contact"
    pk: int
    name: str
    phone: str
    community_id: int
    neighborhood_id: int | None


class Desk:
    """The lookups of one check, for one user and one sheet."""

    def __init__(self, user: "User", sheet: RegisterSheet) -> None:
        self.user, self.sheet, self.reader = user, sheet, Reader(user)

    # -- grids

    @cached_property
    def writable(self) -> dict[str, Grid]:
        return {grid.code: grid for grid in self.sheet.grids(self.user).in_tree_order()}  # type: ignore[attr-defined]

    @cached_property
    def visible(self) -> dict[str, Grid]:
        return {grid.code: grid for grid in Grid.objects.visible_to(self.user)}

    def grid(self, text: str, *, optional: bool = False) -> Grid | None:
        if not text and optional:
            return None
        if text not in self.writable:
            raise BadCell(f"没有找到网格“{text[:20]}”，或不在您可以登记的范围内。")
        return self.writable[text]

    # -- organizations and units

    @cached_property
    def _organizations(self) -> dict[str, list[PartyOrganization]]:
        found: dict[str, list[PartyOrganization]] = defaultdict(list)
        for row in PartyOrganization.objects.visible_to(self.user).active().order_by("pk"):
            found[row.name].append(row)
        return found

    def organization(self, text: str, row: Any) -> PartyOrganization | None:
        """By name in the street of `row`; of several, the one on the row's own way up."""
        if not text or row.grid_id is None:
            return None
        found = [each for each in self._organizations[text] if each.community_id == row.community_id]
        found = _nearest(found, row) if len(found) > 1 else found
        if not found:
            raise BadCell(f"没有找到党组织“{text[:30]}”，或不在您的网格范围内。请先登记党组织。")
        if len(found) > 1:
            raise BadCell(f"叫“{text[:30]}”的党组织有 {len(found)} 个，分不清是哪一个，请先把它们改成不同的名称。")
        return found[0]

    @cached_property
    def _parents(self) -> dict[int, PartyOrganization]:
        return PartyOrganization.objects.only("pk", "parent_id").in_bulk()

    def parent_of(self, organization: PartyOrganization) -> PartyOrganization | None:
        """The organization above, whoever may see it: for the chain upwards only."""
        known = self._parents.get(organization.pk)
        return self._parents.get(known.parent_id) if known and known.parent_id else None

    @cached_property
    def _units(self) -> dict[str, ResidentUnit]:
        return {unit.code: unit for unit in ResidentUnit.objects.visible_to(self.user).active()}

    def unit(self, text: str) -> ResidentUnit | None:
        if not text:
            return None
        if text not in self._units:
            raise BadCell(f"没有找到单位“{text[:30]}”，或不在您的网格范围内。请填单位编号。")
        return self._units[text]

    # -- people

    @cached_property
    def _people(self) -> dict[str, list[Someone]]:
        found: dict[str, list[Someone]] = defaultdict(list)
        columns = ("pk", "name", "phone", "community_id", "neighborhood_id")
        for kind, rows in (
            ("member", known_members().visible_to(self.user)),
            ("contact", ResidentContact.objects.visible_to(self.user).filter(erased_at=None)),
        ):
            for values in rows.filter(is_active=True).order_by("pk").values_list(*columns):
                found[values[1]].append(Someone(kind, *values))
        return found

    def person(self, name: str, phone: str, row: Any) -> Someone:
        """By name and phone in the street of `row`; by the name alone where its 居民区 has one of that name."""
        if "*" in name or "*" in phone:
            raise BadCell("姓名或电话带“*”，认不出是谁。请填完整的姓名，或保留导出的内容不动。")
        found = [each for each in self._people[name] if each.community_id == row.community_id]
        if phone:
            found = [each for each in found if each.phone == phone]
            # The same person in both registers: the party's is the one.
            found = found[:1] if len({each.kind for each in found}) == len(found) else found
        elif row.neighborhood_id:
            found = [each for each in found if each.neighborhood_id == row.neighborhood_id]
        if not found:
            raise BadCell(f"没有找到“{name[:20]}”：应先登记为党员或居民骨干，姓名（和手机）要一致。")
        if len(found) > 1:
            raise BadCell(f"叫“{name[:20]}”的有 {len(found)} 位，请写明手机，分清是哪一位。")
        return found[0]

    # -- skills

    @cached_property
    def skills(self) -> dict[str, Skill]:
        return {skill.name: skill for skill in Skill.objects.filter(is_active=True)}

    def skill_ids(self, text: str) -> frozenset[int]:
        names = parts(text)
        unknown = [name for name in names if name not in self.skills]
        if unknown:
            known = "、".join(self.skills) or "还没有，请街道先登记"
            raise BadCell(f"没有“{'、'.join(unknown)[:40]}”这项特长，可填：{known}。")
        return frozenset(self.skills[name].pk for name in names)

    # -- for the template

    def lists(self, name: str) -> list[tuple[str, str]]:
        """(what goes into the cell, what it is) of a reference list; too long ones are cut."""
        found: Iterable[tuple[str, str]] = {
            "grids": lambda: ((grid.code, grid.name) for grid in self.writable.values()),
            "organizations": lambda: ((name, "") for name in sorted(self._organizations)),
            "units": lambda: ((code, unit.name) for code, unit in self._units.items()),
            "skills": lambda: ((name, "") for name in self.skills),
        }[name]()
        return list(found)[:_FEW]


def _nearest(found: list[PartyOrganization], row: Any) -> list[PartyOrganization]:
    """Those on the lowest grid that lies on the row's path."""
    for grid_id in (row.micro_unit_id, row.neighborhood_id, row.area_id, row.community_id):
        here = [each for each in found if grid_id and each.grid_id == grid_id]
        if here:
            return here
    return found


def named(text: str) -> tuple[str, str]:
    """ "李明 13900000000" → name and phone; the phone may be missing."""
    name, _, phone = text.strip().partition(" ")
    return name, Phone().read(phone) if phone.strip() else ""
