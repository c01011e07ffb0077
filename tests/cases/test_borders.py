"""Border cases (R53): a second grid, seen from both sides, answered for by the grid above both."""

from datetime import date

import pytest
from django.urls import reverse

from cases import borders
from cases.choices import Act
from cases.models import Case, CaseEvent
from cases.notifications import TOPIC
from cases.workflow import assignable_users, dispatch, escalate, hand_down
from grids.choices import GridKind, Role
from grids.merging import merge_grids
from grids.models import Grid, Posting
from grids.tree import move_grid, retire_grid
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests.cases.web import browser, many
from tests.factories import Tree
from tests.people import People


@pytest.fixture(autouse=True)
def category(people: People):
    return factories.category("0201", level=GridKind.NEIGHBORHOOD)


def border(actor, grid: Grid, second: Grid, **more) -> Case:
    return factories.case(actor, grid, second_grid_code=second.code, **more)


def told(act: Act) -> set[int]:
    event = CaseEvent.objects.filter(act=act).last()
    return {m.payload["recipient"] for m in OutboxMessage.objects.filter(topic=TOPIC) if m.payload["event"] == event.pk}


def sees(case: Case, person) -> bool:
    return Case.objects.visible_to(factories.fresh(person)).filter(pk=case.pk).exists()


class TestWhereItBegins:
    def test_two_neighbourhoods_of_one_area(self, tree: Tree, people: People):
        case = border(people.liaison, tree.wenyuan1, tree.liangsan)
        assert (case.handling_grid, case.handling_level, case.highest_level) == (tree.area, "AREA", "AREA")

    def test_two_of_two_areas(self, tree: Tree, people: People):
        case = border(people.liaison, tree.wenyuan1, tree.xiuyuan)
        assert (case.handling_grid, case.handling_level) == (tree.street, "COMMUNITY")

    def test_two_micro_units_of_one_neighbourhood(self, tree: Tree, people: People):
        factories.category("0202", level=GridKind.MICRO_UNIT)
        case = border(people.officer, tree.micro, tree.micro2)
        assert (case.handling_grid, case.handling_level) == (tree.wenyuan1, "NEIGHBORHOOD")

    def test_a_micro_unit_and_one_that_answers_to_another_area(self, tree: Tree, people: People):
        assert border(people.officer, tree.micro, tree.academy).handling_grid == tree.street

    def test_a_level_above_the_common_one_stays(self, tree: Tree, people: People):
        case = border(people.officer, tree.micro, tree.micro2, urgency="EMERGENCY")
        assert case.handling_grid == tree.street

    def test_on_the_spot_it_is_solved_where_it_was_found(self, tree: Tree, people: People):
        case = border(people.officer, tree.micro, tree.micro2, resolved_on_spot=True, result="已清理。")
        assert (case.handling_grid, case.resolved_level) == (tree.micro, "MICRO_UNIT")

    def test_what_is_no_second_side(self, tree: Tree, people: People):
        other = Tree("310109017")
        retired = factories.grid(GridKind.MICRO_UNIT, f"{tree.wenyuan1.code}009", "将停用", tree.wenyuan1)
        retire_grid(grid_id=retired.pk, on=date(2026, 11, 1))
        for wrong in (tree.micro, tree.wenyuan1, tree.area, tree.street, other.wenyuan1, retired):
            with pytest.raises(InvalidInput) as refused:
                border(people.officer, tree.micro, wrong)
            assert (refused.value.code, refused.value.field) == ("unknown_second_grid", "second_grid_code")

    def test_the_common_level_is_the_same_from_both_sides(self, tree: Tree, people: People):
        grids = [tree.micro, tree.micro2, tree.liangsan, tree.xiuyuan, tree.academy, tree.wenyuan1]
        for one in grids:
            for other in grids:
                assert borders.common_level(one, other) == borders.common_level(other, one)


class TestWhoSeesIt:
    def test_both_sides_and_nobody_else(self, tree: Tree, people: People):
        case = border(people.liaison, tree.wenyuan1, tree.liangsan)
        viewer = factories.posted("side_viewer", tree.liangsan, Role.VIEWER)
        for person in (people.liaison, people.head, people.stranger, viewer, people.area_head, people.street_head):
            assert sees(case, person), person
        third = factories.posted("third", factories.grid("NEIGHBORHOOD", "310109016019", "凉四", tree.area))
        below = factories.grid("MICRO_UNIT", f"{tree.liangsan.code}001", "凉三微1", tree.liangsan)
        for person in (people.far_stranger, people.officer, third, factories.posted("below", below)):
            assert not sees(case, person), person

    def test_the_levels_above_the_second_side_below_the_common_one(self, tree: Tree, people: People):
        case = border(people.liaison, tree.wenyuan1, tree.xiuyuan)
        other_area = factories.posted("other_area", tree.other_area, Role.HEAD)
        assert sees(case, other_area)
        assert sees(case, people.far_stranger)
        assert not sees(case, people.stranger)

    def test_a_micro_unit_on_the_other_side(self, tree: Tree, people: People):
        case = border(people.officer, tree.micro, tree.micro2)
        assert sees(case, people.officer2)

    def test_through_every_door(self, tree: Tree, people: People):
        case = border(
            people.liaison, tree.wenyuan1, tree.liangsan, description="围墙边堆垃圾", photos=[factories.photo()]
        )
        rows, photo = reverse("api:case-list"), case.attachments.get()
        doors = (
            f"{rows}{case.number}/",
            f"{rows}{case.number}/attachments/",
            f"{rows}{case.number}/attachments/{photo.pk}/",
            f"/cases/{case.number}/photos/{photo.pk}/",
            f"/cases/{case.number}/note/",
        )
        for person, there in ((people.stranger, True), (people.far_stranger, False)):
            client = browser(person)
            for door in doors:
                assert (client.get(door).status_code != 404) is there, (person, door)
            found = client.get(rows, {"q": "围墙边"}).json()
            assert len(found["results"]) == there
            assert (case.number in client.get("/cases/?q=围墙边").content.decode()) is there
            page = client.get("/cases/").content.decode()
            assert f'共 <span class="num">{int(there)}</span> 件' in page

    def test_confidential_it_is_hidden_from_the_other_side(self, tree: Tree, people: People):
        case = border(people.liaison, tree.wenyuan1, tree.liangsan, confidential=True)
        assert not sees(case, people.stranger)
        assert not sees(case, people.head)
        assert sees(case, people.area_head)
        assert people.stranger.pk not in told(Act.DISCOVER)

    def test_the_list_stays_flat(self, tree: Tree, people: People, statements):
        case = border(people.liaison, tree.wenyuan1, tree.liangsan)
        many(case, 200)
        client = browser(people.stranger)
        with statements(14):
            assert client.get("/cases/").status_code == 200


class TestWhoIsTold:
    def test_both_desks(self, tree: Tree, people: People):
        border(people.officer, tree.micro, tree.liangsan)
        assert told(Act.DISCOVER) == {people.area_liaison.pk, people.area_head.pk, people.stranger.pk}

    def test_a_micro_unit_has_its_officers(self, tree: Tree, people: People):
        border(people.officer, tree.micro, tree.micro2)
        assert told(Act.DISCOVER) == {people.liaison.pk, people.head.pk, people.officer2.pk}

    def test_and_when_it_becomes_one_by_escalation(self, tree: Tree, people: People):
        case = factories.case(people.officer, tree.micro)
        escalate(
            case_id=case.pk, actor=people.liaison, text="推诿。", tried="谈过。", second_grid_code=tree.liangsan.code
        )
        assert told(Act.ESCALATE) == {people.area_liaison.pk, people.area_head.pk, people.stranger.pk}


class TestUpAndDown:
    def lift(self, case: Case, people: People, second: Grid) -> Case:
        return escalate(
            case_id=case.pk, actor=people.liaison, text="推诿。", tried="谈过。", second_grid_code=second.code
        )

    def test_to_the_common_parent_in_one_step(self, tree: Tree, people: People):
        near = self.lift(factories.case(people.officer, tree.micro), people, tree.liangsan)
        assert (near.handling_grid, near.second_grid) == (tree.area, tree.liangsan)
        far = self.lift(factories.case(people.officer, tree.micro), people, tree.xiuyuan)
        assert (far.handling_grid, far.highest_level) == (tree.street, "COMMUNITY")
        assert far.events.last().data["second_grid"] == "秀苑"
        for wrong in (tree.micro, tree.wenyuan1, tree.street):
            with pytest.raises(InvalidInput) as refused:
                self.lift(factories.case(people.officer, tree.micro), people, wrong)
            assert refused.value.field == "second_grid_code"

    def test_back_down_again_and_up_once_more(self, tree: Tree, people: People):
        case = border(people.officer, tree.micro, tree.xiuyuan)
        down = hand_down(case_id=case.pk, actor=people.dispatcher, grid_code=tree.wenyuan1.code, text="由你们牵头。")
        assert (down.handling_grid, down.second_grid) == (tree.wenyuan1, tree.xiuyuan)
        assert sees(case, people.far_stranger)
        up = escalate(case_id=case.pk, actor=people.liaison, text="还是不行。", tried="牵头谈过。")
        assert up.handling_grid == tree.street, "never to a grid that has one side only"

    def test_the_other_sides_people_may_be_sent_once_it_is_lifted(self, tree: Tree, people: People):
        case = factories.case(people.officer, tree.micro)
        assert people.stranger not in assignable_users(case)
        case = self.lift(case, people, tree.liangsan)
        assert {people.stranger, people.liaison} <= set(assignable_users(case))
        sent = dispatch(case_id=case.pk, actor=people.area_liaison, assignee_id=people.stranger.pk)
        assert sent.assignee == people.stranger


class TestWhenTheTreeChanges:
    def test_a_merged_second_grid_is_followed_to_its_successor(self, tree: Tree, people: People):
        successor = factories.grid("NEIGHBORHOOD", "310109016019", "凉四", tree.area)
        case = border(people.liaison, tree.wenyuan1, tree.liangsan)
        merge_grids(source_ids=[tree.liangsan.pk], target_id=successor.pk, on=date(2026, 11, 1))
        after = Case.objects.get(pk=case.pk)
        assert (after.second_grid, after.handling_grid) == (successor, tree.area)
        assert after.version > case.version, "who follows the registry hears of it"
        assert sees(case, people.stranger), "whose posting has gone over"

    def test_merged_into_one_they_are_no_border_any_more(self, tree: Tree, people: People):
        case = border(people.liaison, tree.wenyuan1, tree.liangsan)
        merge_grids(source_ids=[tree.liangsan.pk], target_id=tree.wenyuan1.pk, on=date(2026, 11, 1))
        up = escalate(case_id=case.pk, actor=people.area_head, text="需协调。", tried="谈过。")
        assert up.handling_grid == tree.street

    def test_a_moved_second_grid(self, tree: Tree, people: People):
        case = border(people.liaison, tree.wenyuan1, tree.liangsan)
        move_grid(grid_id=tree.liangsan.pk, parent_id=tree.other_area.pk)
        assert sees(case, people.stranger)
        assert sees(case, factories.posted("other_area", tree.other_area, Role.HEAD))
        up = escalate(case_id=case.pk, actor=people.area_head, text="对面归了别的片区。", tried="谈过。")
        assert up.handling_grid == tree.street

    def test_a_retired_second_grid(self, tree: Tree, people: People):
        lone = factories.grid("NEIGHBORHOOD", "310109016019", "凉四", tree.area)
        case = border(people.liaison, tree.wenyuan1, lone)
        retire_grid(grid_id=lone.pk, on=date(2026, 11, 1))
        assert not Posting.objects.current(grid=lone).exists()
        down = hand_down(case_id=case.pk, actor=people.area_head, grid_code=tree.wenyuan1.code, text="由你们办理。")
        up = escalate(case_id=down.pk, actor=people.liaison, text="需协调。", tried="谈过。")
        assert up.handling_grid == tree.area
        page = browser(people.area_head).get(f"{reverse('api:case-list')}{case.number}/").json()
        assert page["second_grid_code"] == lone.code
