"""Figures: measures, rates, days, and that the list behind a figure shows what it counts."""

from datetime import date, datetime, timedelta

import pytest
from django.conf import settings
from django.db.models import F, Q
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import timezone

from cases import workflow
from cases.choices import Satisfaction, Source, Status
from cases.figures import counting, tables
from cases.figures.kpis import KPIS, Rate
from cases.figures.measures import MEASURES
from cases.figures.selection import Selection
from cases.filters import CaseFilterSet
from cases.forms.figures import SelectionForm
from cases.models import Case
from cases.periods import Period, PeriodKind, period_of
from liangcheng.common.clock import now
from tests import factories
from tests.factories import fresh

pytestmark = pytest.mark.django_db


def listed(user, query: str) -> int:
    """How many cases the list at this address shows."""
    request = RequestFactory().get("/cases/")
    request.user = fresh(user)
    filters = CaseFilterSet(QueryDict(query), queryset=Case.objects.visible_to(request.user), request=request)
    assert filters.is_valid(), filters.errors
    return filters.qs.count()


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=timezone.get_default_timezone())


def columns(condition: Q) -> set[str]:
    """The names of all columns that a condition asks for."""
    found: set[str] = set()
    for child in condition.children:
        if isinstance(child, Q):
            found |= columns(child)
        else:
            found |= {child[0].split("__")[0], *([child[1].name] if isinstance(child[1], F) else [])}
    return found


class TestPeriods:
    def test_kinds(self):
        day = date(2026, 2, 26)
        names = [period_of(kind, day).name for kind in PeriodKind]
        assert names == [
            "2026年2月26日",
            "2026年第9周（2月23日至3月1日）",
            "2026年2月",
            "2026年第1季度",
            "2026年",
            "2026-02-26 至 2026-02-26",
        ]

    def test_neighbours(self):
        month = period_of(PeriodKind.MONTH, date(2026, 3, 31))
        assert month.before() == period_of(PeriodKind.MONTH, date(2026, 2, 1))
        assert month.after() == period_of(PeriodKind.MONTH, date(2026, 4, 1))
        assert month.year_earlier() == period_of(PeriodKind.MONTH, date(2025, 3, 1))
        leap = period_of(PeriodKind.DAY, date(2024, 2, 29))
        assert leap.year_earlier().first == date(2023, 2, 28)
        week = period_of(PeriodKind.WEEK, date(2026, 1, 1))
        assert week.year_earlier().first.weekday() == 0
        free = Period(date(2026, 12, 30), date(2027, 1, 2))
        assert free.before() == Period(date(2026, 12, 26), date(2026, 12, 29))

    def test_a_running_period_is_compared_as_far_as_it_has_come(self):
        month, today = period_of(PeriodKind.MONTH, date(2026, 3, 1)), date(2026, 3, 30)
        assert month.before().as_far_as(month, today) == month.before()
        assert month.before().as_far_as(month, date(2026, 3, 5)) == Period(date(2026, 2, 1), date(2026, 2, 5))
        assert month.before().as_far_as(month, date(2026, 4, 1)) == month.before()


class TestRate:
    def test_never_all_or_none_where_it_is_not(self):
        assert Rate(0, 0).text == "–"
        assert [Rate(*each).text for each in ((0, 7), (7, 7), (911, 972), (737, 972))] == [
            "0.0%",
            "100.0%",
            "93.7%",
            "75.8%",
        ]
        assert Rate(99_999, 100_000).text == "99.9%"
        assert Rate(1, 100_000).text == "0.1%"
        assert Rate(1, 400).text == "0.3%"


class TestCounting:
    def test_a_case_from_end_to_end(self, people, tree):
        case = factories.case(people.officer, tree.micro, source=Source.PATROL, reporter_phone="13812345678")
        case = workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer.pk)
        case = workflow.accept(case_id=case.pk, actor=people.officer)
        workflow.suspend(
            case_id=case.pk, actor=people.area_head, text="等资金", review_on=date.today() + timedelta(days=9)
        )
        workflow.resume(case_id=case.pk, actor=people.area_head, text="资金到位")
        workflow.resolve(case_id=case.pk, actor=people.officer, text="已修好")
        workflow.verify(case_id=case.pk, actor=people.liaison)
        case = workflow.close(
            case_id=case.pk, actor=people.liaison, satisfaction=Satisfaction.SATISFIED, solved=True, text="好"
        )
        assert (case.dispatch_count, case.suspend_count, case.solved) == (1, 1, True)
        days = period_of(PeriodKind.MONTH, timezone.localdate())
        numbers = counting.count(Case.objects.all(), days, now())
        ones = {"reported", "self_found", "dispatched", "solved", "solved_in_grid", "closed", "visited", "satisfied"}
        assert {key for key, number in numbers.items() if number} == ones | {"asked", "really_solved"}
        for key, measure in MEASURES.items():
            assert listed(people.head, Selection(days, tree.area).list_query(measure)) == numbers[key]

    def test_reopening_takes_the_result_back(self, people, tree):
        case = factories.case(people.officer, tree.micro)
        Case.objects.filter(pk=case.pk).update(
            status=Status.CLOSED,
            is_open=False,
            closed_at=now(),
            resolved_at=now(),
            resolved_level="MICRO_UNIT",
            solved=False,
        )
        workflow.reopen(case_id=case.pk, actor=people.head, text="又漏了")
        days = period_of(PeriodKind.DAY, timezone.localdate())
        numbers = counting.count(Case.objects.all(), days, now())
        assert numbers["solved"] == numbers["closed"] == numbers["asked"] == 0

    def test_children_sum_up_to_the_whole(self, people, tree):
        for grid in (tree.micro, tree.micro2, tree.liangsan, tree.academy, tree.xiuyuan, tree.wenyuan1):
            factories.case(people.dispatcher, grid)
        days = period_of(PeriodKind.DAY, timezone.localdate())

        def shares(grid):
            found = counting.count_by(Case.objects.within(grid), days, now(), counting.child_of(grid))
            return {key: numbers["reported"] for key, numbers in found.items()}

        assert shares(tree.street) == {tree.area.pk: 4, tree.other_area.pk: 2}
        assert shares(tree.other_area) == {tree.xiuyuan.pk: 1, tree.academy.pk: 1}
        assert shares(tree.wenyuan1) == {tree.micro.pk: 1, tree.micro2.pk: 1, None: 1}
        assert shares(tree.micro) == {None: 1}

    def test_days_to_solve(self, people, tree):
        start = at(date(2026, 3, 2))
        cases = [factories.case(people.dispatcher, tree.micro) for _ in range(3)]
        for case, days in zip(cases, (1, 2, 10), strict=True):
            Case.objects.filter(pk=case.pk).update(
                reported_at=start, resolved_at=start + timedelta(days=days), status=Status.RESOLVED
            )
        month = period_of(PeriodKind.MONTH, date(2026, 3, 1))
        assert counting.days_to_solve(Case.objects.all(), month, now()) == {None: (2.0, pytest.approx(8.4))}
        by = counting.days_to_solve(Case.objects.all(), month, now(), counting.child_of(tree.street))
        assert by == {tree.area.pk: (2.0, pytest.approx(8.4))}
        assert counting.days_to_solve(Case.objects.all(), month.before(), now()) == {}

    def test_one_statement_per_moment(self, people, tree, django_assert_num_queries):
        days = period_of(PeriodKind.YEAR, timezone.localdate())
        with django_assert_num_queries(6):
            counting.count(Case.objects.all(), days, now())

    def test_what_a_moment_counts_stands_in_its_index(self):
        """Whether PostgreSQL then reads the index alone depends on its size and on VACUUM: the benchmark's to show."""
        indexes = {index.name: index for index in Case._meta.indexes}
        for moment, wanted in counting._by_moment(MEASURES.values()).items():
            index = indexes[f"case_figures_{moment.value.removesuffix('_at')}"]
            assert index.fields == ["community", moment.value]
            for measure in wanted:
                assert columns(measure.condition) <= {*index.fields, *index.include}, measure.key


class TestFilter:
    def test_a_figure_needs_its_days(self, people):
        request = RequestFactory().get("/cases/")
        request.user = fresh(people.head)
        for query, field in (
            ("figure=solved", "figure"),
            ("figure=solved&period_from=2026-01-01", "figure"),
            ("figure=solved&period_from=2026-02-01&period_to=2026-01-01", "period_to"),
            ("figure=nonsense&period_from=2026-01-01&period_to=2026-01-31", "figure"),
            ("figure=solved&period_from=0001-01-01&period_to=2026-01-31", "period_from"),
        ):
            filters = CaseFilterSet(QueryDict(query), queryset=Case.objects.none(), request=request)
            assert not filters.is_valid()
            assert field in filters.errors, query

    def test_every_kpi_has_its_words(self):
        assert len({kpi.name for kpi in KPIS.values()}) == len(KPIS) == 17
        assert KPIS["closed"].formula == "已结案 ÷ 应结案"


class TestTable:
    def test_the_grid_and_its_children(self, people, tree):
        for grid in (tree.micro, tree.micro, tree.liangsan, tree.wenyuan1, tree.academy):
            factories.case(people.dispatcher, grid)
        days = period_of(PeriodKind.DAY, timezone.localdate())
        found = tables.table(fresh(people.dispatcher), Selection(days, tree.street), now())
        assert found.total.numbers["reported"] == 5
        assert [(line.name, line.numbers["reported"]) for line in found.children] == [("第一片区", 1), ("第三片区", 4)]
        found = tables.table(fresh(people.dispatcher), Selection(days, tree.wenyuan1), now())
        assert [(line.name, line.numbers["reported"]) for line in found.children] == [
            ("文苑一微1", 2),
            ("文苑一微2", 0),
            ("本级", 1),
        ]
        assert found.total.rate(KPIS["self_found"]) == Rate(3, 3)

    def test_a_stranger_counts_nothing(self, people, tree):
        factories.case(people.officer, tree.micro)
        days = period_of(PeriodKind.DAY, timezone.localdate())
        found = tables.table(fresh(people.far_stranger), Selection(days, tree.area), now())
        assert not any(found.total.numbers.values())

    def test_the_form(self, people, tree):
        user = fresh(people.head)
        form = SelectionForm({}, user=user)
        assert form.is_valid()
        assert form.selection() == Selection(period_of(PeriodKind.MONTH, timezone.localdate()), tree.wenyuan1)
        for data, field in (
            ({"period": "week", "on": "0001-01-01"}, "on"),
            ({"period": "free", "from": "2026-01-01"}, "to"),
            ({"period": "free", "from": "2026-02-01", "to": "2026-01-01"}, "to"),
            ({"period": "decade"}, "period"),
            ({"grid": "999"}, "grid"),
            ({"category": "9999"}, "category"),
            ({"source": "X"}, "source"),
        ):
            form = SelectionForm(data, user=user)
            assert not form.is_valid()
            assert list(form.errors) == [field]


def test_the_manual_explains_every_kpi():
    manual = (settings.BASE_DIR / "docs" / "手册" / "统计和查找.md").read_text(encoding="utf-8")
    for kpi in KPIS.values():
        assert f"| {kpi.name} | {kpi.formula} |" in manual
