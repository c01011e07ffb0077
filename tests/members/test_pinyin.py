"""Whatever has a name is found by its initials, in every reading that it may have."""

import pytest

from grids.models import Department, Grid
from liangcheng.common.pinyin import LONGEST, initials
from members.models import Building, BuildingAlias, PartyMember, PartyOrganization, Team
from tests import factories
from tests.cases.web import browser
from tests.factories import Tree
from tests.people import People


@pytest.mark.parametrize(
    "make",
    [factories.organization, factories.team, factories.venue, factories.contact, factories.unit, factories.member],
)
def test_registers(tree: Tree, make):
    args = (factories.organization(tree.wenyuan1, "党总支"),) if make is factories.member else ()
    row = make(tree.micro, *args, name="单重庆")
    rows = type(row).objects
    for typed in ("重庆", "dcq", "szq", "SCQ", "zq"):
        assert list(rows.search(typed)) == [row], typed
    assert not rows.search("xyz")


def test_the_pages_list_them(tree: Tree, people: People):
    organization = factories.organization(tree.micro, "长乐党支部")
    factories.member(tree.micro, organization, name="单大为")
    for page, typed, model in (("members", "ddw", PartyMember), ("organizations", "zldzb", PartyOrganization)):
        shown = browser(people.head).get(f"/{page}/", {"q": typed}).context["page"]
        assert list(shown) == list(model.objects.all()), page


def test_houses_by_road_unit_and_alias(tree: Tree):
    house = factories.building(tree.micro, factories.unit(tree.micro, name="文苑小区"), road="车站南路", number="4")
    BuildingAlias.objects.create(building=house, road="广粤路", number="9")
    for typed in ("cznl", "jznl123", "wyxq", "车站南路 123", "广粤路", "文苑 123"):
        assert list(Building.objects.search(typed)) == [house], typed
    assert not Building.objects.search("广粤路 456")


def test_grids_and_departments(tree: Tree, people: People):
    assert list(Grid.objects.search("WYYW1")) == [tree.micro]
    people.street_head.is_staff = True
    people.street_head.save()
    answer = browser(people.street_head).get("/admin/grids/department/", {"q": "cgzd"})
    assert list(answer.context["cl"].queryset) == list(Department.objects.all())


def test_a_long_name_of_many_readings_fits_its_column(tree: Tree):
    row = factories.team(tree.micro, "重长单" * 26)
    assert 0 < len(row.name_pinyin) <= LONGEST
    assert {len(each) for each in initials("重长单" * 12).split()} == {36}


def test_a_renamed_row_is_found_by_its_new_name_however_it_is_saved(tree: Tree):
    row = factories.team(tree.micro, "旧名")
    row.name = "新名"
    row.save(update_fields=["name"])
    assert list(Team.objects.search("xm")) == [row]


@pytest.mark.parametrize(("extra", "searched"), [(0, False), (12, True)])
def test_the_forms_grids_are_searched_where_they_are_many(tree: Tree, people: People, extra: int, searched: bool):
    for serial in range(extra):
        factories.grid("MICRO_UNIT", f"{tree.wenyuan1.code}{serial + 10:03}", f"文苑一微{serial + 10}", tree.wenyuan1)
    page = browser(people.liaison).get("/cases/new/").content.decode()
    assert ('data-picker="网格"' in page) is searched
    assert ('data-pinyin="wyyw1"' in page) is searched
