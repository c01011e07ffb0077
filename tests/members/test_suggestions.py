"""Units and buildings while somebody types: what is found, in which order, by whom, and at what price."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from grids.tree import move_grid
from members.models import Building, BuildingAlias, ResidentUnit
from members.searchwords import Place, address_keys, name_keys, ranges
from members.suggestions import chosen, suggest
from tests import factories
from tests.factories import Tree
from tests.people import People

SUGGEST = "/suggest/"


@pytest.fixture
def book(tree: Tree) -> dict[str, object]:
    """文苑小区 in 微1 with houses 4, 9, 10 and 40 of 凉城路123弄; a shop on 水电路 and 重庆里 in 微2; another area."""
    estate = factories.unit(tree.micro, name="文苑小区", address="凉城路123弄")
    shop = factories.unit(tree.micro2, name="全家便利店", kind="SHOP", address="水电路88号")
    other = factories.unit(tree.academy, name="武装学院")
    houses = {number: factories.building(tree.micro, estate, number=number) for number in ("10", "4", "40", "9")}
    return {
        "estate": estate,
        "shop": shop,
        "old": factories.unit(tree.micro2, name="重庆里"),
        "houses": houses,
        "corner": factories.building(tree.micro2, shop, road="水电路", lane="", number="88"),
        "far": factories.building(tree.academy, other, road="凉城路", lane="77", number="1"),
    }


def titles(user: object, text: str) -> list[str]:
    return [each.title for each in suggest(user, text)]


@pytest.mark.parametrize("lane", ["123", "12甲", "29-3", ""])
@pytest.mark.parametrize("number", ["4", "40", "12甲", "3-5"])
def test_every_beginning_of_an_address_finds_the_house(lane: str, number: str):
    keys = address_keys(("", "凉城路", "lcl"), lane, number)
    outer, _, branch = lane.partition("-")
    written = (f"{outer}弄" if outer else "") + (f"{branch}支弄" if branch else "") + f"{number}号"
    # Inside a number that goes on with a letter or a hyphen, what was typed so far may still mean another house.
    whole = [len(f"{outer}弄"), len(written)] if branch or not number.isdigit() else range(1, len(written) + 1)
    for road in ("凉城路", "lcl", "LCL ", "上海市虹口区凉城路"):
        for end in whole:
            typed = f"{road}{written[:end]}"
            if typed.endswith("弄") and branch:
                continue
            wanted = ranges(typed)
            assert any(
                each.place == key.place and each.first <= key.text < each.last for each in wanted for key in keys
            ), typed


def test_a_name_is_found_from_any_character_but_the_last():
    keys = {(key.place, key.text.decode()) for key in name_keys("重庆新村", "cqxc zqxc")}
    assert {(Place.UNIT, "cqxc"), (Place.UNIT, "zqxc"), (Place.INSIDE, "新村"), (Place.INSIDE, "xc")} <= keys
    assert (Place.INSIDE, "村") not in keys


class TestFound:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("凉城路123弄4号", ["凉城路123弄4号"]),
            ("凉城路123弄4", ["凉城路123弄4号", "凉城路123弄40号"]),
            ("lcl123 4", ["凉城路123弄4号", "凉城路123弄40号"]),
            ("LCL１２３弄４号", ["凉城路123弄4号"]),
            ("凉城路123-4", ["凉城路123弄4号", "凉城路123弄40号"]),
            ("上海市虹口区凉城路123弄4号501室", ["凉城路123弄4号"]),
            # The estate itself first, then its houses in the order of their numbers.
            ("123弄", ["文苑小区", "凉城路123弄4号", "凉城路123弄9号", "凉城路123弄10号", "凉城路123弄40号"]),
            ("文苑小区4号", ["凉城路123弄4号"]),
            ("wyxq9", ["凉城路123弄9号"]),
            ("苑小", ["文苑小区"]),
            ("yxq", ["文苑小区"]),
            ("bld", ["全家便利店"]),
            # Both readings of 重.
            ("cql", ["重庆里"]),
            ("zql", ["重庆里"]),
            ("水电路88号", ["全家便利店", "水电路88号"]),
            ("sdl88", ["全家便利店", "水电路88号"]),
            ("没有这里", []),
            ("凉城路999弄", []),
            # One character says nothing, a quotation mark or a wildcard no more than that.
            ("文", []),
            ("4", []),
            ("%%", []),
            ("' OR 1=1", []),
            ("\x00", []),
            ("苑" * 500, []),
        ],
    )
    def test_by(self, people: People, book, text: str, expected: list[str]):
        assert titles(people.liaison, text) == expected

    def test_exact_names_come_before_longer_ones_and_those_before_the_inside(self, tree: Tree, people: People):
        for name in ("大文苑", "文苑新村", "文苑"):
            factories.unit(tree.micro, name=name)
        assert titles(people.liaison, "文苑") == ["文苑", "文苑新村", "大文苑"]

    def test_no_kind_crowds_out_the_others_and_each_is_shown_once(self, tree: Tree, people: People):
        for serial in range(20):
            unit = factories.unit(tree.micro, name=f"凉城里{serial}")
            factories.building(tree.micro, unit, lane="5", number=str(serial))
        found = suggest(people.liaison, "lcl")
        assert len(found) == len({each.value for each in found}) == 12
        assert {each.value[0] for each in found} == {"u", "b"}

    def test_by_an_alias_with_the_alias_told(self, people: People, book):
        BuildingAlias.objects.create(building=book["corner"], road="广粤路", lane="5", number="1")
        [found] = suggest(people.liaison, "gyl5")
        assert (found.title, found.detail) == ("水电路88号", "全家便利店，又作 广粤路5弄1号")

    def test_says_where_it_is(self, tree: Tree, people: People, book):
        # The building decides, not its unit.
        book["houses"]["9"].grid = tree.micro2
        book["houses"]["9"].save()
        found = {each.title: each for each in suggest(people.area_liaison, "凉城路123弄")}
        assert found["凉城路123弄9号"].path == "第三片区 › 文苑一 › 文苑一微2"
        assert chosen(people.area_liaison, found["凉城路123弄9号"].value).grid == tree.micro2
        assert chosen(people.area_liaison, found["凉城路123弄4号"].value).grid == tree.micro


class TestBorder:
    def test_both_sides_are_offered_their_own_grid_and_the_two(self, tree: Tree, people: People, book):
        unit = factories.unit(tree.micro, name="学府广场", second_grid=tree.liangsan)
        for who, own, other in (("officer", "micro", "liangsan"), ("stranger", "liangsan", "micro")):
            alone, both = suggest(getattr(people, who), "xfgc")
            assert (alone.value, both.value) == (f"u{unit.pk}", f"u{unit.pk}+")
            for each in (alone, both):
                each = chosen(getattr(people, who), each.value)
                assert (each.grid, each.beside) == (getattr(tree, own), getattr(tree, other))
            assert both.path == f"{getattr(tree, own).short_name} 和 {getattr(tree, other).short_name}"
        # Who serves above both has it twice, not four times.
        assert len(suggest(people.dispatcher, "xfgc")) == 2
        assert suggest(people.officer2, "xfgc") == []

    def test_the_second_side_follows(self, tree: Tree, people: People, book):
        unit = factories.unit(tree.micro, name="学府广场", second_grid=tree.liangsan)
        unit.second_grid = tree.xiuyuan
        unit.save()
        assert suggest(people.stranger, "xfgc") == []
        assert len(suggest(people.far_stranger, "xfgc")) == 2


class TestScope:
    @pytest.mark.parametrize(
        ("who", "sees"),
        [
            ("officer", True),
            ("area_head", True),
            ("dispatcher", True),
            ("viewer", True),
            # A department files wherever it serves.
            ("staff", True),
            ("officer2", False),
            ("stranger", False),
            ("far_stranger", False),
        ],
    )
    def test_in_the_subtrees_of_ones_postings(self, people: People, book, who: str, sees: bool):
        user = getattr(people, who)
        for text in ("文苑小区", "wyxq", "凉城路123弄4号", "123弄"):
            assert ("凉城路123弄4号" in titles(user, text)) is sees, text
        house = chosen(user, f"b{book['houses']['4'].pk}")
        assert (house is not None, chosen(user, f"u{book['estate'].pk}") is not None) == (sees, sees)

    def test_nobody_another_street_and_everybody(self, tree: Tree, people: People, book):
        elsewhere = Tree("310109099")
        factories.building(elsewhere.micro, factories.unit(elsewhere.micro, name="文苑小区"), number="4")
        neighbour = factories.posted("neighbour", elsewhere.street, "DISPATCHER")
        assert len(suggest(neighbour, "凉城路123弄4号")) == 1
        assert len(suggest(people.dispatcher, "凉城路123弄4号")) == 1
        assert len(suggest(factories.user("root", is_superuser=True), "凉城路123弄4号")) == 2
        assert suggest(factories.user("nowhere"), "文苑小区") == []
        assert suggest(AnonymousUser(), "文苑小区") == []

    def test_several_postings_and_one_inside_another(self, tree: Tree, people: People, book):
        for grid in (tree.micro, tree.wenyuan1, tree.other_area):
            factories.posting(people.officer2, grid)
        both = factories.fresh(people.officer2)
        assert titles(both, "凉城路77弄1号") == ["凉城路77弄1号"]
        assert titles(both, "凉城路123弄4号") == ["凉城路123弄4号"]

    def test_the_page_is_for_people_who_have_signed_in(self, client: Client, tree: Tree, people: People, book):
        assert client.get(SUGGEST, {"q": "wyxq"})["Location"].startswith("/accounts/login/")
        client.force_login(factories.service("hotline", tree.street))
        assert client.get(SUGGEST, {"q": "wyxq"}).status_code == 302
        client.force_login(people.stranger)
        answer = client.get(SUGGEST, {"q": "wyxq"}).content.decode()
        assert "没有找到" in answer
        assert "option" not in answer
        client.force_login(people.officer)
        assert 'data-text="凉城路123弄4号"' in client.get(SUGGEST, {"q": "wyxq"}).content.decode()
        assert "至少输入两个字" in client.get(SUGGEST).content.decode()

    @pytest.mark.parametrize("value", ["", "b", "x1", "b-1", "b1 ", "u1++", f"u{10**30}", "b０", "+"])
    def test_a_choice_that_no_form_sends(self, people: People, book, value: str):
        assert chosen(people.dispatcher, value) is None

    def test_what_a_name_says_is_text(self, client: Client, tree: Tree, people: People):
        factories.unit(tree.micro, name='丁丁"><b>屋')
        client.force_login(people.officer)
        assert "<b>屋" not in client.get(SUGGEST, {"q": "丁丁"}).content.decode()


class TestInStep:
    """The keys follow their rows, whatever changes them."""

    def test_rename_retire_return(self, people: People, book):
        estate = book["estate"]
        estate.name = "新苑小区"
        estate.save(update_fields=["name"])
        assert titles(people.officer, "wyxq") == []
        assert titles(people.officer, "xyxq4") == ["凉城路123弄4号", "凉城路123弄40号"]
        estate.is_active = False
        estate.save()
        assert titles(people.officer, "新苑小区")[:1] == ["凉城路123弄4号"]
        Building.objects.get(number="9").delete()
        for house in Building.objects.filter(unit=estate):
            house.is_active = False
            house.save()
        assert titles(people.officer, "新苑小区") == []
        assert chosen(people.officer, f"u{estate.pk}") is None
        estate.is_active = True
        estate.save()
        assert titles(people.officer, "新苑小区") == ["新苑小区"]

    def test_what_went_past_the_book_is_not_offered_either(self, tree: Tree, people: People, book):
        Building.objects.filter(number="4").update(is_active=False)
        Building.objects.filter(number="9").update(**tree.micro2.path_ids(), grid=tree.micro2)
        ResidentUnit.objects.update(is_active=False)
        assert titles(people.officer, "凉城路123弄") == ["凉城路123弄10号", "凉城路123弄40号"]

    def test_readdress_and_alias(self, people: People, book):
        house = book["houses"]["4"]
        house.number = "5"
        house.save()
        alias = BuildingAlias.objects.create(building=house, road="广粤路", number="6")
        assert titles(people.officer, "凉城路123弄4号") == []
        assert (
            titles(people.officer, "凉城路123弄5号")
            == titles(people.officer, "gyl6")
            == ["凉城路123弄4号"[:-2] + "5号"]
        )
        alias.delete()
        assert titles(people.officer, "gyl6") == []

    def test_the_tree_moves(self, tree: Tree, people: People, book):
        move_grid(grid_id=tree.wenyuan1.pk, parent_id=tree.other_area.pk)
        assert titles(factories.fresh(people.area_head), "wyxq") == []
        boss = factories.posted("boss", tree.other_area, "HEAD")
        [found] = suggest(boss, "凉城路123弄4号")
        assert found.path == "第一片区 › 文苑一 › 文苑一微1"


def _fill(tree: Tree, number: int) -> None:
    from members import addressbook

    unit = factories.unit(tree.micro, name="文苑小区", address="凉城路123弄")
    path = tree.micro.path_ids()
    addressbook.index_buildings(
        Building.objects.bulk_create(
            Building(
                grid=tree.micro, unit=unit, name=f"凉城路123弄{n}号", road="凉城路", lane="123", number=str(n), **path
            )
            for n in range(1, number + 1)
        )
    )


@pytest.mark.parametrize("size", [3, 300])
def test_two_statements_beside_who_is_asking(client: Client, tree: Tree, people: People, statements, size: int):
    _fill(tree, size)
    client.force_login(people.officer)
    for text in ("lc", "lcl123 1", "文苑小区", "123弄1"):
        user = factories.fresh(people.officer)
        with statements(3):
            assert suggest(user, text)
    # Session and user.
    with statements(5):
        client.get(SUGGEST, {"q": "lcl123"})
