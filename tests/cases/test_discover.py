"""发现上报: what is stored, where it goes, what is refused."""

from datetime import datetime, timedelta

import pytest

from cases.choices import Act, LimitUnit, PhotoKind, Satisfaction, Status, Urgency
from cases.models import Case, CaseEvent, TimeLimit
from cases.workflow import Idempotency, Report, close, discover, verify
from grids.choices import Role
from grids.tree import retire_grid, set_grade
from liangcheng.common import clock
from liangcheng.common.calendar import SHANGHAI
from liangcheng.common.exceptions import InvalidInput, NotPermitted
from liangcheng.common.models import CalendarDay, OutboxMessage
from tests import factories
from tests.factories import Tree
from tests.people import People

WEDNESDAY = datetime(2026, 11, 18, 10, 0, tzinfo=SHANGHAI)


def report(tree: Tree, **fields: object) -> Report:
    return Report(**{"category_code": "0201", "description": "墙面渗水。", "grid_code": tree.micro.code, **fields})


@pytest.fixture
def category(tree: Tree):
    return factories.category("0201")


@pytest.mark.usefixtures("category")
class TestFiling:
    def test_case_event_and_outbox_are_there_together(self, tree: Tree, people: People):
        with clock.at(WEDNESDAY):
            case = discover(actor=people.officer, report=report(tree))
        case = Case.objects.get(pk=case.pk)
        assert case.number == "LC202611180001"
        assert (case.status, case.is_open, case.version) == (Status.PENDING, True, 1)
        assert (case.grid, case.handling_grid, case.handling_level) == (tree.micro, tree.wenyuan1, "NEIGHBORHOOD")
        assert case.path_ids() == tree.micro.path_ids()
        assert case.title == "墙面渗水"
        event = CaseEvent.objects.get(case=case)
        assert (event.act, event.to_status, event.actor) == (Act.DISCOVER, Status.PENDING, people.officer)
        told = {message.payload["recipient"] for message in OutboxMessage.objects.all()}
        assert told == {people.liaison.pk, people.head.pk}

    def test_numbers_count_per_street_and_day(self, tree: Tree, people: People):
        other = Tree("310109017")
        officer = factories.posted("elsewhere", other.micro)
        with clock.at(WEDNESDAY):
            numbers = [discover(actor=people.officer, report=report(tree)).number for _ in range(3)]
            assert discover(actor=officer, report=report(other)).number == "LC202611180001"
        assert [number[-4:] for number in numbers] == ["0001", "0002", "0003"]
        with clock.at(WEDNESDAY.replace(hour=23, minute=59, day=19)):
            assert discover(actor=people.officer, report=report(tree)).number == "LC202611190001"

    def test_deadlines_follow_the_category_and_the_calendar(self, tree: Tree, people: People):
        CalendarDay.objects.create(day="2026-11-20", is_workday=False, note="测试休息")
        with clock.at(WEDNESDAY):
            case = discover(actor=people.officer, report=report(tree, wants_reply=True))
            found_on_patrol = discover(actor=people.officer, report=report(tree))
        assert found_on_patrol.first_contact_due_at is None, "there is nobody to contact"
        assert case.first_contact_due_at == datetime(2026, 11, 19, 17, 30, tzinfo=SHANGHAI)
        assert case.due_at == case.original_due_at == datetime(2026, 11, 26, 17, 30, tzinfo=SHANGHAI)

    def test_promise_stays_when_the_limit_changes(self, tree: Tree, people: People, category):
        case = discover(actor=people.officer, report=report(tree))
        category.limits.update(resolve_value=1, resolve_unit=LimitUnit.CLOCK_HOUR)
        assert Case.objects.get(pk=case.pk).due_at == case.due_at

    def test_text_is_normalized_and_bounded(self, tree: Tree, people: People):
        case = discover(
            actor=people.officer,
            report=report(tree, description=" 3号楼\x00渗水😀,电话见下 ", reporter_phone="13000000001"),
        )
        assert case.description == "3号楼渗水😀,电话见下"
        assert case.reporter_phone == "13000000001"
        with pytest.raises(InvalidInput) as refused:
            discover(actor=people.officer, report=report(tree, description="字" * 10_000))
        assert (refused.value.field, refused.value.code) == ("description", "too_long")

    def test_anonymous_leaves_nothing_personal(self, tree: Tree, people: People):
        case = discover(
            actor=people.officer,
            report=report(tree, reporter_anonymous=True, reporter_name="钱测试", reporter_phone="13000000001"),
        )
        assert (case.reporter_name, case.reporter_phone) == ("", "")


@pytest.mark.usefixtures("category")
class TestWhere:
    def test_emergency_goes_to_the_street_and_tells_the_chain(self, tree: Tree, people: People):
        case = discover(actor=people.officer, report=report(tree, urgency=Urgency.EMERGENCY))
        assert case.handling_grid_id == tree.street.pk
        told = {message.payload["recipient"] for message in OutboxMessage.objects.all()}
        chain = ("liaison", "head", "area_liaison", "area_head", "dispatcher", "street_head")
        assert told == {getattr(people, name).pk for name in chain}

    def test_micro_unit_under_an_area_skips_the_missing_level(self, tree: Tree):
        officer = factories.posted("academy", tree.academy)
        case = discover(actor=officer, report=report(tree, grid_code=tree.academy.code))
        assert (case.handling_level, case.handling_grid_id) == ("AREA", tree.other_area.pk)
        assert case.neighborhood_id is None

    def test_address_book_finds_the_micro_unit(self, tree: Tree, people: People):
        block = factories.building(tree.micro2, factories.unit(tree.micro2), road="凉城路", lane="123", number="4")
        filed = discover(actor=people.liaison, report=report(tree, grid_code="", address="凉城路123弄4号501室"))
        assert filed.grid == tree.micro2
        assert (
            discover(actor=people.liaison, report=report(tree, grid_code="", building_id=block.pk)).grid == tree.micro2
        )

    def test_unknown_address_lands_on_the_street_desk_or_asks(self, tree: Tree, people: People):
        at_desk = discover(actor=people.dispatcher, report=report(tree, grid_code="", address="不知名路1号"))
        assert at_desk.grid == tree.street
        with pytest.raises(InvalidInput) as refused:
            discover(actor=people.liaison, report=report(tree, grid_code="", address="不知名路1号"))
        assert refused.value.field == "grid_code"
        with pytest.raises(InvalidInput):
            discover(actor=people.dispatcher, report=report(tree, grid_code=""))

    def test_foreign_unknown_and_retired_grids_are_refused(self, tree: Tree, people: People):
        for code in (tree.xiuyuan.code, "999", tree.wenyuan1.code):
            with pytest.raises(InvalidInput) as refused:
                discover(actor=people.officer, report=report(tree, grid_code=code))
            assert (refused.value.code, refused.value.field) == ("unknown_grid", "grid_code")
        lone = factories.grid("MICRO_UNIT", f"{tree.wenyuan1.code}009", "将停用", tree.wenyuan1)
        retire_grid(grid_id=lone.pk, on=WEDNESDAY.date())
        with pytest.raises(InvalidInput) as refused:
            discover(actor=people.liaison, report=report(tree, grid_code=lone.code))
        assert refused.value.code == "retired_grid"

    def test_second_grid_of_a_border_case(self, tree: Tree, people: People):
        case = discover(actor=people.liaison, report=report(tree, second_grid_code=tree.liangsan.code))
        assert case.second_grid == tree.liangsan
        with pytest.raises(InvalidInput) as refused:
            discover(actor=people.officer, report=report(tree, second_grid_code=tree.micro.code))
        assert refused.value.field == "second_grid_code"


@pytest.mark.usefixtures("category")
class TestWho:
    def test_reader_and_stranger_may_not_file(self, tree: Tree, people: People):
        with pytest.raises(NotPermitted):
            discover(actor=people.viewer, report=report(tree))
        with pytest.raises(NotPermitted):
            discover(actor=factories.user(), report=report(tree))

    def test_department_staff_may_file_where_it_serves(self, tree: Tree, people: People):
        case = discover(actor=people.staff, report=report(tree))
        assert Case.objects.visible_to(people.staff).filter(pk=case.pk).exists()

    def test_service_account_speaks_for_its_own_system(self, tree: Tree):
        hotline = factories.service("hotline12345", tree.street)
        case = discover(
            actor=hotline, report=report(tree, external_system="someone-else", external_id="H1", source="HOTLINE")
        )
        assert case.external_system == "hotline12345"
        people = factories.posted("impostor", tree.wenyuan1, Role.LIAISON)
        with pytest.raises(InvalidInput) as refused:
            discover(actor=people, report=report(tree, external_system="hotline12345", external_id="H2"))
        assert (refused.value.code, refused.value.field) == ("system_taken", "external_system")
        mute = factories.service("mute", tree.street, may_discover=False)
        with pytest.raises(NotPermitted):
            discover(actor=mute, report=report(tree))


@pytest.mark.usefixtures("category")
class TestOnce:
    def test_same_key_gives_the_same_case(self, tree: Tree, people: People):
        key = Idempotency("key-1", "f" * 64)
        first = discover(actor=people.officer, report=report(tree), idempotency=key)
        assert discover(actor=people.officer, report=report(tree), idempotency=key).pk == first.pk
        assert CaseEvent.objects.count() == 1
        with pytest.raises(InvalidInput) as refused:
            discover(actor=people.officer, report=report(tree), idempotency=Idempotency("key-1", "0" * 64))
        assert refused.value.code == "idempotency_key_reused"

    def test_same_external_number_gives_the_same_case(self, tree: Tree):
        hotline = factories.service("hotline12345", tree.street)
        first = discover(actor=hotline, report=report(tree, external_id="H1"))
        assert discover(actor=hotline, report=report(tree, external_id="H1")).pk == first.pk
        assert (Case.objects.count(), CaseEvent.objects.count()) == (1, 1)

    def test_foreign_external_number_is_not_shown(self, tree: Tree, people: People):
        discover(actor=people.liaison, report=report(tree, external_system="paper", external_id="P1"))
        with pytest.raises(InvalidInput) as refused:
            discover(
                actor=people.stranger,
                report=report(tree, grid_code=tree.liangsan.code, external_system="paper", external_id="P1"),
            )
        assert refused.value.code == "external_id_taken"


class TestOnTheSpot:
    def test_solved_where_it_was_found(self, tree: Tree, people: People):
        factories.category("0201")
        case = discover(actor=people.officer, report=report(tree, resolved_on_spot=True, result="已更换灯泡。"))
        assert (case.status, case.resolved_level, case.on_time) == (Status.RESOLVED, "MICRO_UNIT", True)
        assert case.resolved_by == people.officer
        assert verify(case_id=case.pk, actor=people.liaison).status == Status.CLOSED

    def test_needs_result_and_photo_where_the_category_says_so(self, tree: Tree, people: People):
        factories.category("0201", photo_required=True)
        with pytest.raises(InvalidInput) as refused:
            discover(actor=people.officer, report=report(tree, resolved_on_spot=True))
        assert refused.value.field == "result"
        before = factories.photo(PhotoKind.BEFORE)
        with pytest.raises(InvalidInput) as refused:
            discover(
                actor=people.officer, report=report(tree, resolved_on_spot=True, result="已清理。"), photos=[before]
            )
        assert refused.value.field == "photos"
        case = discover(
            actor=people.officer,
            report=report(tree, resolved_on_spot=True, result="已清理。"),
            photos=[before, factories.photo(PhotoKind.AFTER)],
        )
        assert case.attachments.count() == 2
        assert Case.objects.count() == 1


def test_no_answer_is_recorded_and_not_satisfied(tree: Tree, people: People):
    factories.category("0201")
    case = discover(
        actor=people.officer,
        report=report(tree, resolved_on_spot=True, result="已修。", reporter_phone="13000000001", wants_reply=True),
    )
    assert verify(case_id=case.pk, actor=people.inspector).status == Status.AWAITING_FEEDBACK
    closed = close(case_id=case.pk, actor=people.inspector, satisfaction=Satisfaction.NO_ANSWER)
    assert (closed.status, closed.satisfaction) == (Status.CLOSED, Satisfaction.NO_ANSWER)


def test_confidential_case_stays_with_the_handling_chain(tree: Tree, people: People):
    factories.category("0201", level="AREA")
    factories.posting(people.stranger, tree.wenyuan1, Role.VIEWER)
    case = discover(actor=people.officer, report=report(tree, confidential=True))
    seen = {
        name
        for name in ("officer", "officer2", "liaison", "head", "area_liaison", "dispatcher", "viewer")
        if Case.objects.visible_to(getattr(people, name)).filter(pk=case.pk).exists()
    }
    assert seen == {"officer", "area_liaison", "dispatcher"}


def test_statements_of_filing_do_not_grow(tree: Tree, people: People, statements):
    factories.category("0201")
    discover(actor=people.officer, report=report(tree))
    officer = factories.fresh(people.officer)
    for _ in range(20):
        factories.case(people.liaison, tree.micro)
    with statements(11):
        discover(actor=officer, report=report(tree), idempotency=Idempotency("k", "f" * 64))


class TestGradeOfTheGrid:
    def limit(self, category, grade: str, hours: int, **days: object):
        fields = {"resolve_value": hours, "resolve_unit": LimitUnit.CLOCK_HOUR, "first_contact_value": 1}
        return TimeLimit.objects.create(
            category=category, grade=grade, first_contact_unit=LimitUnit.CLOCK_HOUR, **fields, **days
        )

    def hours(self, tree: Tree, people: People) -> float:
        with clock.at(WEDNESDAY):
            case = discover(actor=factories.fresh(people.officer), report=report(tree))
        return (case.due_at - WEDNESDAY).total_seconds() / 3600

    def test_chooses_the_limit(self, tree: Tree, people: People):
        category = factories.category("0201", resolve=(24, LimitUnit.CLOCK_HOUR))
        self.limit(category, "B", 48)
        self.limit(category, "C", 72)
        found = []
        for grade in "ABC":
            set_grade(grid_id=tree.micro.pk, grade=grade)
            found.append(self.hours(tree, people))
        assert found == [24, 48, 72]

    def test_without_one_in_force_the_first_grade_counts(self, tree: Tree, people: People):
        category = factories.category("0201", resolve=(24, LimitUnit.CLOCK_HOUR))
        self.limit(category, "B", 48, valid_from=WEDNESDAY.date() + timedelta(days=1))
        self.limit(category, "C", 72)
        # The grade of the grid where it was found, not of those above it.
        set_grade(grid_id=tree.wenyuan1.pk, grade="C")
        set_grade(grid_id=tree.micro.pk, grade="B")
        assert self.hours(tree, people) == 24

    def test_of_two_in_force_the_later_one(self, tree: Tree, people: People):
        category = factories.category("0201", resolve=(24, LimitUnit.CLOCK_HOUR))
        self.limit(category, "B", 48)
        self.limit(category, "B", 36, valid_from=WEDNESDAY.date())
        set_grade(grid_id=tree.micro.pk, grade="B")
        assert self.hours(tree, people) == 36

    def test_promises_stay_when_the_grade_changes(self, tree: Tree, people: People):
        self.limit(factories.category("0201"), "B", 48)
        case = discover(actor=people.officer, report=report(tree))
        set_grade(grid_id=tree.street.pk, grade="B", subtree=True)
        assert Case.objects.get(pk=case.pk).due_at == case.due_at

    def test_an_unknown_category_is_told_so(self, tree: Tree, people: People):
        with pytest.raises(InvalidInput) as refused:
            discover(actor=people.officer, report=report(tree, category_code="9999"))
        assert (refused.value.code, refused.value.field) == ("unknown_category", "category_code")


@pytest.mark.parametrize("field", ["unit_id", "building_id", "grid_code"])
def test_what_lies_elsewhere_and_what_is_not_there_look_the_same(tree: Tree, people: People, field: str):
    factories.category()
    unit = factories.unit(tree.liangsan)
    there = {"unit_id": unit.pk, "building_id": factories.building(tree.liangsan, unit).pk}
    answers = []
    for value in (there.get(field, tree.liangsan.code), {"grid_code": "310109099999"}.get(field, 4_000_000)):
        with pytest.raises(InvalidInput) as refused:
            discover(actor=people.officer, report=Report(category_code="0201", description="渗水", **{field: value}))
        answers.append((refused.value.code, refused.value.message, refused.value.field))
    assert answers[0] == answers[1]
