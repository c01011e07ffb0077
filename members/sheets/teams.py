"""队伍 as a sheet, its people in two cells."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet

from liangcheng.accounts.models import User
from liangcheng.common.sheets.cells import BadCell, Choice, Day, parts
from members.choices import TeamKind
from members.models import PartyMember, ResidentContact, Team, TeamMember
from members.sheets.base import (
    Column,
    Draft,
    Reader,
    RegisterSheet,
    Unique,
    active_column,
    grid_column,
    id_column,
    note_column,
)
from members.sheets.desk import named
from members.sheets.people import organization_column

# (kind, pk) of the person → whether they lead.
People = dict[tuple[str, int], bool]


_HIDDEN_LEADER = "这支队伍已有队长，但不在您可以查看的范围内，不能在表格里更换。请由能查看的网格办理。"


def _seen(row: Team, reader: Reader) -> list[TeamMember]:
    return [each for each in row.people.all() if each.person and reader.sees(each.person)]


def _written(each: TeamMember, reader: Reader) -> str:
    return f"{reader.name_of(each.person)} {reader.phone_of(each.person)}".strip()


def _shown(leaders: bool) -> Any:
    def show(row: Team, reader: Reader) -> str:
        return "、".join(_written(each, reader) for each in _seen(row, reader) if each.is_leader == leaders)

    return show


class TeamSheet(RegisterSheet):
    slug = "teams"
    model = Team
    of_people = True
    natural = ("grid_id", "name")
    related = ("grid", "lead_organization")
    prefetched = (Prefetch("people", TeamMember.objects.select_related("member", "contact")),)
    columns = (
        id_column("队伍"),
        grid_column(),
        Column("名称", "name", required=True, example="文苑一志愿服务队", width=24),
        Column("类别", "kind", Choice(TeamKind.choices), required=True, hint="从下拉里选", example="服务队伍"),
        organization_column("牵头党组织", "lead_organization", hint="名称；要先登记"),
        Column("职责", "duties", width=24),
        Column("成立日期", "founded_on", Day(), hint="如 2021-07-01", example="2021-07-01", width=12),
        Column(
            "队长", "leader", hint="已登记的党员或居民骨干，同名的加手机", virtual=True, width=20, show=_shown(True)
        ),
        Column(
            "队员",
            "people",
            hint="同上，多位用“、”隔开，如：李明、陈芳 13900139000",
            virtual=True,
            width=36,
            show=_shown(False),
        ),
        note_column(),
        active_column(),
    )
    uniques = (Unique(("grid_id", "name"), "名称", "这个网格里已经有同名的队伍。"),)

    def names_people(self, user: User, rows: "QuerySet[Any]") -> "Iterable[QuerySet[Any]]":
        registers: tuple[Any, ...] = (PartyMember, ResidentContact)
        return [model.objects.visible_to(user).filter(teams__team__in=rows).distinct() for model in registers]

    def finish(self, draft: Draft) -> None:
        """A cell left as exported keeps its people; the other is read anew. Whom the user does not see stays."""
        if not draft.row.grid_id or not draft.touched & {"队长", "队员"}:
            return
        wanted: People = {}
        for header, leads in (("队员", False), ("队长", True)):
            for key in _read(draft, header, leads):
                if leads and any(wanted.values()):
                    draft.wrong("队长", "一支队伍只有一位队长。")
                wanted[key] = leads
        there = draft.row.people.all() if draft.existing else ()
        seen = {_key(each) for each in _seen(draft.row, draft.desk.reader)} if draft.existing else set()
        if any(wanted.values()) and any(each.is_leader and _key(each) not in seen for each in there):
            draft.wrong("队长", _HIDDEN_LEADER)
        draft.extras["people"] = wanted
        draft.extras["gone"] = seen - set(wanted)

    def write_extras(self, drafts: Sequence[Draft], user: User) -> None:
        changed = [draft for draft in drafts if "people" in draft.extras]
        kept: dict[int, dict[tuple[str, int], TeamMember]] = {draft.row.pk: {} for draft in changed}
        for each in TeamMember.objects.filter(team__in=kept).order_by("pk"):
            kept[each.team_id][_key(each)] = each
        # First who goes and who no longer leads: a team has one leader at any moment.
        rows = [(draft, key, each) for draft in changed for key, each in kept[draft.row.pk].items()]
        gone = [each.pk for draft, key, each in rows if key in draft.extras["gone"]]
        TeamMember.objects.filter(pk__in=gone).delete()
        for leads in (False, True):
            turned = [each.pk for draft, key, each in rows if draft.extras["people"].get(key) is leads]
            TeamMember.objects.filter(pk__in=turned).exclude(is_leader=leads).update(is_leader=leads)
        TeamMember.objects.bulk_create(
            TeamMember(team=draft.row, is_leader=leads, **{f"{kind}_id": pk})
            for draft in changed
            for (kind, pk), leads in draft.extras["people"].items()
            if (kind, pk) not in kept[draft.row.pk]
        )


def _key(each: TeamMember) -> tuple[str, int]:
    return ("member", each.member_id) if each.member_id else ("contact", int(each.contact_id or 0))


def _read(draft: Draft, header: str, leads: bool) -> list[tuple[str, int]]:
    """The people of a cell. Who stands there as exported, masked perhaps, is who it was."""
    there = _seen(draft.row, draft.desk.reader) if draft.existing else []
    if header not in draft.touched:
        return [_key(each) for each in there if each.is_leader == leads]
    known: dict[str, list[TeamMember]] = {}
    for each in there:
        known.setdefault(_written(each, draft.desk.reader), []).append(each)
    found = []
    for part in parts(draft.texts[header]):
        try:
            if len(known.get(part, ())) == 1:
                found.append(_key(known[part][0]))
            else:
                person = draft.desk.person(*named(part), draft.row)
                found.append((person.kind, person.pk))
        except BadCell as error:
            draft.wrong(header, str(error))
    return found
