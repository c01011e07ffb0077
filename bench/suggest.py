"""What a suggestion costs with 1,000, 10,000 and 100,000 buildings in one street and a tenth more in five others."""

import json
import random
import time
from urllib.parse import quote

from django.core.management import call_command
from django.db import connection, transaction

from bench.measure import Meter, Request, cookie
from grids.choices import GridKind, Role
from grids.models import Grid, Posting
from grids.tree import create_grid
from liangcheng.accounts.models import User
from liangcheng.common.pinyin import initials
from members import addressbook
from members.models import Building, ResidentUnit, SearchKey
from members.searchwords import ranges
from members.suggestions import first_keys, suggest

_ROADS = ("凉城路", "水电路", "车站南路", "广粤路", "丰镇路", "灵新路", "奎照路", "汶水东路", "场中路", "万安路")
_NAMES = ("凉城新村", "文苑小区", "锦苑", "秀苑", "复旦花园", "广粤小区", "水电小区", "馨苑", "车站新村", "奎照小区")
_PER_UNIT, _BATCH = 20, 2_000
# Short and common, road and lane, lane alone, a unit, from the middle, rare, nothing.
_QUERIES = ("lc", "凉城路", "lcl200", "凉城路2001弄4", "2001弄", "wyxq", "小区", "武装学院", "zzzz", "没有这里")


def measure(size: int, times: int) -> None:
    """Lay the book down once, then print the cost of every query for everybody."""
    began = time.perf_counter()
    people = _build(size)
    rows, keys = Building.objects.count(), SearchKey.objects.count()
    print(f"\n{rows:,} 幢楼（其中一条街道 {size:,} 幢），{keys:,} 条检索词，用时 {time.perf_counter() - began:.0f} 秒")
    meter = Meter()
    first = Building.objects.order_by("pk").values_list("pk", flat=True)[0]
    floor = meter.cost(Request(f"/bench-row/{first}/", cookie=cookie(people["派遣员"])), times)
    print(f"读一行（登录后按主键）：{floor.statements} 条语句，CPU {floor.cpu:.2f} ms，p50 {floor.p50:.2f} ms\n")
    print("谁        输入             找到 语句  应用ms   库ms   p50 ms   p95 ms  ÷读一行   读页")
    for who, user in people.items():
        session = cookie(user)
        for text in _QUERIES:
            cost = meter.cost(Request(f"/suggest/?q={quote(text)}", cookie=session), times)
            found = len(suggest(User.objects.get(pk=user.pk), text))
            figures = (
                f"{found:>5}{cost.statements:>5}{cost.app:>8.2f}{cost.database:>7.2f}{cost.p50:>9.2f}{cost.p95:>9.2f}"
            )
            ratio = cost.cpu / floor.cpu
            print(f"{_wide(who, 10)}{_wide(text, 16)}{figures}{ratio:>9.1f}{_pages(user, text):>7}", flush=True)


def _wide(text: str, width: int) -> str:
    return text + " " * max(0, width - sum(2 if ord(character) > 255 else 1 for character in text))


def _pages(user: User, text: str) -> int:
    """Pages that the database touches to find the keys: the measure that no other load of the machine disturbs."""
    wanted = ranges(text)
    if not wanted:
        return 0
    rows = first_keys(User.objects.get(pk=user.pk), wanted)
    [plan] = json.loads(rows.explain(format="json", analyze=True, buffers=True))
    return int(plan["Plan"].get("Shared Hit Blocks", 0) + plan["Plan"].get("Shared Read Blocks", 0))


def _build(size: int) -> dict[str, User]:
    if not Grid.objects.exists():
        call_command("load_reference", verbosity=0)
    if not Building.objects.filter(note="bench").exists():
        rng = random.Random(size)
        street = Grid.objects.get(kind=GridKind.COMMUNITY, code="310109016000")
        _fill(street, size, rng)
        for serial in range(5):
            _fill(_street(f"31010920{serial}"), size // 50, rng)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return _people()


def _street(code: str) -> Grid:
    """A small street of one area, one 居民区 and one micro-unit."""
    street = create_grid(parent_id=None, kind=GridKind.COMMUNITY, code=f"{code}000", name=f"街道{code}")
    area = create_grid(parent_id=street.pk, kind=GridKind.AREA, code=f"{code}601", name="第一片区")
    quarter = create_grid(parent_id=area.pk, kind=GridKind.NEIGHBORHOOD, code=f"{code}001", name="一居")
    create_grid(parent_id=quarter.pk, kind=GridKind.MICRO_UNIT, code=f"{code}001001", name="一居微1")
    return street


def _fill(street: Grid, size: int, rng: random.Random) -> None:
    """Units of twenty houses, spread over the micro-units; lanes are counted up on each road."""
    micros = list(Grid.objects.active().within(street).filter(kind=GridKind.MICRO_UNIT).order_by("code"))
    units = []
    for serial in range(max(1, size // _PER_UNIT)):
        grid = rng.choice(micros)
        name = f"{rng.choice(_NAMES)}{'一二三四五六七八九'[serial % 9]}{serial // 9 or ''}"
        path = grid.path_ids()
        code = f"B{street.code[5:9]}{serial:06d}"
        units.append(ResidentUnit(code=code, name=name, name_pinyin=initials(name), kind="ESTATE", grid=grid, **path))
    with transaction.atomic():
        ResidentUnit.objects.bulk_create(units, batch_size=_BATCH)
    addressbook.index_units(units)
    lanes = dict.fromkeys(_ROADS, 2_000)
    houses: list[Building] = []
    for serial, unit in enumerate(units):
        # 凉城路 has a third of all.
        road = "凉城路" if serial % 3 == 0 else rng.choice(_ROADS)
        lanes[road] += 1
        for number in range(1, min(_PER_UNIT, size - serial * _PER_UNIT) + 1):
            name = f"{road}{lanes[road]}弄{number}号"
            houses.append(
                Building(
                    unit=unit,
                    grid_id=unit.grid_id,
                    **unit.path_ids(),
                    name=name,
                    road=road,
                    lane=str(lanes[road]),
                    number=str(number),
                    note="bench",
                )
            )
        if len(houses) >= _BATCH or serial == len(units) - 1:
            addressbook.index_buildings(Building.objects.bulk_create(houses))
            houses = []


def _people() -> dict[str, User]:
    street = Grid.objects.get(code="310109016000")
    quarter = Grid.objects.get(short_name="文苑一")
    micros = list(Grid.objects.active().within(street).filter(kind=GridKind.MICRO_UNIT).order_by("code")[:3])
    people = {
        "派遣员": (street,),
        "片区": (Grid.objects.filter(kind=GridKind.AREA, community=street).order_by("code")[2],),
        "居民区": (quarter,),
        "微单元": (micros[0],),
        "三个岗位": (micros[0], micros[1], quarter),
        "管理员": (),
    }
    found = {}
    for serial, (name, grids) in enumerate(people.items()):
        user, made = User.objects.get_or_create(
            username=f"book-{serial}", defaults={"full_name": name, "is_superuser": not grids}
        )
        for grid in grids if made else ():
            Posting.objects.create(user=user, grid=grid, role=Role.OFFICER)
        found[name] = user
    return found
