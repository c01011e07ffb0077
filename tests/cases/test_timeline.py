"""What is told of a case, in words: the way and its times, the clock, what comes next, every act's particulars."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from cases import timekeeping, timeline, workflow
from cases.choices import Act, LimitUnit, Status, Urgency
from cases.models import Case
from cases.timeline import words
from cases.timeline.people import refusals
from liangcheng.common import clock, office_time
from liangcheng.common.calendar import SHANGHAI, build, parse_hours
from tests import factories
from tests.cases.web import stray_english
from tests.factories import Tree
from tests.people import People

CALENDAR = build([], parse_hours("09:00-11:30,13:00-17:30"))
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)


def at(text: str) -> datetime:
    """ "23 10:00" of November 2026."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=SHANGHAI)


def do(when: str, act: Any, case: Case, actor: Any, **inputs: Any) -> Case:
    with clock.at(at(when)):
        return act(case_id=case.pk, actor=actor, **inputs)


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201")
    with clock.at(MONDAY):
        return factories.case(people.officer, tree.micro)


def events(case: Case) -> list[Any]:
    return list(case.events.select_related("actor", "from_grid", "to_grid").order_by("pk"))


def office() -> timekeeping.Office:
    return timekeeping.office(office_time.mark())


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


class TestWords:
    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            ("23 09:00", "23 09:00", "不到 1 分钟"),
            ("23 09:00", "23 09:25", "25 分钟"),
            ("23 10:30", "23 14:00", "2 小时"),
            ("23 09:00", "23 17:30", "1 个工作日"),
            ("23 10:00", "25 13:00", "2 个工作日 1 小时"),
            # The weekend is not worked.
            ("27 17:00", "30 09:30", "1 小时"),
            ("28 09:00", "29 17:00", "不到 1 分钟"),
        ],
    )
    def test_working_time(self, start: str, end: str, expected: str):
        assert words.working(words.worked(at(start), at(end), CALENDAR), CALENDAR) == expected

    @pytest.mark.parametrize(
        ("length", "expected"),
        [
            (timedelta(minutes=20), "20 分钟"),
            (timedelta(hours=3, minutes=5), "3 小时 5 分钟"),
            (timedelta(days=12, hours=2, minutes=9), "12 天 2 小时"),
        ],
    )
    def test_clock_time(self, length: timedelta, expected: str):
        assert words.elapsed(length) == expected

    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2026-11-23T15:00+08:00", "今天 15:00"),
            ("2026-11-24T09:00+08:00", "明天 09:00"),
            ("2026-11-22T09:00+08:00", "昨天 09:00"),
            ("2026-11-27T09:30+00:00", "11-27 17:30"),
            ("2027-01-05T17:30+08:00", "2027-01-05 17:30"),
        ],
    )
    def test_moments(self, moment: str, expected: str):
        assert words.moment(datetime.fromisoformat(moment), MONDAY) == expected


class TestPath:
    def test_several_stays_at_one_level_add_up(self, case: Case, tree: Tree, people: People):
        do("23 14:00", workflow.escalate, case, people.liaison, text="需协调", tried="已联系物业")
        do("24 10:00", workflow.hand_down, case, people.area_head, grid_code=tree.wenyuan1.code, text="请先看现场")
        do("25 09:00", workflow.escalate, case, people.liaison, text="还需协调", tried="已看现场")
        now = at("25 11:00")
        stayed = timeline.stays(fresh(case), events(case), office().calendar, now)
        assert [(stay.name, stay.act, stay.spent) for stay in stayed] == [
            ("文苑一", "上报", "2 小时 30 分钟"),
            ("第三片区", "上报上级", "4 小时 30 分钟"),
            ("文苑一", "交办下派", "6 小时"),
            ("第三片区", "上报上级", "2 小时"),
        ]
        assert stayed[-1].left_at is None
        assert [stay.upwards for stay in stayed] == [False, True, False, True]
        found = {step.name: step for step in timeline.steps(fresh(case), stayed, office().calendar)}
        assert found["文苑一"].spent == "1 个工作日 1 小时"
        assert found["第三片区"].spent == "6 小时 30 分钟"
        assert (found["第三片区"].current, found["文苑一"].visited, found["凉城"].spent) == (True, True, "")

    def test_the_last_stay_ends_with_the_case(self, case: Case, people: People):
        do("23 11:00", workflow.withdraw, case, people.liaison, text="重复")
        [stay] = timeline.stays(fresh(case), events(case), office().calendar, at("27 11:00"))
        assert (stay.spent, stay.left_at) == ("1 小时", at("23 11:00"))


class TestClock:
    def test_every_move_with_who_when_why(self, case: Case, people: People):
        do("23 11:00", workflow.dispatch, case, people.liaison, assignee_id=people.officer2.pk)
        do("23 11:10", workflow.extend, case, people.officer2, days=5, text="等材料")
        do("24 09:00", workflow.grant_extension, case, people.head, days=2, text="先给两天")
        story = timeline.clock_story(fresh(case), events(case), at("24 10:00"))
        assert (story.limit, story.promised, story.granted) == ("5 个工作日", at("30 17:30"), case_due(case))
        [shift] = story.shifts
        assert (shift.what, shift.who, shift.at) == ("延期 2 个工作日", people.head.full_name, at("24 09:00"))
        assert (shift.before, shift.after, shift.reason) == (at("30 17:30"), case_due(case), "先给两天")
        assert story.differs

    def test_suspension_is_counted_and_rework_has_its_own_limit(self, case: Case, tree: Tree, people: People):
        do("24 10:00", workflow.suspend, case, people.area_head, text="等资金", review_on=date(2026, 12, 1))
        running = timeline.clock_story(fresh(case), events(case), at("25 12:00"))
        assert running.paused == "1 次，共 1 天 2 小时"
        assert [(shift.act, shift.moved) for shift in running.shifts] == [(Act.SUSPEND, False)]
        do("26 10:00", workflow.resume, case, people.area_head, text="资金到位")
        do("26 11:00", workflow.resolve, case, people.liaison, text="已修复")
        do("27 10:00", workflow.rework, case, people.head, text="没有修好")
        story = timeline.clock_story(fresh(case), events(case), at("27 11:00"))
        assert story.paused == "1 次，共 2 天"
        assert [shift.what for shift in story.shifts][1:] == ["恢复办理，接着计时", "返工，另计 3 个工作日"]
        for earlier, later in zip(story.shifts, story.shifts[1:], strict=False):
            assert earlier.after == later.before
        assert story.shifts[-1].after == fresh(case).due_at

    def test_kept_by_which_deadline(self, case: Case, people: People):
        case.resolved_at, case.on_time, case.on_time_original = MONDAY, True, False
        case.due_at = case.due_at + timedelta(days=5) if case.due_at else None
        story = timeline.clock_story(case, [], MONDAY)
        assert story.kept == [("按现时限", "按时", True), ("按原时限", "超期", False)]
        case.original_due_at, case.on_time_original = case.due_at, True
        assert timeline.clock_story(case, [], MONDAY).kept == [("处置", "按时", True)]

    def test_recalculation_says_from_where_to_where(self, case: Case, people: People):
        event = events(case)[0]
        event.act, event.actor = Act.RECALCULATE, None
        event.data = {"before": at("30 17:30").isoformat(), "due_at": at("27 17:30").isoformat()}
        [shift] = timeline.clock_story(case, [event], MONDAY).shifts
        assert (shift.what, shift.who, shift.before, shift.after) == (
            "期限重算",
            "系统",
            at("30 17:30"),
            at("27 17:30"),
        )


def case_due(case: Case) -> datetime | None:
    return fresh(case).due_at


class TestAhead:
    def told(self, case: Case, now: datetime) -> list[str]:
        return [f"{item.when} {item.text}" for item in timeline.ahead(fresh(case), office(), now)]

    def test_at_the_desk(self, case: Case, people: People):
        assert self.told(case, MONDAY) == [
            "11-27 16:18 亮黄灯，提醒文苑一",
            "11-30 17:30 处置到期，仍未完成的亮红灯，提醒文苑一",
            "12-01 17:30 仍未处置完成的，自动上报片区（第三片区）",
        ]

    def test_not_accepted_in_time(self, case: Case, people: People):
        do("23 10:00", workflow.dispatch, case, people.liaison, assignee_id=people.officer2.pk)
        who = people.officer2.full_name
        assert self.told(case, MONDAY)[:2] == [
            "今天 15:30 仍未接单的，自动收回到文苑一",
            f"11-27 16:18 亮黄灯，提醒{who}和文苑一",
        ]

    def test_passed_moments_are_marked(self, case: Case, people: People):
        items = timeline.ahead(case, office(), at("30 10:00"))
        assert [item.due for item in items] == [True, False, False]

    def test_after_the_result_nothing_but_the_feedback(self, case: Case, people: People):
        shown = factories.force_status(case, Status.AWAITING_FEEDBACK, status_since=MONDAY)
        assert self.told(shown, MONDAY) == ["11-26 17:30 仍未回访的，自动按“未联系上”结案"]
        assert self.told(factories.force_status(case, Status.CLOSED), MONDAY) == []

    def test_review_and_answer(self, case: Case, people: People):
        shown = factories.force_status(
            case, Status.SUSPENDED, review_on=date(2026, 12, 15), instruction_due_at=at("26 17:30")
        )
        assert self.told(shown, MONDAY) == [
            "11-26 17:30 仍未答复批示督办的，提醒文苑一",
            "12-15 复核挂账，提醒片区和街道网格长",
        ]

    def test_of_a_border_case_the_grid_above_both_sides(self, case: Case, tree: Tree, people: People):
        Case.objects.filter(pk=case.pk).update(second_grid=tree.xiuyuan)
        assert self.told(case, MONDAY)[-1].endswith("自动上报街道（凉城）")

    @pytest.mark.parametrize(
        ("status", "fields", "expected"),
        [
            (Status.PENDING, {}, ["等待文苑一派遣"]),
            (Status.PENDING, {"bounced": True}, ["等待第三片区签派"]),
            (Status.DISPATCHED, {"assignee": "officer2"}, ["等待测试officer2接单"]),
            (Status.HANDLING, {"assigned_department": "chengguan"}, ["等待城管中队处置"]),
            (
                Status.HANDLING,
                {"assignee": "officer2", "extension_days": 5},
                ["等待测试officer2处置", "等待网格长审批延期 5 个工作日"],
            ),
            (Status.RESOLVED, {}, ["等待文苑一核查处置结果"]),
            (Status.AWAITING_FEEDBACK, {}, ["等待文苑一回访反映人"]),
            (Status.SUSPENDED, {"review_on": date(2026, 12, 15)}, ["挂账中，12-15 复核"]),
            (Status.SUSPENDED, {"review_on": date(2026, 11, 23)}, ["等待复核挂账，今天到期"]),
            (Status.MERGED, {}, ["随主案件一并办理、答复和结案"]),
            (Status.CLOSED, {}, []),
        ],
    )
    def test_what_somebody_must_do(self, case: Case, people: People, status, fields, expected):
        given = {name: getattr(people, value) if isinstance(value, str) else value for name, value in fields.items()}
        shown = factories.force_status(case, status, **given)
        assert timeline.waiting(shown, timeline.Facts(), MONDAY) == expected

    def test_first_contact(self, case: Case, people: People):
        Case.objects.filter(pk=case.pk).update(first_contact_due_at=at("24 17:30"))
        assert "等待先行联系反映人，期限 明天 17:30" in timeline.waiting(fresh(case), timeline.Facts(), MONDAY)
        late = timeline.waiting(fresh(case), timeline.Facts(), at("25 09:00"))
        assert "等待先行联系反映人，已超过期限（昨天 17:30）" in late

    def test_an_emergency_without_a_deadline(self, tree: Tree, people: People):
        kind = factories.category("0901", resolve=(0, LimitUnit.CLOCK_HOUR))
        case = factories.case(people.officer, tree.micro, kind, urgency=Urgency.EMERGENCY)
        assert timeline.ahead(case, office(), MONDAY) == []


class TestEntries:
    def test_every_act_has_words(self, case: Case, people: People):
        """Whatever an event may say, in every act: no code, no field name reaches the page."""
        said = {
            "reason": "NOT_MINE", "who": "城管中队", "bounced": True, "assignee": "测试甲", "binding": True,
            "co_handlers": ["房管所"], "from": "测试乙", "satisfaction": "DISSATISFIED", "in_time": False, "days": 2,
            "asked": 5, "before": MONDAY.isoformat(), "due_at": MONDAY.isoformat(), "review_on": "2026-12-01",
            "count": 3, "answer_by": MONDAY.isoformat(), "kind": "RELATED", "helper": "房管所", "place": "会议室",
            "meets_at": MONDAY.isoformat(), "invited": ["房管所"], "members": 2, "minutes": "到场商量。", "attended": 2,
            "main": "LC1", "number": "LC2", "heat": 3, "body": "区城管局", "tried": "已联系", "second_grid": "凉三",
            "grid": "文苑一微1", "photos": 2, "on_time": True, "on_time_original": False,
            "limit": {"value": 3, "unit": "WORKING_DAY"}, "tick": "contact",
        }  # fmt: skip
        event = events(case)[0]
        for act in Act:
            event.act, event.data = act, dict(said)
            if act == Act.ANSWER:
                event.data["kind"] = "批示"
            if act == Act.ATTACH:
                event.data["kind"] = "BEFORE"
            if act == Act.REJECT:
                event.data["reason"] = "NOT_OURS"
            [entry] = timeline.entries([event])
            shown = " ".join([entry.label, *(f"{label} {value}" for label, value in entry.details)])
            assert stray_english(shown) == [], act
            assert "None" not in shown, act

    @pytest.mark.parametrize(
        ("act", "data", "expected"),
        [
            (Act.EXTEND, {"days": 5}, ("申请", "延长 5 个工作日")),
            (Act.GRANT_EXTENSION, {"days": 2, "asked": 5}, ("同意", "延长 2 个工作日（申请 5 个）")),
            (Act.GRANT_EXTENSION, {"days": 5, "asked": 5}, ("同意", "延长 5 个工作日")),
            (Act.REFUSE_EXTENSION, {"asked": 5}, ("申请", "延长 5 个工作日，时限不变")),
            (Act.SUSPEND, {"review_on": "2026-12-01"}, ("复核日期", "2026-12-01")),
            (Act.RESUME, {"due_at": "2026-12-01T17:30+08:00"}, ("新时限", "2026-12-01 17:30")),
            (Act.CONTACT, {"in_time": False}, ("联系期限", "超时")),
            (Act.URGE, {"count": 2}, ("累计", "第 2 次催办")),
            (
                Act.SUPERVISE,
                {"days": 3, "answer_by": "2026-11-26T17:30+08:00"},
                ("答复期限", "2026-11-26 17:30（3 个工作日）"),
            ),
            (Act.ANSWER, {"kind": "督办", "in_time": True}, ("答复", "督办")),
            (Act.CO_FINISH, {"helper": "房管所"}, ("协办部门", "房管所")),
            (Act.CONVENE, {"invited": ["房管所"], "members": 2, "place": "会议室"}, ("约请", "房管所、党员 2 人")),
            (Act.CONCLUDE, {"attended": 3, "minutes": "商量。"}, ("到场", "3 个约请对象")),
            (Act.TRANSFER, {"body": "区城管局", "number": "A1"}, ("接收编号", "A1")),
            (Act.HAND_OVER, {"from": "测试甲", "assignee": "测试乙"}, ("接手", "测试乙")),
            (Act.HAND_OVER, {"from": "测试甲"}, ("接手", "退回文苑一重新派遣")),
            (Act.JOIN, {"heat": 4}, ("反映", "累计 4 人次")),
            (Act.LAPSE, {"who": "测试甲"}, ("原派给", "测试甲")),
            (Act.RETURN, {"who": "测试甲", "reason": "WRONG_PLACE"}, ("原因", "不在管辖范围")),
            (Act.RESOLVE, {"on_time": True, "on_time_original": False}, ("时限", "按时，按原时限超期")),
            (Act.RECALCULATE, {"before": None, "due_at": "2026-12-01T17:30+08:00"}, ("时限", "无 → 2026-12-01 17:30")),
            (Act.MERGE, {"main": "LC1"}, ("主案件", "另一件案件")),
            (Act.LINK, {"number": "LC1", "kind": "FOLLOW_UP"}, ("后续案件", "另一件案件")),
        ],
    )
    def test_the_particulars(self, case: Case, act: Act, data: dict[str, Any], expected: tuple[str, str]):
        event = events(case)[0]
        event.act, event.data = act, data
        [entry] = timeline.entries([event])
        assert expected in entry.details

    def test_the_clock_is_the_system(self, case: Case):
        event = events(case)[0]
        event.actor = None
        assert timeline.entries([event])[0].who == "系统"

    def test_refusals_are_summed_up(self, case: Case, people: People):
        for person, reason in ((people.officer2, "NOT_MINE"), (people.officer2, "NOT_MINE"), (people.head, "OTHER")):
            case.returns.create(community_id=case.community_id, person=person, actor=person, reason=reason)
        assert list(refusals(case.returns.all())) == [
            ("测试officer2", "2 次（不属于本岗位或本部门职责）"),
            ("测试head", "1 次（其他）"),
        ]
