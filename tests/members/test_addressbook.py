"""The address book as a whole: one address, one building; aliases; keys that are in step with the rows."""

import logging

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test import Client

from grids.merging import merge_grids
from grids.tree import move_grid
from liangcheng.common.exceptions import InvalidInput
from members import addressbook
from members.buildings import HouseAddress, alias_holders, check_alias, check_own_address
from members.models import Building, BuildingAlias, ResidentUnit, SearchKey
from members.registry import find_grid
from tests import factories
from tests.factories import Tree, long_ago
from tests.grids.test_concurrency import at_once
from tests.people import People


@pytest.fixture
def houses(tree: Tree) -> dict[str, Building]:
    unit = factories.unit(tree.micro)
    return {
        "four": factories.building(tree.micro, unit, number="4"),
        "five": factories.building(tree.micro2, unit, number="5"),
        "corner": factories.building(tree.micro2, unit, road="水电路", lane="", number="88"),
    }


class TestAliases:
    def test_find_the_grid_of_their_building(self, tree: Tree, houses):
        BuildingAlias.objects.create(building=houses["five"], road="广粤路", lane="7", number="1")
        BuildingAlias.objects.create(building=houses["four"], road="广粤路", lane="9", number="")
        assert find_grid(address="广粤路7弄1号301室") == tree.micro2.pk
        assert find_grid(address="广粤路9弄") == tree.micro.pk
        # The lane of an alias says as much as that of an own address.
        assert find_grid(address="广粤路7弄99号") == tree.micro2.pk
        assert find_grid(address="广粤路8弄") is None

    def test_own_address_then_alias_then_lane(self, tree: Tree, houses):
        # All of 凉城路200弄 lies in 微1, but its number 3 is the other gate of a house in 微2.
        factories.building(tree.micro, houses["four"].unit, lane="200", number="1")
        BuildingAlias.objects.create(building=houses["five"], road="凉城路", lane="200", number="3")
        assert find_grid(address="凉城路200弄1号") == tree.micro.pk
        assert find_grid(address="凉城路200弄3号") == tree.micro2.pk
        # Past the rule, an own address still wins over somebody's alias.
        factories.building(tree.micro, houses["four"].unit, lane="200", number="3")
        assert find_grid(address="凉城路200弄3号") == tree.micro.pk

    def test_a_retired_building_and_another_street_do_not_count(self, tree: Tree, houses, statements):
        BuildingAlias.objects.create(building=houses["five"], road="广粤路", lane="7", number="1")
        with statements(1):
            assert find_grid(address="广粤路7弄1号", community_ids=[tree.street.pk]) == tree.micro2.pk
        assert find_grid(address="广粤路7弄1号", community_ids=[0]) is None
        houses["five"].is_active = False
        houses["five"].save()
        assert find_grid(address="广粤路7弄1号") is None

    def test_go_along_into_another_street(self, tree: Tree, houses):
        elsewhere = Tree("310109099")
        BuildingAlias.objects.create(building=houses["four"], road="广粤路", number="1")
        move_grid(grid_id=tree.wenyuan1.pk, parent_id=elsewhere.area.pk)
        assert BuildingAlias.objects.get().community_id == elsewhere.street.pk
        houses["four"].grid = tree.liangsan
        houses["four"].save()
        assert BuildingAlias.objects.get().community_id == tree.street.pk


class TestRule:
    def test_an_alias_is_nobody_elses_address(self, tree: Tree, houses):
        taken = BuildingAlias.objects.create(building=houses["five"], road="广粤路", lane="7", number="1")
        street, four = tree.street.pk, houses["four"].pk
        for address, code, said in (
            (("凉城路", "123", "5"), "address_taken", "已经登记为“凉城路123弄5号”的地址"),
            (("凉城路", "１２３", " 4 "), "address_taken", "就是这幢楼自己的地址"),
            (("广粤路", "7", "1"), "address_taken", "“凉城路123弄5号”的其他地址"),
            (("广粤路", "", ""), "incomplete_address", "请填写弄或号"),
            (("", "7", ""), "missing_road", "请填写路名"),
        ):
            with pytest.raises(InvalidInput, match=said) as refused:
                check_alias(community_id=street, address=HouseAddress(*address), building_id=four)
            assert refused.value.code == code
        fine = {"building_id": houses["five"].pk, "alias_id": taken.pk}
        check_alias(community_id=street, address=HouseAddress("广粤路", "7", "1"), **fine)
        # Another street may have a road of the same name.
        other = Tree("310109099")
        check_alias(community_id=other.street.pk, address=HouseAddress("凉城路", "123", "5"), building_id=four)

    def test_an_own_address_is_no_alias(self, tree: Tree, houses):
        BuildingAlias.objects.create(building=houses["five"], road="广粤路", lane="7", number="1")
        wanted = HouseAddress("广粤路", "7", "1")
        with pytest.raises(InvalidInput, match="其他地址"):
            check_own_address(community_id=tree.street.pk, address=wanted)
        check_own_address(community_id=tree.street.pk, address=HouseAddress("广粤路", "7", "2"))
        free = HouseAddress("广粤路", "8", "1")
        assert alias_holders(tree.street.pk, [wanted, free]) == {wanted: houses["five"]}


class TestAdmin:
    def form(self, tree: Tree, house: Building, *aliases: tuple[str, str, str], **changes: str) -> dict[str, object]:
        data: dict[str, object] = {
            "unit": house.unit_id, "road": house.road, "lane": house.lane, "number": house.number, "name": house.name,
            "grid": house.grid_id, "note": "", "is_active": "on",
            "aliases-TOTAL_FORMS": len(aliases), "aliases-INITIAL_FORMS": 0,
        }  # fmt: skip
        for index, parts in enumerate(aliases):
            for name, value in zip(("road", "lane", "number"), parts, strict=True):
                data[f"aliases-{index}-{name}"] = value
        return data | changes

    @pytest.fixture
    def office(self, client: Client, people: People) -> Client:
        people.street_head.is_staff = True
        people.street_head.save()
        client.force_login(people.street_head)
        return client

    def test_adds_an_alias_and_refuses_a_taken_one(self, office: Client, tree: Tree, houses):
        page = f"/admin/members/building/{houses['four'].pk}/change/"
        assert "其他地址" in office.get(page).content.decode()
        office.post(page, self.form(tree, houses["four"], ("广粤路", "７", "1")))
        assert str(BuildingAlias.objects.get()) == "广粤路7弄1号"
        assert SearchKey.objects.filter(alias="广粤路7弄1号").exists()
        other = f"/admin/members/building/{houses['five'].pk}/change/"
        for parts, said in (
            (("广粤路", "7", "1"), "“凉城路123弄4号”的其他地址"),
            (("凉城路", "123", "4"), "已经登记为“凉城路123弄4号”的地址"),
            (("凉城路", "123", "5"), "就是这幢楼自己的地址"),
            (("广粤路", "", ""), "请填写弄或号"),
        ):
            answer = office.post(other, self.form(tree, houses["five"], parts))
            assert answer.status_code == 200
            assert said in answer.content.decode(), parts
        assert BuildingAlias.objects.count() == 1
        answer = office.post(other, self.form(tree, houses["five"], road="广粤路", lane="7", number="1"))
        assert "“凉城路123弄4号”的其他地址" in answer.content.decode()
        assert Building.objects.get(pk=houses["five"].pk).road == "凉城路"

    def test_only_readers_add_none(self, client: Client, tree: Tree, people: People, houses):
        people.viewer.is_staff = True
        people.viewer.save()
        client.force_login(people.viewer)
        page = f"/admin/members/building/{houses['four'].pk}/change/"
        assert client.post(page, self.form(tree, houses["four"], ("广粤路", "7", "1"))).status_code == 403
        assert not BuildingAlias.objects.exists()


class TestHealing:
    def test_bulk_writers_call_it_and_the_night_finds_those_who_do_not(self, tree: Tree, houses, caplog):
        assert addressbook.heal(write=False) == (4, 0, 0)
        before = set(SearchKey.objects.values_list("building_id", "place", "key"))
        Building.objects.filter(number="4").update(road="广粤路")
        ResidentUnit.objects.update(is_active=False)
        SearchKey.objects.filter(building=houses["corner"]).first().delete()
        found = addressbook.heal(write=False)
        assert found.missing
        assert found.surplus
        assert addressbook.heal(write=False) == found
        with caplog.at_level(logging.ERROR):
            addressbook.heal_nightly()
        assert f"search_keys_differed rows=4 missing={found.missing} surplus={found.surplus}" in caplog.text
        assert addressbook.heal(write=False).sound
        Building.objects.filter(number="4").update(road="凉城路")
        ResidentUnit.objects.update(is_active=True)
        addressbook.index_units(ResidentUnit.objects.all())
        assert set(SearchKey.objects.values_list("building_id", "place", "key")) == before
        caplog.clear()
        addressbook.heal_nightly()
        assert caplog.text == ""

    def test_the_command_reports_and_repairs(self, tree: Tree, houses, capsys):
        SearchKey.objects.filter(building=houses["four"]).delete()
        with pytest.raises(CommandError, match="检索词与底册不符"):
            call_command("check_search_keys")
        call_command("check_search_keys", "--repair")
        assert "已改正" in capsys.readouterr().out
        call_command("check_search_keys")
        assert "缺少 0 条，多余 0 条" in capsys.readouterr().out

    def test_after_an_upgrade_older_rows_get_their_keys(self, tree: Tree, houses):
        SearchKey.objects.all().delete()
        addressbook.fill_if_empty()
        assert addressbook.heal(write=False).sound

    def test_merged_and_moved_grids_leave_nothing_to_heal(self, tree: Tree, houses):
        factories.unit(tree.xiuyuan, name="学府广场", second_grid=tree.wenyuan1)
        move_grid(grid_id=tree.wenyuan1.pk, parent_id=tree.other_area.pk)
        assert addressbook.heal(write=False).sound
        merge_grids(source_ids=[tree.wenyuan1.pk], target_id=tree.liangsan.pk, on=long_ago())
        assert addressbook.heal(write=False).sound


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
class TestAtOnce:
    def test_one_address_two_writers(self):
        """One makes it an alias, the other a building's own: the second is told, on both databases."""
        tree = Tree()
        unit = factories.unit(tree.micro)
        house, wanted = factories.building(tree.micro, unit, number="4"), HouseAddress("广粤路", "7", "1")
        refused: list[str] = []

        def write(check, then):
            def work() -> None:
                try:
                    with transaction.atomic():
                        check()
                        then()
                except InvalidInput as error:
                    refused.append(error.code)
                finally:
                    connections.close_all()

            return work

        street = tree.street.pk
        at_once(
            write(
                lambda: check_alias(community_id=street, address=wanted, building_id=house.pk),
                lambda: BuildingAlias.objects.create(building=house, **wanted._asdict()),
            ),
            write(
                lambda: check_own_address(community_id=street, address=wanted),
                lambda: factories.building(tree.micro, unit, **wanted._asdict()),
            ),
        )
        both = Building.objects.filter(**wanted._asdict()).count() + BuildingAlias.objects.count()
        assert both + len(refused) == 2
        assert both == 1

    def test_a_rename_while_the_tree_moves(self):
        tree = Tree()
        unit = factories.unit(tree.micro, name="文苑小区")
        factories.building(tree.micro, unit, number="4")

        def rename() -> None:
            for name in ("新苑", "老苑", "中苑"):
                row = ResidentUnit.objects.get(pk=unit.pk)
                row.name = name
                row.save(update_fields=["name"])

        def move() -> None:
            for parent in (tree.other_area, tree.area, tree.other_area):
                move_grid(grid_id=tree.wenyuan1.pk, parent_id=parent.pk)

        at_once(rename, move)
        assert addressbook.heal(write=False).sound
