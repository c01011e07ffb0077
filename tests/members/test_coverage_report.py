"""Coverage beside what the newspaper of 2020 reported, and as a sheet."""

from collections import Counter

from django.urls import reverse

from grids.models import Grid
from members.coverage.reported import comparisons
from tests.factories import Tree
from tests.members.test_coverage import fill, page, sheet_rows
from tests.people import People


class TestReported:
    def test_exact_and_not(self, tree: Tree):
        grid = tree.area
        grid.heads, grid.liaisons = 1, 3
        grid.facts = {
            "党员": "200",
            "党建阵地": "几家",
            "居民区网格": "8",
            "主阵地": "0",
            "小区": "1800余",
            "网格负责人": "2位处级领导",
            "品牌": "六彩凉城",
        }
        figures = Counter({"members_REGISTERED": 40, "members_IN_SERVICE": 11, "venues": 3, "units_ESTATE": 9})
        found = [each.text for each in comparisons(grid, figures)]
        assert found == [
            "已登记 51，报道 200（26%）",
            "已登记 3，报道 几家",
            "已登记 0，报道 8（0%）",
            "已登记 0，报道 0",
            "已登记 9，报道 1800余",
            "已登记 1，报道 2位处级领导",
        ]

    def test_on_the_page_of_the_grid_and_above(self, client, tree: Tree, people: People):
        fill(tree)
        Grid.objects.filter(pk=tree.area.pk).update(facts={"党员": "1800余", "党建阵地": "20"})
        for grid in (tree.area, tree.street):
            seen = page(client, people.street_head, grid=grid.code).content.decode()
            assert "已登记 3，报道 1800余<" in seen
            assert "已登记 2，报道 20（10%）" in seen


def test_the_sheet(client, tree: Tree, people: People):
    fill(tree)
    Grid.objects.filter(pk=tree.xiuyuan.pk).update(name="=1+1")
    Grid.objects.filter(pk=tree.area.pk).update(facts={"党员": "=2+2"})
    client.force_login(people.street_head)
    answer = client.get(reverse("members:coverage_sheet"))
    header, *rows = sheet_rows(answer)
    by_code = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert len(by_code) == 9
    assert by_code[tree.street.code]["楼栋没有楼组长"] == by_code[tree.micro.code]["楼栋没有楼组长"] == 4
    assert by_code[tree.micro.code]["片区负责人不足两位（AB角）"] is None
    assert by_code[tree.xiuyuan.code]["网格"] == "'=1+1"
    assert sheet_rows(answer, "与报道对照")[1][3] == "'=2+2"
