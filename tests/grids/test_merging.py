"""锦一、锦二、锦三 → 锦苑, as it happened in 2022; and one grid becoming two."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from cases.models import Case
from grids import merging
from grids.choices import GridKind, Role
from grids.models import Grid, Posting
from grids.tree import create_grid, restore_grid, retire_grid, update_grid
from members.models import Building, PartyMember, ResidentUnit
from tests import factories
from tests.factories import Tree
from tests.grids.test_tree import refused
from tests.people import People

END = date(2021, 12, 31)
TODAY = timezone.localdate()


class Jin:
    """Three 居民区 with a micro-unit, a unit and a building each, and the one that takes them over."""

    def __init__(self, tree: Tree) -> None:
        self.target = self.neighborhood(tree.area, "031", "锦苑")
        self.sources = [self.neighborhood(tree.area, code, name) for code, name in
                        (("007", "锦一"), ("008", "锦二"), ("009", "锦三"))]  # fmt: skip
        self.micros = [
            create_grid(parent_id=source.pk, kind=GridKind.MICRO_UNIT, code=f"{source.code}001", name=f"{source}微1")
            for source in self.sources
        ]
        self.units = [factories.unit(micro) for micro in self.micros]
        self.buildings = [
            factories.building(source, unit) for source, unit in zip(self.sources, self.units, strict=True)
        ]

    @staticmethod
    def neighborhood(area: Grid, code: str, name: str) -> Grid:
        return create_grid(parent_id=area.pk, kind=GridKind.NEIGHBORHOOD, code=f"310109016{code}", name=name)

    def merge(self) -> Grid:
        ids = [source.pk for source in self.sources]
        return merging.merge_grids(source_ids=ids, target_id=self.target.pk, on=END)


@pytest.fixture
def jin(tree: Tree) -> Jin:
    return Jin(tree)


def test_everything_goes_over_and_the_sources_stay_as_history(jin: Jin) -> None:
    target = jin.merge()
    assert ResidentUnit.objects.within(target).count() == Building.objects.filter(grid=target).count() == 3
    assert set(Grid.objects.filter(parent=target).values_list("pk", flat=True)) == {micro.pk for micro in jin.micros}
    for source in Grid.objects.filter(pk__in=[source.pk for source in jin.sources]):
        assert (source.is_active, source.valid_to, source.successor) == (False, END, target)
        assert source.history.count() > 1
    for micro in jin.micros:
        micro.refresh_from_db()
        assert (micro.neighborhood_id, micro.is_active) == (target.pk, True)


def test_micro_units_that_ended_earlier_go_over_too(jin: Jin) -> None:
    retire_grid(grid_id=jin.micros[0].pk, on=END)
    assert ResidentUnit.objects.within(jin.merge()).count() == 3


def test_who_serves_a_source_serves_the_target(jin: Jin) -> None:
    both, one = (
        factories.posted("both", jin.sources[0], Role.LIAISON),
        factories.posted("one", jin.sources[1], Role.HEAD),
    )
    factories.posting(both, jin.target, Role.LIAISON)
    past = factories.posting(one, jin.sources[2], Role.HEAD)
    Posting.objects.filter(pk=past.pk).update(valid_to=date(2019, 1, 1))
    target = jin.merge()
    now = Posting.objects.current(grid=target)
    assert {(post.user, post.role) for post in now} == {(both, Role.LIAISON), (one, Role.HEAD)}
    assert now.count() == 2
    assert Posting.objects.get(user=one, grid=jin.sources[1]).valid_to == END
    past.refresh_from_db()
    assert (past.grid, past.valid_to) == (jin.sources[2], date(2019, 1, 1))


def test_a_posting_at_the_target_that_ended_is_taken_up_again(jin: Jin) -> None:
    person = factories.posted("zhang", jin.sources[0])
    there = factories.posting(person, jin.target)
    Posting.objects.filter(pk=there.pk).update(valid_to=TODAY - timedelta(days=3))
    assert Posting.objects.current(grid=jin.merge(), user=person).exists()


def test_a_posting_that_begins_later_begins_there(jin: Jin) -> None:
    person = factories.posted("zhang", jin.sources[0])
    start = TODAY + timedelta(days=9)
    Posting.objects.filter(user=person).update(valid_from=start)
    assert Posting.objects.get(user=person, grid=jin.merge()).valid_from == start


def test_departments_go_over_with_their_staff(jin: Jin) -> None:
    department = factories.department(jin.sources[0])
    person = factories.posted("staff", jin.sources[0], Role.OFFICER, department)
    target = jin.merge()
    department.refresh_from_db()
    assert department.grid == target
    assert Posting.objects.current(user=person, department=department, grid=target).exists()


def test_rows_that_would_exist_twice_are_named(jin: Jin) -> None:
    for grid in (jin.target, jin.sources[0]):
        factories.organization(grid, name="党总支")
    with refused("merge_clash") as caught:
        jin.merge()
    assert "党组织“党总支”" in caught.value.message
    assert Grid.objects.get(pk=jin.sources[0].pk).is_active


def test_cases_go_over_with_whoever_answers_for_them(tree: Tree, jin: Jin, people: People) -> None:
    kind = factories.category(level=GridKind.NEIGHBORHOOD)
    there = factories.case(people.dispatcher, jin.sources[0], kind)
    below = factories.case(people.dispatcher, jin.micros[1], kind, second_grid_code=jin.sources[2].code)
    # A border case begins at the grid above both sides.
    assert below.handling_grid == tree.area
    target = jin.merge()
    for case, answers in ((there, target), (below, tree.area)):
        case.refresh_from_db()
        assert (case.handling_grid, case.handling_level) == (answers, answers.kind)
        assert case.neighborhood_id == target.pk
        # What was written down then stays.
        assert case.events.get().to_grid in (*jin.sources, tree.area)
    assert (there.grid, below.grid, below.second_grid) == (target, jin.micros[1], target)
    reader = factories.posted("new", target, Role.LIAISON)
    assert Case.objects.visible_to(reader).count() == 2


def test_people_of_the_same_name_are_no_clash(jin: Jin) -> None:
    party = factories.organization(jin.target)
    for grid in (jin.target, jin.sources[0]):
        factories.member(grid, party, name="王芳")
    jin.merge()
    assert PartyMember.objects.filter(grid=jin.target, name="王芳").count() == 2


def test_refusals(jin: Jin, tree: Tree) -> None:
    merge = merging.merge_grids
    with refused("merge_nothing"):
        merge(source_ids=[], target_id=jin.target.pk, on=END)
    with refused("merge_itself"):
        merge(source_ids=[jin.target.pk], target_id=jin.target.pk, on=END)
    with refused("merge_kind"):
        merge(source_ids=[tree.other_area.pk], target_id=jin.target.pk, on=END)
    with refused("future_date"):
        merge(source_ids=[jin.sources[0].pk], target_id=jin.target.pk, on=TODAY + timedelta(days=1))
    with refused("not_found"):
        merge(source_ids=[0], target_id=jin.target.pk, on=END)
    jin.merge()
    with refused("grid_retired"):
        merge(source_ids=[jin.sources[0].pk], target_id=jin.target.pk, on=END)
    with refused("grid_retired"):
        merge(source_ids=[jin.target.pk], target_id=jin.sources[0].pk, on=END)
    with refused("grid_merged"):
        restore_grid(grid_id=jin.sources[0].pk)
    with refused("grid_active"):
        merging.record_successor(grid_id=jin.target.pk, successor_id=tree.liangsan.pk)


def test_a_grid_becomes_two(tree: Tree) -> None:
    unit = factories.unit(tree.micro)
    parts = [
        merging.NewPart(code="310109016041", name="文苑甲", child_codes=[tree.micro.code]),
        merging.NewPart(code="310109016042", name="文苑乙"),
    ]
    first, second = merging.split_grid(grid_id=tree.wenyuan1.pk, parts=parts, on=END)
    unit.refresh_from_db()
    assert unit.neighborhood_id == first.pk
    assert (first.valid_from, second.parent_id, second.get_descendant_count()) == (date(2022, 1, 1), tree.area.pk, 0)
    assert Grid.objects.get(pk=tree.micro2.pk).parent_id == tree.wenyuan1.pk
    with refused("not_a_child"):
        merging.split_grid(
            grid_id=tree.liangsan.pk, on=END,
            parts=[merging.NewPart(code="310109016043", name="丙", child_codes=[tree.micro2.code])],
        )  # fmt: skip
    assert not Grid.objects.filter(code="310109016043").exists()
    with refused("split_nothing"):
        merging.split_grid(grid_id=tree.wenyuan1.pk, parts=[], on=END)


def test_facts_of_the_target_stay(jin: Jin) -> None:
    update_grid(grid_id=jin.target.pk, facts={"党员": "90余"})
    assert jin.merge().facts == {"党员": "90余"}
