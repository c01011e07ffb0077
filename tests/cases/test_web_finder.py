"""The case form's field that finds a unit or a building: what is filed, what is refused, and without a script."""

import html

import pytest
from django.test import Client

from cases.models import Case, Category
from members.models import Building
from tests import factories
from tests.cases.web import browser, filing, picture
from tests.factories import Tree
from tests.people import People

NEW, LOCATE = "/cases/new/", "/cases/new/locate/"


@pytest.fixture
def category(people: People) -> Category:
    return factories.category("0201", name="房屋渗漏水", synonyms="漏水|渗水")


@pytest.fixture
def house(tree: Tree) -> Building:
    """凉城路123弄4号 in 微2; its unit 文苑小区 is anchored to 微1 and to 凉三."""
    unit = factories.unit(tree.micro, name="文苑小区", address="凉城路123弄", second_grid=tree.liangsan)
    return factories.building(tree.micro2, unit, number="4")


def page_of(answer) -> str:
    return html.unescape(answer.content.decode())


def post(user, tree: Tree, **fields) -> str:
    return page_of(browser(user).post(NEW, filing(tree, **fields)))


class TestFiled:
    def test_a_building_decides_the_grid_whatever_was_selected(self, tree, people, category, house):
        # The building decides, not its unit, and not the grid that the form proposes by itself.
        fields = {"spot": "lcl123 4", "chosen": f"b{house.pk}", "room": "501", "place": "厨房"}
        post(people.liaison, tree, grid_code=tree.micro.code, **fields)
        case = Case.objects.get()
        assert (case.building, case.unit, case.grid) == (house, house.unit, tree.micro2)
        assert case.address == "凉城路123弄4号501室 厨房"

    def test_a_unit(self, tree, people, category, house):
        post(people.officer, tree, chosen=f"u{house.unit_id}", spot="文苑小区", place="北门")
        case = Case.objects.get()
        assert (case.unit, case.building, case.grid, case.second_grid) == (house.unit, None, tree.micro, None)
        assert case.address == "凉城路123弄 北门"

    def test_a_unit_on_the_border_with_both_its_grids_from_either_side(self, tree, people, category, house):
        both = f"u{house.unit_id}+"
        post(people.officer, tree, chosen=both)
        case = Case.objects.get()
        assert (case.grid, case.second_grid, case.handling_grid) == (tree.micro, tree.liangsan, tree.area)
        post(people.stranger, tree, chosen=both, grid_code=tree.liangsan.code, confidential="on")
        case = Case.objects.latest("pk")
        assert (case.grid, case.second_grid, case.unit) == (tree.liangsan, tree.micro, house.unit)
        # What is said by hand is what is meant.
        post(people.officer, tree, chosen=both, second_grid_code=tree.micro2.code, confidential="on")
        assert Case.objects.latest("pk").second_grid == tree.micro2

    def test_text_that_names_one_of_them_exactly(self, tree, people, category, house):
        post(people.liaison, tree, spot="凉城路１２３弄4号501室", grid_code="")
        case = Case.objects.get()
        assert (case.building, case.address, case.grid) == (house, "凉城路123弄4号501室", tree.micro2)

    def test_text_that_names_none_is_the_address(self, tree, people, category, house):
        post(people.officer, tree, spot="凉城路123弄99号", grid_code=tree.micro.code)
        case = Case.objects.get()
        assert (case.building, case.unit, case.address) == (None, None, "凉城路123弄99号")
        post(people.officer, tree, spot="文苑", grid_code=tree.micro.code, place="东门", confidential="on")
        assert Case.objects.latest("pk").address == "文苑 东门"

    def test_an_alias_leads_to_its_building(self, tree, people, category, house):
        from members.models import BuildingAlias

        BuildingAlias.objects.create(building=house, road="广粤路", lane="7", number="1")
        post(people.liaison, tree, road="广粤路7弄1号", grid_code="")
        assert Case.objects.get().grid == tree.micro2


class TestRefused:
    @pytest.mark.parametrize("who", ["far_stranger", "officer"])
    def test_what_lies_elsewhere_or_is_out_of_use(self, tree, people, category, house, who: str):
        user = getattr(people, who)
        own = {"far_stranger": tree.xiuyuan, "officer": tree.micro}[who]
        page = post(user, tree, grid_code=own.code, chosen=f"b{house.pk}", spot="凉城路123弄4号")
        assert "不在您负责的范围内" in page
        assert 'value="凉城路123弄4号"' in page
        house.is_active = False
        house.save()
        assert "已停用" in post(people.liaison, tree, chosen=f"b{house.pk}")
        assert not Case.objects.exists()

    def test_a_building_and_another_address(self, tree, people, category, house):
        page = post(people.liaison, tree, chosen=f"b{house.pk}", road="凉城路", lane="123", number="5")
        assert "和下面填的路、弄、号不一致" in page
        # Without the script it can be put right: the radios stand there.
        assert f'value="b{house.pk}" checked' in page
        assert not Case.objects.exists()
        post(people.liaison, tree, chosen=f"b{house.pk}", road="凉城路", lane="123", number="4")
        assert Case.objects.get().building == house

    @pytest.mark.parametrize("value", ["b", "b0", f"b{10**30}", "u1++", "\x00", "x" * 31, "<script>"])
    def test_what_no_form_sends(self, tree, people, category, value: str):
        answer = browser(people.officer).post(NEW, filing(tree, chosen=value))
        # NUL is no text: nothing was chosen.
        assert Case.objects.exists() is (value == "\x00")
        assert value == "\x00" or "不在您负责的范围内" in page_of(answer)


class TestWithoutScript:
    def test_find_comes_back_with_choices_and_all_that_was_typed(self, tree, people, category, house):
        typed = {
            "spot": "wyxq4", "description": "七号楼漏水", "room": "501", "reporter_name": "钱测试", "wants_reply": "on",
            "key": "abc", "grid_code": "", "place": "北门", "category_code": "0201",
        }  # fmt: skip
        answer = browser(people.liaison).post(NEW, {**filing(tree), **typed, "find": "1", "photos": [picture()]})
        page = page_of(answer)
        assert "找到 1 个，请选一个" in page
        assert f'name="chosen" value="b{house.pk}"' in page
        assert "第三片区 › 文苑一 › 文苑一微2" in page
        for kept in ("七号楼漏水", 'value="wyxq4"', 'value="501"', 'value="钱测试"', 'value="abc"', 'value="北门"'):
            assert kept in page, kept
        assert '<option value="" selected>按地址查找</option>' in page
        assert "1 张照片需要重新选择" in page
        assert "还没有上报成功" not in page
        assert not Case.objects.exists()

    def test_a_border_unit_is_offered_for_one_and_for_both(self, tree, people, category, house):
        page = post(people.officer, tree, spot="文苑", find="1")
        assert f'value="u{house.unit_id}"' in page
        assert f'value="u{house.unit_id}+"' in page
        assert "跨两个网格：文苑一微1 和 凉三" in page

    def test_nothing_found_and_a_stranger(self, tree, people, category, house):
        assert "没有找到，请换个说法" in post(people.officer, tree, spot="没有这里", find="1")
        page = post(people.far_stranger, tree, spot="文苑小区", find="1", grid_code=tree.xiuyuan.code)
        assert "没有找到，请换个说法" in page
        assert "凉城路123弄" not in page


class TestWhereItWillGo:
    def told(self, user, **params: str) -> str:
        return page_of(browser(user).get(LOCATE, params))

    def test_says_so_before_it_is_sent(self, tree, people, house):
        house_chosen = {"chosen": f"b{house.pk}", "grid_code": tree.micro.code}
        said = self.told(people.liaison, **house_chosen)
        assert "凉城路123弄4号 将上报到 第三片区 › 文苑一 › 文苑一微2（不按上面选的网格）" in said
        said = self.told(people.officer, chosen=f"u{house.unit_id}")
        assert "文苑小区 将上报到 第三片区 › 文苑一 › 文苑一微1" in said
        assert "也在 凉三" in said
        assert "按两边都涉及上报" in self.told(people.officer, chosen=f"u{house.unit_id}+")
        assert "凉城路123弄4号 属于" in self.told(people.liaison, spot="凉城路123弄4号")
        for strange in (house_chosen, {"chosen": f"u{house.unit_id}"}):
            assert "文苑" not in self.told(people.far_stranger, **strange)

    def test_similar_cases_of_the_building(self, tree, people, category, house):
        first = factories.case(people.liaison, tree.micro2, category, building_id=house.pk, description="楼道堆物很多")
        data = {"category_code": "0201", "description": "楼道堆物", "grid_code": "", "chosen": f"b{house.pk}"}
        assert first.number in page_of(browser(people.liaison).post("/cases/new/similar/", data))


@pytest.mark.parametrize("size", [1, 40])
def test_the_form_costs_the_same_with_any_book(client: Client, tree, people, category, house, statements, size: int):
    for number in range(100, 100 + size):
        factories.building(tree.micro, house.unit, number=str(number))
    client.force_login(people.officer)
    data = filing(tree, spot="凉城路123弄", find="1")
    with statements(12):
        client.post(NEW, data)
    with statements(4):
        client.get(LOCATE, {"chosen": f"u{house.unit_id}"})
