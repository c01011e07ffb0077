"""Rows for tests, made the way the program makes them: grids through grids.tree, cases through the workflow."""

from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from cases.choices import LimitUnit, PhotoKind, Status
from cases.models import Case, Category, TimeLimit
from cases.photos import Photo
from grids.choices import GridKind, Role
from grids.models import Department, Grid, Posting, StandIn, TreeLock
from liangcheng.accounts.models import ServiceAccount, User
from members.models import (
    Building,
    PartyMember,
    PartyOrganization,
    ResidentContact,
    ResidentUnit,
    Skill,
    Team,
    Venue,
)

_serial = count(1)
PASSWORD = "Passw0rd-of-tests"


def user(username: str = "", **fields: Any) -> User:
    username = username or f"user{next(_serial)}"
    fields.setdefault("full_name", f"测试{username}")
    return User.objects.create_user(username, PASSWORD, **fields)


def posting(person: User, grid: Grid, role: str = Role.OFFICER, department: Department | None = None) -> Posting:
    return Posting.objects.create(user=person, grid=grid, role=role, department=department)


def posted(username: str, grid: Grid, role: str = Role.OFFICER, department: Department | None = None) -> User:
    """A user with one posting, as fresh from the database: no scope is cached on it."""
    person = user(username)
    posting(person, grid, role, department)
    return person


def posted_at_once(wanted: list[tuple[str, Grid, str, Department | None]]) -> dict[str, User]:
    """Many as `posted` makes them one by one, history rows included, in three statements."""
    people = [User(username=name, full_name=f"测试{name}", password=_password()) for name, _, _, _ in wanted]
    found = {person.username: person for person in User.objects.bulk_create(people)}
    postings = [
        Posting(user=found[name], grid=grid, role=role, department=department)
        for name, grid, role, department in wanted
    ]
    bulk_create_with_history(postings, Posting)
    return found


@cache
def _password() -> str:
    return make_password(PASSWORD)


def fresh(person: User) -> User:
    """The same user as a new request would read it."""
    return User.objects.get(pk=person.pk)


def stand_in(away: User, person: User, start: int = 0, days: int = 1) -> StandIn:
    """`person` stands in for `away` for `days` days, the first of them `start` days from today; past ones as well."""
    first = timezone.localdate() + timedelta(days=start)
    return StandIn.objects.create(
        user=away, stand_in=person, valid_from=first, valid_to=first + timedelta(days=days - 1), created_by=away
    )


def service(system: str, grid: Grid, **scopes: bool) -> User:
    account = user(system, is_service=True)
    ServiceAccount.objects.create(user=account, system=system, **scopes)
    posting(account, grid, Role.SERVICE)
    return account


def grid(kind: str, code: str, name: str, parent: Grid | None = None) -> Grid:
    from grids.tree import create_grid

    return create_grid(parent_id=parent.pk if parent else None, kind=kind, code=code, name=name, short_name=name)


_planted: dict[tuple[str, ...], list[dict[str, Any]]] = {}


def _values(grid: Grid) -> dict[str, Any]:
    stamps = {"created_at", "updated_at"}
    return {each.attname: getattr(grid, each.attname) for each in Grid._meta.concrete_fields if each.name not in stamps}


def _plant_again(rows: list[dict[str, Any]]) -> dict[str, Grid]:
    """What `plant` wrote in an earlier test of this process, ids included: three statements instead of twenty."""
    grids = Grid.objects.bulk_create([Grid(**deepcopy(row)) for row in rows])
    Grid.history.bulk_history_create(grids)
    TreeLock.objects.get_or_create(pk=1)
    return {grid.code: grid for grid in grids}


class Tree:
    """A small street: two areas; 文苑一 (with two micro-units) and 凉三 under the first, 秀苑 under the second,
    and one micro-unit that answers to its area directly (R8)."""

    street: Grid
    area: Grid
    other_area: Grid
    wenyuan1: Grid
    liangsan: Grid
    xiuyuan: Grid
    micro: Grid
    micro2: Grid
    academy: Grid

    def __init__(self, code: str = "310109016") -> None:
        area, other_area, wenyuan1 = f"{code}603", f"{code}601", f"{code}011"
        self._plant(
            street=(GridKind.COMMUNITY, f"{code}000", "凉城", ""),
            area=(GridKind.AREA, area, "第三片区", f"{code}000"),
            other_area=(GridKind.AREA, other_area, "第一片区", f"{code}000"),
            wenyuan1=(GridKind.NEIGHBORHOOD, wenyuan1, "文苑一", area),
            liangsan=(GridKind.NEIGHBORHOOD, f"{code}017", "凉三", area),
            xiuyuan=(GridKind.NEIGHBORHOOD, f"{code}014", "秀苑", other_area),
            micro=(GridKind.MICRO_UNIT, f"{wenyuan1}001", "文苑一微1", wenyuan1),
            micro2=(GridKind.MICRO_UNIT, f"{wenyuan1}002", "文苑一微2", wenyuan1),
            academy=(GridKind.MICRO_UNIT, f"{other_area}001", "武装学院", other_area),
        )

    def _plant(self, **wanted: tuple[str, str, str, str]) -> None:
        """As an import lays down a whole street (grids.planting); where it is the first, the same rows once more."""
        codes = tuple(code for _, code, _, _ in wanted.values())
        first = not Grid.objects.exists()
        known = _planted.get(codes) if first else None
        grids = _plant_again(known) if known else self._plant_anew(wanted)
        if first and not known:
            _planted[codes] = [_values(grids[code]) for code in codes]
        for attribute, (_, code, _, _) in wanted.items():
            setattr(self, attribute, grids[code])

    def _plant_anew(self, wanted: dict[str, tuple[str, str, str, str]]) -> dict[str, Grid]:
        from grids.planting import plant
        from grids.tree import set_names, tree_write_lock

        grids = {attribute: Grid(kind=kind, code=code) for attribute, (kind, code, _, _) in wanted.items()}
        for attribute, (_, _, name, _) in wanted.items():
            set_names(grids[attribute], name, name)
        with transaction.atomic():
            tree_write_lock()
            plant(list(grids.values()), {code: parent for _, code, _, parent in wanted.values() if parent}, {})
        return Grid.objects.in_bulk([code for _, code, _, _ in wanted.values()], field_name="code")

    def reload(self) -> "Tree":
        for name, node in vars(self).items():
            setattr(self, name, Grid.objects.get(pk=node.pk))
        return self


def department(grid: Grid, code: str = "CHENGGUAN", name: str = "城管中队") -> Department:
    return Department.objects.create(grid=grid, code=code, name=name, short_name=name)


def category(code: str = "0201", level: str = GridKind.NEIGHBORHOOD, **fields: Any) -> Category:
    """A category with a limit of 5 working days; first contact 1 working day. `resolve=(value, unit)` changes it."""
    resolve = fields.pop("resolve", (5, LimitUnit.WORKING_DAY))
    fields.setdefault("name", f"类别{code}")
    found = Category.objects.create(
        code=code, major_code=code[:2], major_name="房屋设施与维修", default_level=level, **fields
    )
    TimeLimit.objects.create(
        category=found,
        first_contact_value=1,
        first_contact_unit=LimitUnit.WORKING_DAY,
        resolve_value=resolve[0],
        resolve_unit=resolve[1],
    )
    return found


def photo(kind: str = PhotoKind.BEFORE, mark: str = "") -> Photo:
    """A Photo as cases.photos would give it, without the work of encoding."""
    mark = mark or str(next(_serial))
    return Photo(f"jpeg {mark}".encode(), f"{mark:0>64}", 40, 30, kind)


def case(actor: User, grid: Grid, kind: Category | None = None, **fields: Any) -> Case:
    """A case filed by `actor` through the workflow."""
    from cases.workflow import Report, discover

    photos = fields.pop("photos", ())
    found = kind or Category.objects.order_by("pk").first() or category()
    fields.setdefault("description", "楼道渗水，墙面发霉。")
    return discover(actor=actor, report=Report(category_code=found.code, grid_code=grid.code, **fields), photos=photos)


def force_status(case: Case, status: str, **fields: Any) -> Case:
    """Put a case into a state for walks of the table; the only place that goes around the workflow."""
    from cases.choices import OPEN_STATUSES

    Case.objects.filter(pk=case.pk).update(status=status, is_open=Status(status) in OPEN_STATUSES, **fields)
    return Case.objects.get(pk=case.pk)


def organization(grid: Grid, name: str = "文苑一居民区党总支", **fields: Any) -> PartyOrganization:
    fields.setdefault("kind", "GENERAL_BRANCH")
    return PartyOrganization.objects.create(grid=grid, name=name, **fields)


def member(grid: Grid, organization: PartyOrganization, name: str = "测试党员", **fields: Any) -> PartyMember:
    fields.setdefault("kind", "REGISTERED")
    skills = fields.pop("skills", ())
    found = PartyMember.objects.create(grid=grid, organization=organization, name=name, **fields)
    found.skills.set([skill(each) for each in skills])
    return found


def skill(name: str = "电工") -> Skill:
    return Skill.objects.get_or_create(name=name)[0]


def contact(grid: Grid, name: str = "测试骨干", **fields: Any) -> ResidentContact:
    return ResidentContact.objects.create(grid=grid, name=name, **fields)


def team(grid: Grid, name: str = "测试队伍", **fields: Any) -> Team:
    fields.setdefault("kind", "SERVICE")
    return Team.objects.create(grid=grid, name=name, **fields)


def venue(grid: Grid, name: str = "测试阵地", **fields: Any) -> Venue:
    fields.setdefault("kind", "STATION")
    return Venue.objects.create(grid=grid, name=name, **fields)


def unit(grid: Grid, code: str = "", name: str = "文苑小区", **fields: Any) -> ResidentUnit:
    fields.setdefault("kind", "ESTATE")
    return ResidentUnit.objects.create(grid=grid, code=code or f"U{next(_serial):06d}", name=name, **fields)


def building(grid: Grid, unit: ResidentUnit, **fields: Any) -> Building:
    values = {"road": "凉城路", "lane": "123", "number": str(next(_serial)), **fields}
    return Building.objects.create(grid=grid, unit=unit, **values)


def long_ago() -> date:
    return date(2020, 1, 1)
