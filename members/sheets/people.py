"""党组织, 党员, 居民骨干 and 队伍 as sheets."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.accounts.models import User
from liangcheng.common.clock import now
from liangcheng.common.sheets.cells import BadCell, Choice, Day, Phone
from members.access import keeps_members
from members.choices import ContactKind, MemberKind, OrganizationKind
from members.models import PartyMember, PartyOrganization, ResidentContact, Transfer
from members.people import HOMES, organizations_for
from members.sheets.applying import Changed
from members.sheets.base import (
    Column,
    Draft,
    RegisterSheet,
    Unique,
    active_column,
    grid_column,
    id_column,
    known_members,
    note_column,
    reads_members,
)
from members.sheets.desk import Desk
from members.sheets.places import contact_columns, unit_column


def organization_column(header: str, attribute: str, *, required: bool = False, hint: str = "") -> Column:
    def find(text: str, draft: Draft) -> PartyOrganization | None:
        return draft.desk.organization(text, draft.row)

    def show(row: Any, reader: Any) -> str:
        found = getattr(row, attribute)
        return found.name if found else ""

    return Column(
        header, attribute, required=required, hint=hint, width=24, show=show, find=find, offers="organizations"
    )


class OrganizationSheet(RegisterSheet):
    slug = "organizations"
    model = PartyOrganization
    natural = ("grid_id", "name")
    related = ("grid", "parent", "unit")
    columns = (
        id_column("党组织"),
        grid_column(),
        Column("名称", "name", required=True, example="文苑一居民区第一党支部", width=28),
        Column("类别", "kind", Choice(OrganizationKind.choices), required=True, hint="从下拉里选", example="党支部"),
        organization_column("上级党组织", "parent", hint="名称；要先登记"),
        unit_column("所属单位编号", "驻区单位自己的党组织才填"),
        Column("成立日期", "founded_on", Day(), hint="如 2021-07-01", example="2021-07-01", width=12),
        *contact_columns(),
        note_column(),
        active_column(),
    )
    uniques = (Unique(("grid_id", "kind", "name"), "名称", "这个网格里已经有同名的党组织。"),)

    def finish(self, draft: Draft) -> None:
        """An organization is nobody's above itself, directly or along the chain."""
        above, seen = draft.row.parent, set()
        while above is not None and above.pk not in seen:
            if draft.existing and above.pk == draft.row.pk:
                draft.wrong("上级党组织", "上级党组织不能是自己或自己的下级。")
                return
            seen.add(above.pk)
            above = draft.desk.parent_of(above)


def _person_columns(example: str) -> tuple[Column, Column]:
    return (
        Column("姓名", "name", required=True, example=example, show=lambda row, reader: reader.name(row, row.name)),
        Column(
            "手机",
            "phone",
            Phone(),
            hint="11 位手机号",
            example="13900139000",
            show=lambda row, reader: reader.phone(row, row.phone),
        ),
    )


def _skill_columns() -> tuple[Column, Column]:
    return (
        Column(
            "特长",
            "skills",
            hint="多项用“、”隔开，可填的见“参考”表",
            width=18,
            virtual=True,
            show=lambda row, reader: "、".join(skill.name for skill in row.skills.all()),
            offers="skills",
        ),
        Column("可服务时间", "availability", example="周末", width=16),
    )


class PersonSheet(RegisterSheet):
    """What both registers of people have: skills, and nobody twice."""

    of_people = True

    def finish(self, draft: Draft) -> None:
        if "特长" not in draft.touched:
            return
        try:
            wanted = draft.desk.skill_ids(draft.texts["特长"])
        except BadCell as error:
            draft.wrong("特长", str(error))
            return
        if not draft.existing or wanted != {skill.pk for skill in draft.row.skills.all()}:
            draft.extras["skills"] = wanted

    def look_around(self, drafts: Sequence[Draft], desk: Desk) -> None:
        """The same name and phone in a street is the same person; the same name alone only may be."""
        names = {draft.row.name for draft in drafts}
        here = _grouped(self.importable(desk.user), names)
        lines: dict[tuple[Any, ...], int] = {}
        for draft in drafts:
            row = draft.row
            key = (row.community_id, row.name, row.phone)
            if row.phone and key in lines:
                draft.wrong("姓名", f"与第 {lines[key]} 行是同一个人（姓名和手机都相同）。")
            lines.setdefault(key, draft.line)
            others = [each for each in here.get((row.community_id, row.name), ()) if each[0] != row.pk]
            same = [pk for pk, phone in others if row.phone and phone == row.phone]
            identity_changed = not draft.existing or {"name", "phone", "grid_id"} & set(draft.changes)
            if same and identity_changed:
                draft.wrong("姓名", f"已登记过（编号 {same[0]}，姓名和手机都相同）。要修改请填编号。")
            elif others and not draft.existing:
                draft.warnings.append(f"已有同名的人（编号 {others[0][0]}），请确认不是同一个人。")

    def write_extras(self, drafts: Sequence[Draft], user: User) -> None:
        changed = [draft for draft in drafts if "skills" in draft.extras]
        through: Any = self.model.skills.through  # type: ignore[attr-defined]
        own = f"{self.model._meta.model_name}_id"
        through.objects.filter(**{f"{own}__in": [draft.row.pk for draft in changed if draft.existing]}).delete()
        through.objects.bulk_create(
            through(**{own: draft.row.pk, "skill_id": skill_id})
            for draft in changed
            for skill_id in sorted(draft.extras["skills"])
        )


def _grouped(rows: "QuerySet[Any]", names: set[str]) -> dict[tuple[int, str], list[tuple[int, str]]]:
    found: dict[tuple[int, str], list[tuple[int, str]]] = defaultdict(list)
    plain = rows.order_by("pk").prefetch_related(None).values_list("pk", "community_id", "name", "phone")
    for pk, street, name, phone in plain:
        if name in names:
            found[street, name].append((pk, phone))
    return found


_KIND = "党员编在党支部或党小组；党总支下已设党支部的，请填支部。"
_HOME = "党员登记在居民区或微单元，请填它们的网格编码。"
_BY_PAGE = "请在页面上办理转接，由对方接收。"
_WAITS = "这位党员有一份待接收的转接，请先撤回，或等对方办结。"
_RETIRED = "这份档案已停用；要办理转接请先恢复使用。"
_LIFE = "请在页面上办理停用或恢复。"
# Headers of what a transfer changes.
_PLACES = {"organization_id": "所在党组织", "grid_id": "网格编码"}


class MemberSheet(PersonSheet):
    slug = "members"
    model = PartyMember
    related = ("grid", "organization", "unit")
    prefetched = ("skills",)
    columns = (
        id_column("党员"),
        *_person_columns("李明"),
        Column("类别", "kind", Choice(MemberKind.choices), required=True, hint="从下拉里选", example="在册党员"),
        organization_column("所在党组织", "organization", required=True, hint="名称；要先登记"),
        grid_column(),
        unit_column("工作单位编号", "在职党员的单位，没有就空着"),
        Column("入党日期", "joined_on", Day(), hint="如 1998-07-01", example="1998-07-01", width=12),
        *_skill_columns(),
        note_column(),
        active_column(),
    )

    def may_import(self, user: User) -> bool:
        return super().may_import(user) and reads_members(user)

    may_export = may_import

    def may_write(self, user: User, row: Any) -> bool:
        scope = scope_of(user)
        reads = scope.everything or any(post.covers(row) for post in scope.with_party.territorial)
        return reads and super().may_write(user, row)

    def grids(self, user: User) -> "QuerySet[Grid]":
        return super().grids(user).filter(scope_of(user).party_condition())

    def rows(self, user: User) -> "QuerySet[Any]":
        return super().rows(user).filter(merged_into=None)

    def importable(self, user: User) -> "QuerySet[Any]":
        return self.rows(user).filter(pk__in=known_members().values("pk"))

    def look_around(self, drafts: Sequence[Draft], desk: Desk) -> None:
        """Where a member may belong, and who may send them there: as members.people and members.transfers ask."""
        super().look_around(drafts, desk)
        streets = {draft.row.community_id for draft in drafts}
        organizations = PartyOrganization.objects.filter(community_id__in=streets).order_by()
        homes = set(organizations_for(organizations).values_list("pk", flat=True))
        waiting = _waiting(drafts)
        for draft in drafts:
            _check_places(draft, homes)
            if draft.existing:
                _check_life(draft, draft.row.pk in waiting)
                _check_transfer(draft, desk.user)

    def before_writing(self, changed: Sequence[Draft]) -> None:
        """The members are locked now, as a transfer by hand locks them first: none has been sent off since."""
        if _waiting(draft for draft in changed if _moved(draft)):
            raise Changed

    def write_extras(self, drafts: Sequence[Draft], user: User) -> None:
        """Whoever changes the organization or the grid has been transferred (转接), as by hand."""
        super().write_extras(drafts, user)
        moved = [draft for draft in drafts if draft.existing and _moved(draft)]
        Transfer.objects.bulk_create(
            Transfer(
                member=draft.row,
                from_organization_id=draft.before["organization_id"],
                to_organization_id=draft.row.organization_id,
                from_grid_id=draft.before["grid_id"],
                grid_id=draft.row.grid_id,
                **draft.row.path_ids(),
                on=timezone.localdate(),
                reason="Excel 导入",
                by=user,
                decided_by=user,
                decided_at=now(),
            )
            for draft in moved
        )


def _waiting(drafts: Iterable[Draft]) -> set[int]:
    """Ids of the members with a transfer under way."""
    moved = {draft.row.pk: draft.row.community_id for draft in drafts if draft.existing and _moved(draft)}
    if not moved:
        return set()
    rows = Transfer.objects.waiting().filter(community_id__in=set(moved.values())).order_by()
    return moved.keys() & set(rows.values_list("member_id", flat=True))


def _moved(draft: Draft) -> bool:
    return any(_changes(draft, name) for name in _PLACES)


def _changes(draft: Draft, name: str) -> bool:
    return bool(draft.before.get(name) != getattr(draft.row, name))


def _check_places(draft: Draft, homes: set[int]) -> None:
    row = draft.row
    if row.organization_id and _changes(draft, "organization_id") and row.organization_id not in homes:
        draft.wrong("所在党组织", _KIND)
    if _changes(draft, "grid_id") and row.grid.kind not in HOMES:
        draft.wrong("网格编码", _HOME)


def _check_life(draft: Draft, waits: bool) -> None:
    if _changes(draft, "is_active"):
        draft.wrong("在用", _LIFE)
    for name in (name for name in _PLACES if _changes(draft, name)):
        if waits:
            draft.wrong(_PLACES[name], _WAITS)
        elif not draft.before["is_active"]:
            draft.wrong(_PLACES[name], _RETIRED)


def _check_transfer(draft: Draft, user: User) -> None:
    row = draft.row
    for name, place in (("organization_id", row.organization), ("grid_id", row.grid)):
        if _changes(draft, name) and not keeps_members(user, place):
            draft.wrong(_PLACES[name], _BY_PAGE)


class ContactSheet(PersonSheet):
    slug = "contacts"
    model = ResidentContact
    natural = ("community_id", "name", "phone")
    prefetched = ("skills",)
    columns = (
        id_column("居民骨干"),
        *_person_columns("陈芳"),
        Column("类别", "kind", Choice(ContactKind.choices), required=True, hint="从下拉里选", example="楼组长"),
        Column("身份说明", "title", hint="如社区民警、退休教师", width=18),
        grid_column(),
        *_skill_columns(),
        note_column(),
        active_column(),
    )

    def importable(self, user: User) -> "QuerySet[Any]":
        return self.rows(user).filter(erased_at=None)
