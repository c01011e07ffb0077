"""The real street: what the fixtures say must be what the sources say, and importing them twice changes nothing."""

from datetime import date

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from grids.choices import GridKind
from grids.departments import load_departments
from grids.imports import import_file
from grids.models import Department, Grid
from liangcheng.common.exceptions import InvalidInput

FILE = settings.FIXTURES_DIR / "grids.csv"
pytestmark = pytest.mark.django_db


@pytest.fixture
def street(db: None) -> Grid:
    assert import_file(FILE, apply=True).counts == {"新增": 201}
    return Grid.objects.get(code="310109016000")


def number(kind: str, area: str) -> int:
    return Grid.objects.active().filter(kind=kind, area__code=area).count()


def test_counts_of_the_report(street: Grid) -> None:
    assert number(GridKind.NEIGHBORHOOD, "310109016603") == number(GridKind.NEIGHBORHOOD, "310109016604") == 8
    assert number(GridKind.MICRO_UNIT, "310109016603") == 48
    assert number(GridKind.MICRO_UNIT, "310109016604") == 52
    neighborhoods = Grid.objects.filter(kind=GridKind.NEIGHBORHOOD)
    assert (neighborhoods.active().count(), neighborhoods.filter(is_active=False).count()) == (25, 3)
    assert Grid.objects.filter(kind=GridKind.AREA).count() == 4
    assert Grid.objects.get(code="310109016604").facts["党员"] == "1800余"


def test_what_is_known_and_what_is_an_example(street: Grid) -> None:
    wenyuan1 = Grid.objects.get(short_name="文苑一")
    assert (wenyuan1.area.code, wenyuan1.assumed) == ("310109016603", False)
    assert Grid.objects.filter(kind=GridKind.NEIGHBORHOOD, assumed=False).get() == wenyuan1
    academy = Grid.objects.get(short_name="武装学院")
    assert (academy.kind, academy.parent.code, academy.level) == (GridKind.MICRO_UNIT, "310109016601", 2)
    assert wenyuan1 in Grid.objects.search("wyy")


def test_the_merger_of_2022(street: Grid) -> None:
    jinyuan = Grid.objects.get(short_name="锦苑")
    gone = Grid.objects.filter(short_name__in=["锦一", "锦二", "锦三"])
    assert {(grid.is_active, grid.valid_to, grid.successor) for grid in gone} == {(False, date(2021, 12, 31), jinyuan)}
    assert gone.count() == 3


def test_history_begins_with_the_import(street: Grid) -> None:
    assert Grid.history.count() == 201
    assert street.history.get().name == "凉城新村街道"


def test_twice_changes_nothing(street: Grid, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(Grid.objects.order_by("pk").values())
    call_command("import_grids", str(FILE), "--apply")
    assert "没有变化" in capsys.readouterr().out
    assert list(Grid.objects.order_by("pk").values()) == before


def test_the_slow_path_builds_the_same(street: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row at a time, as into a tree that exists: same codes, parents, intervals, paths, successors."""

    def shape() -> list[tuple[object, ...]]:
        fields = ("code", "parent__code", "community__code", "area__code", "neighborhood__code", "micro_unit__code",
                  "level", "name_pinyin", "is_active", "valid_to", "successor__code", "assumed", "facts")  # fmt: skip
        rows = Grid.objects.order_by("tree_id", "lft").values_list(*fields, "lft", "rght")
        return [tuple(map(str, row)) for row in rows]

    planted = shape()
    Grid.history.all().delete()
    Grid.objects.all()._raw_delete(Grid.objects.db)
    monkeypatch.setattr("grids.imports._is_new_forest", lambda rows, existing: False)
    assert import_file(FILE, apply=True).counts == {"新增": 201}
    assert shape() == planted


def test_departments(street: Grid) -> None:
    file = settings.FIXTURES_DIR / "departments.csv"
    assert load_departments(file, street) == (29, 0)
    assert load_departments(file, street) == (0, 0)
    Department.objects.filter(code="CHENGGUAN").update(name="城管队")
    assert load_departments(file, street) == (0, 1)
    call_command("import_departments", str(file))
    assert Department.objects.get(code="CHENGGUAN").name_pinyin.startswith("cgzd")


def test_departments_with_errors(street: Grid, tmp_path: object) -> None:
    file = tmp_path / "d.csv"  # type: ignore[operator]
    file.write_text("code,name,short_name,kind\nA,甲办,甲,OFFICE\nB,,乙,OFFICE\n")
    with pytest.raises(InvalidInput, match="第 3 行“name”"):
        load_departments(file, street)
    file.write_text("code,name,short_name,kind\nA,甲办,甲,BUREAU\n")
    with pytest.raises(CommandError, match="没有“BUREAU”这个类型"):
        call_command("import_departments", str(file), "--grid", street.code)
    file.write_text("code,name\nA,甲办\n")
    with pytest.raises(InvalidInput, match="short_name、kind"):
        load_departments(file, street)
    assert Department.objects.count() == 0
