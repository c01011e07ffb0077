"""成员单位, 楼栋 and 阵地 as sheets."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from grids.authority import runs_desk
from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common.sheets.cells import BadCell, Choice, Number, Numbered, Phone, Truth, parts
from members.addressbook import index_buildings, index_units
from members.addresses import parse_address
from members.buildings import HouseAddress, alias_holders, hold_street
from members.choices import OwnersCommittee, Sector, UnitKind, VenueKind
from members.models import Building, BuildingAlias, PartyMember, ResidentContact, ResidentUnit, Venue
from members.models.buildings import written_address
from members.sheets.applying import Changed
from members.sheets.base import (
    Column,
    Draft,
    RegisterSheet,
    Unique,
    active_column,
    grid_column,
    id_column,
    note_column,
)
from members.sheets.desk import Desk


def contact_columns() -> tuple[Column, Column]:
    return (
        Column("联系人", "contact_name", example="王明", show=lambda row, reader: reader.name(row, row.contact_name)),
        Column(
            "联系电话",
            "contact_phone",
            Phone(),
            hint="手机，或带区号的座机",
            example="13800138000",
            show=lambda row, reader: reader.phone(row, row.contact_phone),
        ),
    )


def unit_column(header: str, hint: str, *, required: bool = False) -> Column:
    return Column(
        header,
        "unit",
        required=required,
        hint=hint,
        width=16,
        show=lambda row, reader: row.unit.code if row.unit else "",
        find=lambda text, draft: draft.desk.unit(text),
        offers="units",
    )


def _second_grid(text: str, draft: Draft) -> Grid | None:
    return draft.desk.grid(text, optional=True)


class UnitSheet(RegisterSheet):
    slug = "units"
    model = ResidentUnit
    natural = ("code",)
    related = ("grid", "second_grid")
    columns = (
        Column(
            "单位编号",
            "code",
            required=True,
            hint="不重复；已有编号的是修改，没有的是新登记",
            example="U00001",
            width=16,
        ),
        Column("名称", "name", required=True, example="文苑小区", width=24),
        Column("类别", "kind", Choice(UnitKind.choices), required=True, hint="从下拉里选", example="小区"),
        grid_column(),
        Column(
            "相邻网格编码",
            "second_grid",
            hint="跨两个网格的才填",
            width=18,
            show=lambda row, reader: row.second_grid.code if row.second_grid else "",
            find=_second_grid,
            offers="grids",
        ),
        Column("地址", "address", example="凉城路123弄", width=24),
        Column("户数", "households", Number(), hint="整数", example="320", width=8),
        *contact_columns(),
        Column("物业公司", "property_company", hint="小区、楼宇园区才填", width=20),
        Column("物业电话", "property_phone", Phone(), hint="小区、楼宇园区才填"),
        Column("业委会", "owners_committee", Choice(OwnersCommittee.choices), hint="小区才填"),
        Column("入驻企业数", "tenants", Number(), hint="楼宇园区才填", width=10),
        Column("统一社会信用代码", "uscc", hint="驻区单位、沿街商铺才填，18 位", width=22),
        Column("单位性质", "sector", Choice(Sector.choices), hint="驻区单位才填"),
        Column("职工数", "staff_count", Number(), hint="驻区单位才填", width=8),
        Column("经营内容", "trade", hint="沿街商铺才填"),
        Column("传递员", "is_messenger", Truth(), hint="是或否，空着算“否”", width=8),
        Column("指导员", "is_instructor", Truth(), hint="是或否，空着算“否”", width=8),
        Column("服务员", "is_servant", Truth(), hint="是或否，空着算“否”", width=8),
        note_column(),
        active_column(),
    )
    uniques = (
        Unique(("code",), "单位编号", "这个单位编号不能用：不在您的网格范围内，也不能新建。请核对，或请街道办理。"),
        Unique(
            ("community_id", "uscc"),
            "统一社会信用代码",
            "这个统一社会信用代码已经登记在另一家单位名下。",
            when=lambda row: bool(row.uscc),
        ),
    )

    def finish(self, draft: Draft) -> None:
        draft.row.uscc = draft.row.uscc.upper()

    def write_extras(self, drafts: Sequence[Draft], user: User) -> None:
        index_units([draft.row for draft in drafts])


class BuildingSheet(RegisterSheet):
    slug = "buildings"
    model = Building
    natural = ("community_id", "road", "lane", "number")
    related = ("grid", "unit", "leader_member", "leader_contact")
    prefetched = ("aliases",)
    columns = (
        id_column("楼栋"),
        unit_column("单位编号", "所属小区或单位的编号", required=True),
        Column("路名", "road", required=True, example="凉城路"),
        Column("弄", "lane", Numbered("弄"), hint="只填数字，没有就空着", example="123", width=8),
        Column("号", "number", Numbered("号"), required=True, hint="只填数字", example="4", width=8),
        Column("名称", "name", hint="空着就用地址", width=20),
        grid_column(),
        Column("楼道数", "stairs", Number(), hint="整数", example="2", width=8),
        Column("户数", "households", Number(), hint="整数", example="24", width=8),
        Column(
            "楼组长",
            "leader",
            hint="已登记的党员或居民骨干的姓名",
            virtual=True,
            show=lambda row, reader: reader.name_of(row.leader),
        ),
        Column(
            "楼组长电话",
            "leader_phone",
            Phone(),
            hint="同名的才需要填",
            virtual=True,
            show=lambda row, reader: reader.phone_of(row.leader),
        ),
        Column(
            "其他地址",
            "aliases",
            hint="侧门、旧门牌等，多个用“、”隔开",
            example="水电路29弄4号",
            width=24,
            virtual=True,
            show=lambda row, reader: "、".join(sorted(str(alias) for alias in row.aliases.all())),
        ),
        note_column(),
        active_column(),
    )
    uniques = (
        Unique(("community_id", "road", "lane", "number"), "号", "这个地址已经登记过，不在您可以修改的范围内。"),
    )

    def names_people(self, user: User, rows: "QuerySet[Any]") -> "Iterable[QuerySet[Any]]":
        led = Building.objects.filter(pk__in=rows).order_by()
        return (
            PartyMember.objects.visible_to(user).filter(pk__in=led.values("leader_member_id")),
            ResidentContact.objects.visible_to(user).filter(pk__in=led.values("leader_contact_id")),
        )

    def finish(self, draft: Draft) -> None:
        row = draft.row
        row.name = row.name or row.address
        if row.grid_id and draft.touched & {"楼组长", "楼组长电话"}:
            _set_leader(draft)
        if "其他地址" in draft.touched:
            try:
                draft.extras["aliases"] = _aliases(draft.texts["其他地址"], row)
            except BadCell as error:
                draft.wrong("其他地址", str(error))

    def look_around(self, drafts: Sequence[Draft], desk: Desk) -> None:
        """An address leads to one building in its street: no other's own, and no other's second one."""
        for draft, header, address in _taken(drafts):
            draft.wrong(header, f"“{written_address(*address)}”已经是另一幢楼的地址。")

    def hold(self, drafts: Sequence[Draft]) -> None:
        """As members.buildings does by hand: of two writers of a street's addresses, the second is told."""
        for community_id in sorted({draft.row.community_id for draft in drafts}):
            hold_street(community_id)
        if next(_taken(drafts), None):
            raise Changed

    def write_extras(self, drafts: Sequence[Draft], user: User) -> None:
        changed = [draft for draft in drafts if "aliases" in draft.extras]
        BuildingAlias.objects.filter(building__in=[draft.row.pk for draft in changed if draft.existing]).delete()
        BuildingAlias.objects.bulk_create(
            BuildingAlias(building=draft.row, community_id=draft.row.community_id, road=road, lane=lane, number=number)
            for draft in changed
            for road, lane, number in sorted(draft.extras["aliases"])
        )
        index_buildings([draft.row for draft in drafts])


def _taken(drafts: Sequence[Draft]) -> Iterator[tuple[Draft, str, HouseAddress]]:
    """Addresses of the drafts, own and other, that another building has: of the sheet, or of the register."""
    wanted = {(draft.row.community_id, *alias): draft for draft in drafts for alias in draft.extras.get("aliases", ())}
    yield from _aliases_taken(drafts, wanted)
    moved = [draft for draft in drafts if {"road", "lane", "number"} & set(draft.changes)]
    for community_id in sorted({draft.row.community_id for draft in moved}):
        here = {_own(draft): draft for draft in moved if draft.row.community_id == community_id}
        holders = alias_holders(community_id, here)
        for address, draft in here.items():
            holder = holders.get(address)
            # An alias of its own that this line takes away is free.
            if holder is not None and not (holder.pk == draft.row.pk and "aliases" in draft.extras):
                yield draft, "号", address


def _own(draft: Draft) -> HouseAddress:
    return HouseAddress(draft.row.road, draft.row.lane, draft.row.number)


def _aliases_taken(
    drafts: Sequence[Draft], wanted: dict[tuple[int, str, str, str], Draft]
) -> Iterator[tuple[Draft, str, HouseAddress]]:
    if not wanted:
        return
    own = {(draft.row.community_id, *_own(draft)): draft for draft in drafts}
    roads = {key[1] for key in wanted}
    columns = ("community_id", "road", "lane", "number")
    taken = {tuple(key): pk for pk, *key in Building.objects.filter(road__in=roads).values_list("pk", *columns)}
    taken |= {
        tuple(key): pk for pk, *key in BuildingAlias.objects.filter(road__in=roads).values_list("building_id", *columns)
    }
    for draft in drafts:
        for alias in draft.extras.get("aliases", ()):
            key = (draft.row.community_id, *alias)
            theirs = taken.get(key, draft.row.pk) != draft.row.pk or wanted[key] is not draft
            if theirs or own.get(key, draft) is not draft:
                yield draft, "其他地址", HouseAddress(*alias)


def _set_leader(draft: Draft) -> None:
    row = draft.row
    name, phone = draft.texts.get("楼组长", ""), draft.texts.get("楼组长电话", "")
    if not name:
        # Empty says nothing about a leader whom the export has not named.
        if row.leader is None or draft.desk.reader.sees(row.leader):
            row.leader_member, row.leader_contact = None, None
        if phone and "*" not in phone:
            draft.wrong("楼组长", "填了电话，没有填姓名。")
        return
    try:
        found = draft.desk.person(name, phone, row)
    except BadCell as error:
        draft.wrong("楼组长", str(error))
        return
    row.leader_member_id = found.pk if found.kind == "member" else None
    row.leader_contact_id = found.pk if found.kind == "contact" else None


def _aliases(text: str, row: Any) -> frozenset[tuple[str, str, str]]:
    found = set()
    for part in parts(text):
        address = parse_address(part)
        if len(address.road) < 2 or not (address.lane or address.number) or address.room:
            raise BadCell(f"“{part[:30]}”不是完整的地址，请写成“水电路29弄4号”。")
        found.add((address.road, address.lane, address.number))
    return frozenset(found - {(row.road, row.lane, row.number)})


class VenueSheet(RegisterSheet):
    slug = "venues"
    model = Venue
    of_people = True
    natural = ("grid_id", "name")
    related = ("grid", "unit")
    columns = (
        id_column("阵地"),
        grid_column(),
        Column("名称", "name", required=True, example="文苑一党建服务站", width=24),
        Column("类别", "kind", Choice(VenueKind.choices), required=True, hint="从下拉里选", example="党建服务站"),
        Column("主阵地", "is_main", Truth(), hint="每个居民区一处，空着算“否”", example="是", width=8),
        Column("地址", "address", example="凉城路123弄1号", width=24),
        unit_column("提供单位编号", "单位提供的场地才填"),
        Column("可容纳人数", "capacity", Number(), hint="整数", example="40", width=10),
        Column("开放时间", "opening", example="周一至周六 8:30–17:00", width=24),
        *contact_columns(),
        note_column(),
        active_column(),
    )
    uniques = (
        Unique(("grid_id", "name"), "名称", "这个网格里已经有同名的阵地。"),
        Unique(
            ("neighborhood_id",),
            "主阵地",
            "这个居民区已经有主阵地了，请先取消原来的。",
            when=lambda row: bool(row.is_main and row.is_active and row.neighborhood_id),
            condition=Q(is_main=True, is_active=True),
        ),
    )

    def look_around(self, drafts: Sequence[Draft], desk: Desk) -> None:
        """The main place is named, and given up, by the desk of the 居民区 or above (members/venues.py)."""
        asked = [(draft, *_main_of(draft)) for draft in drafts]
        wanted = {pk for _, ids, _ in asked for pk in ids if pk}
        neighborhoods = Grid.objects.in_bulk(wanted) if wanted else {}
        for draft, ids, named in asked:
            if named and None in ids:
                draft.wrong("主阵地", _NO_NEIGHBORHOOD)
            elif not all(runs_desk(desk.user, neighborhoods[pk]) for pk in ids if pk):
                draft.wrong("主阵地", _NOT_MAIN)

    def before_writing(self, changed: Sequence[Draft]) -> None:
        """Who stops being the main place makes room first: the database looks after every row."""
        given_up = [draft.row.pk for draft in changed if draft.changes.get("is_main") is False]
        if given_up:
            Venue.objects.filter(pk__in=given_up).update(is_main=False)


_NO_NEIGHBORHOOD = "主阵地按居民区设，请先把这处阵地挂到居民区或它的微单元网格。"
_NOT_MAIN = "主阵地由居民区或上级网格的网格长、联络员、派遣员设定。"


def _main_of(draft: Draft) -> tuple[set[int | None], bool]:
    """The 居民区 whose main place the line names or gives up, and whether it names one."""
    row, before = draft.row, draft.before
    named = row.is_main and (
        not draft.existing or bool({"is_main", "neighborhood_id", "is_active"} & set(draft.changes))
    )
    given_up = draft.existing and before["is_main"] and not row.is_main
    ids = {row.neighborhood_id} if named else set()
    return ids | ({before["neighborhood_id"]} if given_up else set()), named
