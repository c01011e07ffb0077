"""load_reference: the real tables come in once, and what the office makes of them stays."""

import time
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command

from cases.models import Category, TimeLimit
from grids.checks import check_tree
from grids.models import Department, Grid
from grids.tree import rename_grid
from liangcheng.common.models import CalendarDay
from members.models import Building, ResidentUnit
from members.registry import find_grid


def load(*options: str) -> str:
    out = StringIO()
    call_command("load_reference", *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
class TestLoadReference:
    def test_the_real_tables(self):
        told = load()
        assert told.splitlines() == [
            "工作日历：新增 100，更新 0，不变 0",
            "网格：新增 201，更新 0，不变 0",
            "条线部门：新增 29，更新 0，不变 0",
            "案件类别和时限：新增 68，更新 0，不变 0",
            "提醒和自动处理规则：新增 2，更新 0，不变 0",
            "成员单位：新增 168，更新 0，不变 0",
            "楼栋：新增 696，更新 0，不变 0",
            "登高项目：新增 7，更新 0，不变 0",
        ]
        assert Category.objects.filter(limits__isnull=False).distinct().count() == 68
        assert Category.objects.get(code="0101").responsible_department.name == "社区管理办"
        assert {helper.name for helper in Category.objects.get(code="0101").co_departments.all()} == {
            "房管所",
            "物业企业",
        }
        assert TimeLimit.objects.get(category__code="0806").resolve_value is None
        assert ResidentUnit.objects.filter(micro_unit__isnull=True).count() == 0
        block = Building.objects.select_related("unit").first()
        assert block.history.count() == 1
        assert block.path_ids() == block.unit.path_ids()
        assert find_grid(address=f"上海市虹口区{block.address}302室") == block.grid_id
        wenyuan1 = Grid.objects.get(short_name="文苑一")
        assert Building.objects.within(wenyuan1).count() > 10
        assert not check_tree()

    def test_again_changes_nothing_and_is_quick(self, statements):
        load()
        before = Grid.objects.order_by("pk").values_list("pk", "version", "lft")
        before = list(before)
        started = time.monotonic()
        with statements(120):
            told = load()
        assert time.monotonic() - started < 2
        assert all("新增 0，更新 0，不变" in line for line in told.splitlines())
        assert list(Grid.objects.order_by("pk").values_list("pk", "version", "lft")) == before

    def test_what_the_office_has_changed_stays_until_overwritten(self):
        load()
        grid = Grid.objects.get(code="310109016601001")
        rename_grid(grid_id=grid.pk, name="武装学院微单元")
        TimeLimit.objects.filter(category__code="0101").update(resolve_value=7)
        Category.objects.filter(code="0102").update(close_condition="街道自己的条件", is_active=False)
        Department.objects.filter(code="GUANLI").update(short_name="管理一办")
        CalendarDay.objects.filter(day=date(2026, 10, 1)).delete()
        ResidentUnit.objects.filter(code="U31010901600100101").update(is_active=False, name="改过的名字")
        load()
        assert Grid.objects.get(pk=grid.pk).name == "武装学院微单元"
        assert TimeLimit.objects.get(category__code="0101").resolve_value == 7
        assert Category.objects.get(code="0102").close_condition == "街道自己的条件"
        assert Department.objects.get(code="GUANLI").short_name == "管理一办"
        assert not CalendarDay.objects.filter(day=date(2026, 10, 1)).exists()
        assert ResidentUnit.objects.get(code="U31010901600100101").name == "改过的名字"
        told = load("--overwrite")
        assert "案件类别和时限：新增 0，更新 2，不变 66" in told
        assert Grid.objects.get(pk=grid.pk).name == "上海人民武装学院微单元网格"
        assert TimeLimit.objects.get(category__code="0101").resolve_value == 5
        assert Department.objects.get(code="GUANLI").short_name == "管理办"
        assert CalendarDay.objects.filter(day=date(2026, 10, 1)).exists()

    def test_a_row_that_is_missing_is_added(self):
        load()
        Building.objects.filter(unit__code="U31010901600100101").delete()
        CalendarDay.objects.filter(day__year=2025).delete()
        told = load()
        assert "楼栋：新增 4，" in told
        assert "工作日历：新增 23，" in told, "a year without any day has not been entered yet"
