"""The address book finds the grid."""

import pytest

from liangcheng.common.exceptions import InvalidInput
from members.registry import find_grid
from tests import factories
from tests.factories import Tree


@pytest.fixture
def book(tree: Tree) -> dict[str, object]:
    """凉城路123弄 lies in two micro-units, 水电路29弄 in one; 凉城路410号 has no lane."""
    unit, unit2 = factories.unit(tree.micro), factories.unit(tree.micro2)
    other = factories.unit(tree.academy)
    return {
        "unit": unit,
        "unit2": unit2,
        "four": factories.building(tree.micro, unit, road="凉城路", lane="123", number="4"),
        "five": factories.building(tree.micro2, unit2, road="凉城路", lane="123", number="5"),
        "shop": factories.building(tree.micro2, unit2, road="凉城路", lane="", number="410"),
        "estate": factories.building(tree.academy, other, road="水电路", lane="29", number="1"),
        "branch": factories.building(tree.micro2, unit2, road="水电路", lane="29-3", number="1"),
    }


class TestWrittenAddress:
    @pytest.mark.parametrize(
        ("text", "grid"),
        [
            ("凉城路123弄4号501室", "micro"),
            ("上海市虹口区凉城路123弄5号", "micro2"),
            ("我家住在凉城路123弄4号", "micro"),
            ("凉城路410号", "micro2"),
            ("凉城路410", "micro2"),
            ("水电路29弄1号", "academy"),
            ("水电路29弄3支弄1号", "micro2"),
            # The book does not list every house, but the lane belongs to one grid.
            ("水电路29弄88号", "academy"),
            ("水电路29弄", "academy"),
            ("水电路29弄7支弄2号", "academy"),
        ],
    )
    def test_found(self, tree: Tree, book: dict[str, object], text: str, grid: str):
        assert find_grid(address=text) == getattr(tree, grid).pk

    @pytest.mark.parametrize(
        "text", ["凉城路123弄", "凉城路123弄99号", "凉城路", "城路123弄4号", "123弄4号", "凉城路411号", "", "4号"]
    )
    def test_unknown_or_ambiguous_is_none(self, tree: Tree, book: dict[str, object], text: str):
        assert find_grid(address=text) is None

    def test_other_streets_and_retired_houses_do_not_count(self, tree: Tree, book: dict[str, object]):
        assert find_grid(address="凉城路123弄4号", community_ids=[tree.street.pk]) == tree.micro.pk
        assert find_grid(address="凉城路123弄4号", community_ids=[]) is None
        house = book["shop"]
        house.is_active = False
        house.save()
        assert find_grid(address="凉城路410号") is None


class TestIds:
    def test_the_building_is_more_exact_than_the_unit_and_both_than_the_text(self, tree: Tree, book):
        assert find_grid(building_id=book["five"].pk, address="凉城路123弄4号") == tree.micro2.pk
        assert find_grid(unit_id=book["unit"].pk, address="凉城路410号") == tree.micro.pk

    @pytest.mark.parametrize("field", ["unit", "building"])
    def test_an_id_that_is_not_there_is_refused(self, tree: Tree, book, field: str):
        with pytest.raises(InvalidInput) as refused:
            find_grid(**{f"{field}_id": 10**9})
        assert (refused.value.code, refused.value.field) == (f"unknown_{field}", f"{field}_id")

    def test_a_building_of_another_unit_or_street_is_refused(self, tree: Tree, book):
        with pytest.raises(InvalidInput):
            find_grid(building_id=book["five"].pk, unit_id=book["unit"].pk)
        with pytest.raises(InvalidInput):
            find_grid(building_id=book["five"].pk, community_ids=[0])
        with pytest.raises(InvalidInput):
            find_grid(unit_id=book["unit"].pk, community_ids=[0])


def test_one_statement_at_most(tree: Tree, book, statements):
    for arguments in ({"building_id": book["five"].pk}, {"unit_id": book["unit"].pk}, {"address": "凉城路123弄4号"}):
        with statements(1):
            find_grid(**arguments)
    with statements(0):
        find_grid(address="没有号码")
