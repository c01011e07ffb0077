"""Invented teams, venues, 楼组长 and duties of units. Numbers where the article gives them: areas 3 and 4."""

from datetime import date
from random import Random
from typing import Any

from django.utils import timezone
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from cases.demo.parties import given_name
from cases.demo.people import phone
from cases.demo.plans import SEED
from grids.choices import GridKind
from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common.clock import now
from liangcheng.common.pinyin import initials
from members.choices import (
    ContactKind,
    NominationState,
    OrganizationKind,
    OwnersCommittee,
    Sector,
    TeamKind,
    UnitKind,
    VenueKind,
)
from members.models import (
    Building,
    ChairTerm,
    Nomination,
    PartyOrganization,
    ResidentContact,
    ResidentUnit,
    Team,
    TeamMember,
    Venue,
)

ASSUMED = "示例数据，待街道确认"
# The article: 15 venues in area 3; 20 in area 4, 8 of them main ones, one per 居民区.
_VENUES = {"第三片区": 15, "第四片区": 20}
_KINDS = (VenueKind.ACTIVITY_ROOM, VenueKind.BOOK_ROOM, VenueKind.COUNCIL_ROOM, VenueKind.CITIZEN_POST)
_DUTIES = "队伍建设与管理服务；采集和反馈群众需求信息；处置责任网格内的突发事件；做好监督。"
_SERVICES = (
    ("矛盾调解", "调解邻里纠纷。"),
    ("环境整治", "清理楼道、整治环境。"),
    ("便民服务", "为老人理发、修小家电。"),
)
_SECTORS = (
    (("学院",), Sector.MILITARY),
    (("小学", "中学", "幼儿园", "学校"), Sector.SCHOOL),
    (("卫生", "医院"), Sector.HOSPITAL),
    (("银行", "邮政", "公司", "菜市场"), Sector.ENTERPRISE),
    (("养老",), Sector.SOCIAL),
)
_PROPERTY = ("凉城示例物业公司", "虹口示例物业公司", "北苑示例物业公司")


def found(street: Grid) -> None:
    """All of it; the party organizations must be there."""
    rng = Random(f"{SEED}-registers")  # noqa: S311 -- invents registers, not secrets
    neighborhoods = list(
        Grid.objects.active().within(street).filter(kind=GridKind.NEIGHBORHOOD).select_related("area").order_by("code")
    )
    _facts(rng, street)
    _chair(street)
    _nominations()
    leaders = _building_leaders(rng, street)
    _venues(neighborhoods)
    _teams(rng, neighborhoods, leaders)


def _facts(rng: Random, street: Grid) -> None:
    """What a unit of each kind has; the academy does all three things that the article tells of it."""
    rows = list(ResidentUnit.objects.active().within(street).order_by("code"))
    for unit in rows:
        if unit.kind == UnitKind.ESTATE:
            unit.property_company = rng.choice(_PROPERTY)
            unit.property_phone = phone(9000 + rng.randrange(1000))
            unit.owners_committee = rng.choice(OwnersCommittee.values)
        elif unit.kind == UnitKind.BUSINESS_PARK:
            unit.property_company, unit.tenants = rng.choice(_PROPERTY), rng.randint(12, 90)
        elif unit.kind == UnitKind.INSTITUTION:
            unit.sector = next((s for words, s in _SECTORS if any(w in unit.name for w in words)), Sector.PUBLIC)
            unit.is_servant = rng.random() < 0.3
        else:
            unit.trade = rng.choice(("早餐店", "理发店", "水果店", "五金店", "便利店"))
        if unit.sector == Sector.MILITARY:
            unit.is_messenger = unit.is_instructor = unit.is_servant = True
    changed = ["property_company", "property_phone", "owners_committee", "tenants", "sector", "trade"]
    bulk_update_with_history(rows, ResidentUnit, [*changed, "is_messenger", "is_instructor", "is_servant"])


def _chair(street: Grid) -> None:
    """上海人民武装学院 has the chair (article); from when to when is assumed."""
    academy = ResidentUnit.objects.filter(community=street, sector=Sector.MILITARY).first()
    year = timezone.localdate().year
    if academy:
        ChairTerm.objects.create(
            unit=academy, grid=street, starts_on=date(year, 1, 1), ends_on=date(year, 12, 31), note=ASSUMED
        )


def _nominations() -> None:
    """One of 文苑一 waits for the area; one of 广灵二 (article) is accepted, and its posting still open."""
    users = {user.username: user for user in User.objects.filter(username__in=("wenyuan1", "area1a", "area1head1"))}
    for place, entered_by, name in (("文苑一", "wenyuan1", "示例人选甲"), ("广灵二", "area1a", "示例人选乙")):
        offers = ResidentUnit.objects.filter(neighborhood__short_name=place).exclude(kind=UnitKind.ESTATE)
        unit = offers.order_by("kind", "code").first()
        if unit is None or entered_by not in users:
            continue
        accepted = place == "广灵二"
        Nomination.objects.create(
            unit=unit,
            grid=unit.grid,
            nominee_name=name,
            nominee_phone=phone(8000),
            statement=f"熟悉周边情况，愿意承担网格长工作，参与社区共建。（{ASSUMED}）",
            entered_by=users[entered_by],
            state=NominationState.ACCEPTED if accepted else NominationState.WAITING,
            decided_by=users["area1head1"] if accepted else None,
            decided_at=now() if accepted else None,
        )


def _building_leaders(rng: Random, street: Grid) -> dict[int, list[ResidentContact]]:
    """A 楼组长 for about nine buildings of ten, each of them leading one to three; by 居民区."""
    units: dict[int, list[Building]] = {}
    for building in Building.objects.active().within(street).select_related("grid").order_by("pk"):
        if rng.random() < 0.9:
            units.setdefault(building.unit_id, []).append(building)
    made: list[ResidentContact] = []
    led: list[tuple[Building, ResidentContact]] = []
    for houses in units.values():
        while houses:
            some = [houses.pop() for _ in range(min(len(houses), rng.randint(1, 3)))]
            contact = _contact(some[0], given_name(rng), 3000 + len(made), ContactKind.BUILDING_LEADER)
            made.append(contact)
            led += [(house, contact) for house in some]
    bulk_create_with_history(made, ResidentContact)
    for house, contact in led:
        house.leader_contact = contact
    bulk_update_with_history([house for house, _ in led], Building, ["leader_contact"])
    by_place: dict[int, list[ResidentContact]] = {}
    for contact in made:
        by_place.setdefault(contact.neighborhood_id or 0, []).append(contact)
    return by_place


def _contact(place: Any, name: str, number: int, kind: ContactKind) -> ResidentContact:
    return ResidentContact(
        grid_id=place.grid_id,
        **place.path_ids(),
        name=name,
        name_pinyin=initials(name),
        kind=kind,
        phone=phone(number),
        note=ASSUMED,
    )


def _venues(neighborhoods: list[Grid]) -> None:
    rows: list[Venue] = []
    for area, most in _VENUES.items():
        places = [grid for grid in neighborhoods if grid.area and grid.area.short_name == area]
        for number in range(most):
            grid = places[number % len(places)]
            lap = number // len(places)
            kind = VenueKind.STATION if lap == 0 else _KINDS[(lap + number) % len(_KINDS)]
            name = f"{grid.short_name}{'党建服务站' if lap == 0 else kind.label}"
            rows.append(
                Venue(
                    grid=grid,
                    **grid.path_ids(),
                    name=name,
                    name_pinyin=initials(name),
                    kind=kind,
                    is_main=lap == 0 and area == "第四片区",
                    opening="周一至周六 8:30–17:00",
                    capacity=20 + 10 * (number % 4),
                    note=ASSUMED,
                )
            )
    bulk_create_with_history(rows, Venue)


def _teams(rng: Random, neighborhoods: list[Grid], leaders: dict[int, list[ResidentContact]]) -> None:
    """管理队伍: one per 居民区 of area 4 (article), of its 楼组长; some 服务队伍."""
    branches = {
        row.grid_id: row
        for row in PartyOrganization.objects.filter(kind=OrganizationKind.GENERAL_BRANCH).order_by("pk")
    }
    rows: list[Team] = []
    for grid in neighborhoods:
        if grid.area and grid.area.short_name == "第四片区":
            rows.append(_team(grid, f"{grid.short_name}管理队伍", TeamKind.MANAGEMENT, _DUTIES, branches))
        if grid.short_name in ("文苑一", "凉一", "复旦", "秀苑", "梦湖苑"):
            name, duties = rng.choice(_SERVICES)
            rows.append(_team(grid, f"{grid.short_name}{name}队", TeamKind.SERVICE, duties, branches))
    bulk_create_with_history(rows, Team)
    TeamMember.objects.bulk_create(
        TeamMember(team=team, contact=contact, is_leader=place == 0, duty="楼组长")
        for team in rows
        for place, contact in enumerate(leaders.get(team.grid_id, [])[:6])
    )


def _team(grid: Grid, name: str, kind: TeamKind, duties: str, branches: dict[int, PartyOrganization]) -> Team:
    return Team(
        grid=grid,
        **grid.path_ids(),
        name=name,
        name_pinyin=initials(name),
        kind=kind,
        duties=duties,
        lead_organization=branches.get(grid.pk),
        note=ASSUMED,
    )
