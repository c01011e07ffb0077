"""Rules of grids.tree: every act, every refusal, and the tree sound after each."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from mptt.exceptions import InvalidMove

from grids import tree as rules
from grids.choices import GridKind
from grids.models import Grid
from liangcheng.common.exceptions import DomainError, NotVisible
from tests import factories
from tests.factories import Tree
from tests.people import People

TODAY = timezone.localdate()


def refused(code: str) -> "pytest.RaisesExc[DomainError]":
    return pytest.RaisesExc(DomainError, check=lambda error: error.code == code)


def new(parent: Grid | None, **fields: object) -> Grid:
    values = {"kind": GridKind.NEIGHBORHOOD, "code": "310109016099", "name": "新居民区", **fields}
    return rules.create_grid(parent_id=parent.pk if parent else None, **values)


class TestCreate:
    def test_stands_in_its_place_with_path_and_initials(self, tree: Tree) -> None:
        made = new(tree.micro.parent.parent, code="310109016010", name="文苑二居民区", short_name="文苑二")
        assert made.path_ids() == {
            "community_id": tree.street.pk, "area_id": tree.area.pk, "neighborhood_id": made.pk, "micro_unit_id": None,
        }  # fmt: skip
        siblings = Grid.objects.filter(parent=tree.area).in_tree_order().values_list("code", flat=True)
        assert list(siblings) == sorted(siblings)
        assert list(Grid.objects.search("wye")) == [made]

    def test_under_an_area_directly(self, tree: Tree) -> None:
        assert tree.academy.area_id == tree.other_area.pk
        assert tree.academy.neighborhood_id is None

    def test_initials_of_a_short_name_that_the_name_does_not_hold(self, tree: Tree) -> None:
        made = new(tree.area, name="凉城新村第七居民区", short_name="凉七")
        assert made in Grid.objects.search("lq")

    def test_a_historic_one_is_out_of_use(self, tree: Tree) -> None:
        assert not new(tree.area, valid_from=date(2020, 1, 1), valid_to=date(2021, 12, 31)).is_active

    @pytest.mark.parametrize(
        ("parent", "kind", "code"),
        [
            ("street", GridKind.NEIGHBORHOOD, "310109016099"),
            ("street", GridKind.MICRO_UNIT, "310109016000001"),
            ("area", GridKind.AREA, "310109016099"),
            ("wenyuan1", GridKind.NEIGHBORHOOD, "310109016099"),
            ("micro", GridKind.MICRO_UNIT, "310109016011009"),
            ("street", GridKind.COMMUNITY, "310109017000"),
            (None, GridKind.AREA, "310109016609"),
        ],
    )
    def test_wrong_level(self, tree: Tree, parent: str | None, kind: str, code: str) -> None:
        with refused("wrong_level"):
            new(getattr(tree, parent) if parent else None, kind=kind, code=code)
        assert Grid.objects.count() == 9

    @pytest.mark.parametrize("code", ["", "31010901609", "31010901609x", "3101090160991", "310109016099001"])
    def test_code_of_the_wrong_form(self, tree: Tree, code: str) -> None:
        with refused("code_format"):
            new(tree.area, code=code)

    @pytest.mark.parametrize("code", ["310109016017001", "31010901601100", "3101090160110011"])
    def test_micro_unit_is_numbered_under_its_parent(self, tree: Tree, code: str) -> None:
        with refused("code_format"):
            new(tree.wenyuan1, kind=GridKind.MICRO_UNIT, code=code)

    def test_full_width_digits_are_read(self, tree: Tree) -> None:
        assert new(tree.area, code=" 310109016099").code == "310109016099"

    def test_code_is_never_used_again(self, tree: Tree) -> None:
        rules.retire_grid(grid_id=tree.micro2.pk, on=TODAY)
        with refused("code_taken") as caught:
            new(tree.wenyuan1, kind=GridKind.MICRO_UNIT, code=tree.micro2.code)
        assert "已停用" in caught.value.message

    def test_second_root_is_a_new_street_never_the_same(self, tree: Tree) -> None:
        with refused("code_taken"):
            new(None, kind=GridKind.COMMUNITY, code=tree.street.code)
        other = new(None, kind=GridKind.COMMUNITY, code="310109010000", name="欧阳路街道")
        assert other.tree_id > tree.street.tree_id
        assert other.community_id == other.pk

    def test_retired_parent(self, tree: Tree) -> None:
        rules.retire_grid(grid_id=tree.liangsan.pk, on=TODAY)
        with refused("retired_parent"):
            new(tree.liangsan, kind=GridKind.MICRO_UNIT, code="310109016017001")

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"name": "  "}, "missing_name"),
            ({"name": "长" * 61}, "too_long"),
            ({"short_name": "长" * 31}, "too_long"),
            ({"kind": "STREET"}, "unknown_kind"),
            ({"valid_from": date(2022, 1, 1), "valid_to": date(2021, 1, 1)}, "dates_order"),
        ],
    )
    def test_fields(self, tree: Tree, fields: dict[str, object], code: str) -> None:
        with refused(code):
            new(tree.area, **fields)

    def test_unknown_parent(self, tree: Tree) -> None:
        with pytest.raises(NotVisible):
            rules.create_grid(parent_id=0, kind=GridKind.AREA, code="310109016605", name="甲")


class TestUpdate:
    def test_changes_count_a_version_and_nothing_else_does(self, tree: Tree) -> None:
        changed = rules.update_grid(grid_id=tree.area.pk, brand="三委联动", facts={"党员": "2156"})
        assert (changed.brand, changed.version) == ("三委联动", tree.area.version + 1)
        again = rules.update_grid(grid_id=tree.area.pk, brand=" 三委联动 ", expected_version=changed.version)
        assert again.version == changed.version
        assert changed.history.count() == 2

    def test_renaming_renews_the_initials(self, tree: Tree) -> None:
        renamed = rules.rename_grid(grid_id=tree.liangsan.pk, name="秀水居民区", short_name="秀水")
        assert Grid.objects.search("xs").get() == renamed
        assert renamed.path_ids() == tree.liangsan.path_ids()

    def test_stale_version(self, tree: Tree) -> None:
        rules.rename_grid(grid_id=tree.area.pk, name="甲")
        for act in (rules.rename_grid, rules.update_grid):
            with refused("stale_version"):
                act(grid_id=tree.area.pk, name="乙", expected_version=tree.area.version)
        with refused("stale_version"):
            rules.move_grid(grid_id=tree.area.pk, parent_id=tree.street.pk, expected_version=99)
        with refused("stale_version"):
            rules.retire_grid(grid_id=tree.area.pk, on=TODAY, expected_version=99)

    @pytest.mark.parametrize("field", ["code", "kind", "parent_id", "is_active", "lft"])
    def test_structure_is_not_written_here(self, tree: Tree, field: str) -> None:
        with pytest.raises(TypeError):
            rules.update_grid(grid_id=tree.area.pk, **{field: 1})


class TestMove:
    def test_takes_the_subtree_and_all_that_hangs_on_it(self, tree: Tree) -> None:
        unit = factories.unit(tree.micro)
        house = factories.building(tree.micro, unit)
        party = factories.organization(tree.wenyuan1)
        moved = rules.move_grid(grid_id=tree.wenyuan1.pk, parent_id=tree.other_area.pk)
        assert moved.parent_id == moved.area_id == tree.other_area.pk
        for row in (unit, house, party, tree.micro):
            row.refresh_from_db()
            assert (row.community_id, row.area_id, row.neighborhood_id) == (
                tree.street.pk, tree.other_area.pk, tree.wenyuan1.pk,
            )  # fmt: skip
        assert tree.micro.level == 3
        assert type(house).objects.within(tree.area).count() == 0

    def test_micro_unit_to_an_area_leaves_no_neighborhood_behind(self, tree: Tree) -> None:
        unit = factories.unit(tree.micro)
        rules.move_grid(grid_id=tree.micro.pk, parent_id=tree.other_area.pk)
        unit.refresh_from_db()
        assert (unit.area_id, unit.neighborhood_id, unit.micro_unit_id) == (tree.other_area.pk, None, tree.micro.pk)

    def test_to_another_street(self, tree: Tree) -> None:
        other = Tree("310109010")
        unit = factories.unit(tree.micro)
        rules.move_grid(grid_id=tree.area.pk, parent_id=other.street.pk)
        unit.refresh_from_db()
        assert unit.community_id == other.street.pk
        assert Grid.objects.get(pk=tree.micro.pk).community_id == other.street.pk

    def test_an_address_that_exists_there(self, tree: Tree) -> None:
        other = Tree("310109010")
        for grid in (tree.micro, other.micro):
            factories.building(grid, factories.unit(grid), number="4")
        with refused("grid_clash"):
            rules.move_grid(grid_id=tree.wenyuan1.pk, parent_id=other.area.pk)

    def test_with_stale_instances_in_hand(self, tree: Tree) -> None:
        # STYLE 3.4 (b): mptt itself breaks the tree when a node is given a parent that was read earlier.
        for number in range(3):
            new(tree.liangsan, kind=GridKind.MICRO_UNIT, code=f"310109016017{number:03d}")
        for node in (tree.micro, tree.micro2, tree.academy):
            rules.move_grid(grid_id=node.pk, parent_id=tree.liangsan.pk)
        assert Grid.objects.get(pk=tree.liangsan.pk).get_descendant_count() == 6

    def test_to_where_it_is_changes_nothing(self, tree: Tree) -> None:
        assert rules.move_grid(grid_id=tree.micro.pk, parent_id=tree.wenyuan1.pk).version == tree.micro.version

    @pytest.mark.parametrize(
        ("node", "parent", "code"),
        [
            ("wenyuan1", "street", "wrong_level"),
            ("wenyuan1", "liangsan", "wrong_level"),
            ("micro", "micro2", "wrong_level"),
            ("micro", "street", "wrong_level"),
            ("area", None, "wrong_level"),
            ("area", "other_area", "wrong_level"),
            ("area", "wenyuan1", "cycle"),
            ("area", "area", "cycle"),
            ("street", "micro", "cycle"),
        ],
    )
    def test_refusals(self, tree: Tree, node: str, parent: str | None, code: str) -> None:
        with refused(code):
            rules.move_grid(grid_id=getattr(tree, node).pk, parent_id=getattr(tree, parent).pk if parent else None)

    def test_below_a_retired_one(self, tree: Tree) -> None:
        rules.retire_grid(grid_id=tree.liangsan.pk, on=TODAY)
        with refused("retired_parent"):
            rules.move_grid(grid_id=tree.micro.pk, parent_id=tree.liangsan.pk)


class TestDrag:
    """mptt's own way to move, which the admin's drag takes."""

    def test_goes_through_the_rules(self, tree: Tree) -> None:
        unit = factories.unit(tree.micro)
        Grid.objects.move_node(tree.micro, tree.liangsan, "first-child")
        assert tree.micro.parent_id == tree.liangsan.pk
        unit.refresh_from_db()
        assert unit.neighborhood_id == tree.liangsan.pk
        Grid.objects.get(pk=tree.micro.pk).move_to(tree.micro2, "left")
        assert Grid.objects.get(pk=tree.micro.pk).parent_id == tree.wenyuan1.pk

    @pytest.mark.parametrize(
        ("target", "position"), [("street", "last-child"), ("area", "right"), ("micro2", "first-child")]
    )
    def test_refuses_in_chinese(self, tree: Tree, target: str, position: str) -> None:
        with pytest.raises(InvalidMove, match="只能放在居民区或片区下面"):
            Grid.objects.move_node(tree.micro, getattr(tree, target), position)

    def test_nothing_becomes_a_root(self, tree: Tree) -> None:
        with pytest.raises(InvalidMove, match="只能放在街道下面"):
            Grid.objects.move_node(tree.area, tree.street, "left")


class TestRetire:
    def test_ends_and_comes_back(self, tree: Tree) -> None:
        gone = rules.retire_grid(grid_id=tree.micro.pk, on=TODAY - timedelta(days=1))
        assert (gone.is_active, gone.valid_to) == (False, TODAY - timedelta(days=1))
        with refused("grid_retired"):
            rules.retire_grid(grid_id=tree.micro.pk, on=TODAY)
        back = rules.restore_grid(grid_id=tree.micro.pk)
        assert (back.is_active, back.valid_to) == (True, None)

    def test_names_the_sub_grids_that_block(self, tree: Tree) -> None:
        with refused("retire_blocked") as caught:
            rules.retire_grid(grid_id=tree.wenyuan1.pk, on=TODAY)
        assert "下级网格 2 个（文苑一微1、文苑一微2）" in caught.value.message

    def test_names_the_postings_that_block(self, tree: Tree) -> None:
        holder = factories.posted("zhang", tree.micro)
        with refused("retire_blocked") as caught:
            rules.retire_grid(grid_id=tree.micro.pk, on=TODAY)
        assert f"在任岗位 1 个（{holder}）" in caught.value.message
        holder.postings.update(valid_to=TODAY - timedelta(days=1))
        assert not rules.retire_grid(grid_id=tree.micro.pk, on=TODAY).is_active

    def test_departments_block(self, tree: Tree) -> None:
        factories.department(tree.liangsan)
        with refused("retire_blocked"):
            rules.retire_grid(grid_id=tree.liangsan.pk, on=TODAY)

    def test_other_apps_block(self, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("grids.blockers._blockers", [lambda grid: "未办结案件 3 件"])
        with refused("retire_blocked") as caught:
            rules.retire_grid(grid_id=tree.micro.pk, on=TODAY)
        assert "未办结案件 3 件" in caught.value.message

    def test_open_cases_block(self, tree: Tree, people: People) -> None:
        micro = tree.academy
        case = factories.case(people.dispatcher, micro, factories.category())
        with refused("retire_blocked") as caught:
            rules.retire_grid(grid_id=micro.pk, on=TODAY)
        assert "未办结案件 1 件" in caught.value.message
        factories.force_status(case, "CLOSED")
        assert not rules.retire_grid(grid_id=micro.pk, on=TODAY).is_active

    def test_dates(self, tree: Tree) -> None:
        with refused("future_date"):
            rules.retire_grid(grid_id=tree.micro.pk, on=TODAY + timedelta(days=1))
        rules.update_grid(grid_id=tree.micro.pk, valid_from=TODAY)
        with refused("dates_order"):
            rules.retire_grid(grid_id=tree.micro.pk, on=TODAY - timedelta(days=1))

    def test_comes_back_only_below_one_in_use(self, tree: Tree) -> None:
        for node in (tree.micro, tree.micro2, tree.wenyuan1):
            rules.retire_grid(grid_id=node.pk, on=TODAY)
        with refused("retired_parent"):
            rules.restore_grid(grid_id=tree.micro.pk)

    def test_nothing_is_deleted(self, tree: Tree) -> None:
        with refused("never_deleted"):
            tree.micro.delete()
        with refused("never_deleted"):
            Grid.objects.filter(pk=tree.micro.pk).delete()
        assert Grid.objects.count() == 9


@pytest.mark.django_db(transaction=True)
def test_the_lock_needs_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        rules.tree_write_lock()
