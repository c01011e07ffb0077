"""The filters of case lists, the same for the pages and for the API. A wrong value is an error, never "everything"."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet

from cases import querysets
from cases.choices import ContactLight, Light, Nature, Source, Status, Urgency
from cases.figures.measures import MEASURES, Measure
from cases.models import Case, Category
from cases.periods import Period, between, midnight
from cases.querysets import RUNNING, at_once, due_soon, overdue
from cases.todo import Todo, conditions
from grids.choices import SHORT_LEVEL
from grids.models import Department, Grid, Posting
from grids.scoping import NOTHING, scope_of
from liangcheng.common.clock import now
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.text import normalize

YES_NO = (("true", "是"), ("false", "否"))
LIGHTS = tuple(
    (light.value, light.label) for light in (Light.GREEN, Light.YELLOW, Light.RED, Light.AT_ONCE, Light.PAUSED)
)
CONTACTS = tuple((light.value, light.label) for light in (ContactLight.WAITING, ContactLight.LATE))
HEATS = (("2", "2 人次以上"), ("3", "3 人次以上"), ("5", "5 人次以上"), ("10", "10 人次以上"))
# Yes-or-no filters that stand for one condition of cases.querysets.
_SETS = {
    "supervised": querysets.SUPERVISED,
    "instructed": querysets.INSTRUCTED,
    "extension": querysets.EXTENSION_ASKED,
    "bounced": querysets.BOUNCED,
    "suspended": querysets.SUSPENDED,
    "merged": querysets.MERGED,
    "border": querysets.BORDER,
}
FIGURES = tuple((measure.key, measure.name) for measure in MEASURES.values())
_TOO_LONG = "最多 %(limit_value)d 个字。"
_NOT_A_CHOICE = {"invalid_choice": "没有“%(value)s”这个选项。"}
_NOT_A_DATE = {"invalid": "日期请写成 2026-11-23 这样。"}


class CaseFilterForm(forms.Form):
    """Shape, and whether what a code names exists where the user may look. The FilterSet sets `user`.

    `known` may hold what the caller has read anyway: field → code → row (department: ids); else it is asked for.
    """

    user: Any = None
    known: Mapping[str, Mapping[str, Any]] = {}

    def clean_q(self) -> str:
        return normalize(self.cleaned_data["q"])

    def clean_grid(self) -> Grid | None:
        return self._grid("grid")

    def clean_grid_exact(self) -> Grid | None:
        return self._grid("grid_exact")

    def clean_category(self) -> Category | None:
        return self._named(Category.objects.all(), "category", "没有这个案件类别。")

    def clean_reported_after(self) -> date | None:
        return self._in_our_time("reported_after")

    def clean_reported_before(self) -> date | None:
        return self._in_our_time("reported_before")

    def clean_updated_since(self) -> datetime | None:
        return self._in_our_time("updated_since")

    def _in_our_time(self, name: str) -> Any:
        """The year 1 and the year 9999 overflow when they are brought to another time zone."""
        value = self.cleaned_data[name]
        if value and not 2000 <= value.year <= 2100:
            raise forms.ValidationError("请填写 2000 年到 2100 年之间的日期。", code="invalid")
        return value

    def clean_period_from(self) -> date | None:
        return self._in_our_time("period_from")

    def clean_period_to(self) -> date | None:
        return self._in_our_time("period_to")

    def clean(self) -> dict[str, Any]:
        """`figure` becomes the measure with its days: what a figure counts needs all three."""
        given = super().clean() or self.cleaned_data
        figure, first, last = given.get("figure"), given.get("period_from"), given.get("period_to")
        if not figure or self.errors:
            return given
        if not (first and last):
            raise forms.ValidationError({"figure": "按指标查看，请同时给出时段的起止日期。"}, code="missing_period")
        try:
            given["figure"] = (MEASURES[figure], between(first, last))
        except InvalidInput as error:
            raise forms.ValidationError({"period_to": error.message}, code=error.code) from error
        return given

    def clean_department(self) -> list[int]:
        code = self.cleaned_data["department"]
        if not code:
            return []
        if "department" in self.known:
            found = self.known["department"].get(code, [])
        else:
            # The same code may name a department in several streets.
            found = list(departments_of(self.user).filter(code=code).values_list("pk", flat=True))
        if not found:
            raise forms.ValidationError("没有这个条线部门，或不在您的网格范围内。", code="unknown")
        return found

    def clean_returned_by(self) -> dict[str, int]:
        """u<ID> of somebody who serves or served in the user's grids, d<ID> of a department that serves them."""
        given = self.cleaned_data["returned_by"]
        if not given:
            return {}
        kind, pk = given[0], given[1:]
        if kind not in "ud" or not (pk.isascii() and pk.isdigit() and len(pk) < 19):
            raise forms.ValidationError("退单人写作 u 或 d 加编号，如 u12（人员）、d3（部门）。", code="invalid")
        known = self.known.get("returned_by")
        if kind == "d":
            found = given in known if known else departments_of(self.user).filter(pk=pk).exists()
        else:
            visible = Grid.objects.visible_to(self.user).order_by().values("pk")
            found = Posting.objects.filter(user_id=pk, grid__in=visible).exists()
        if not found:
            raise forms.ValidationError("没有这个人员或部门，或不在您的网格范围内。", code="unknown")
        return {"person_id" if kind == "u" else "department_id": int(pk)}

    def _grid(self, name: str) -> Grid | None:
        return self._named(Grid.objects.visible_to(self.user), name, "没有这个网格，或不在您的网格范围内。")

    def _named(self, rows: "QuerySet[Any]", name: str, message: str) -> Any:
        code = self.cleaned_data[name]
        if not code:
            return None
        if name in self.known:
            found = self.known[name].get(code)
        else:
            found = rows.order_by().filter(code=code).first()
        if found is None:
            raise forms.ValidationError(message, code="unknown")
        return found


def departments_of(user: Any) -> "QuerySet[Department]":
    """The departments that serve grids the user may see."""
    return Department.objects.filter(grid__in=Grid.objects.visible_to(user).order_by())


def _words(label: str, method: str, most: int = 100) -> filters.CharFilter:
    return filters.CharFilter(label=label, method=method, max_length=most, error_messages={"max_length": _TOO_LONG})


def _choice(label: str, choices: Any, **more: Any) -> filters.ChoiceFilter:
    return filters.ChoiceFilter(label=label, choices=choices, error_messages=_NOT_A_CHOICE, **more)


def _day(label: str, method: str) -> filters.DateFilter:
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return filters.DateFilter(label=label, method=method, widget=widget, error_messages=_NOT_A_DATE)


class _WholeNumber(filters.NumberFilter):
    field_class = forms.IntegerField

    def get_max_validator(self) -> None:
        """The filter has its own, with Chinese words."""


class CaseFilterSet(filters.FilterSet):
    """Of the cases it is given: the caller narrows them to `visible_to(user)` first."""

    q = _words("搜索", "by_words")
    status = filters.MultipleChoiceFilter(
        label="状态", choices=Status.choices, error_messages={"invalid_choice": "没有“%(value)s”这个状态。"}
    )
    open = _choice("未办结", YES_NO, method="by_open")
    todo = _choice("我的待办", Todo.choices, method="by_todo")
    light = _choice("时限灯", LIGHTS, method="by_light")
    level = _choice("当前层级", tuple(SHORT_LEVEL.items()), field_name="handling_level")
    grid = _words("网格", "by_subtree", 20)
    grid_exact = _words("本网格", "by_grid", 20)
    category = _words("类别", "by_category", 20)
    major = filters.CharFilter(
        label="大类", field_name="category__major_code", max_length=10, error_messages={"max_length": _TOO_LONG}
    )
    urgency = _choice("紧急程度", Urgency.choices)
    nature = _choice("性质", Nature.choices)
    source = _choice("来源", Source.choices)
    assigned = _choice("由我处置", (("me", "由我处置"),), method="by_assigned")
    mine = _choice("我上报的", YES_NO, method="by_mine")
    returned = _choice("退回或返工过", YES_NO, method="by_returned")
    contact = _choice("先行联系", CONTACTS, method="by_contact")
    supervised = _choice("督办", YES_NO, method="by_set")
    instructed = _choice("待答复批示", YES_NO, method="by_set")
    extension = _choice("延期待审批", YES_NO, method="by_set")
    bounced = _choice("退单待签派", YES_NO, method="by_set")
    suspended = _choice("挂账中", YES_NO, method="by_set")
    merged = _choice("已并案", YES_NO, method="by_set")
    border = _choice("交界案件", YES_NO, method="by_set")
    second_side = _choice("与我网格交界", YES_NO, method="by_second_side")
    co_handled = _choice("我部门协办", YES_NO, method="by_co_handled")
    heat = _WholeNumber(
        label="反映人次",
        method="by_heat",
        min_value=2,
        max_value=100_000,
        error_messages={
            "invalid": "反映人次请填整数。",
            "min_value": "反映人次从 2 起。",
            "max_value": "反映人次最多 100000。",
        },
    )
    returned_by = _words("退单人", "by_returned_by", 20)
    department = _words("条线部门", "by_department", 30)
    reported_after = _day("上报日期从", "by_reported_after")
    reported_before = _day("上报日期到", "by_reported_before")
    figure = _choice("指标", FIGURES, method="by_figure")
    period_from = _day("指标时段从", "by_period")
    period_to = _day("指标时段到", "by_period")
    updated_since = filters.IsoDateTimeFilter(
        label="此后更新", field_name="updated_at", lookup_expr="gte", error_messages={"invalid": "时间请用 ISO 8601。"}
    )
    number = filters.CharFilter(label="案件编号", max_length=20, error_messages={"max_length": _TOO_LONG})
    external_system = filters.CharFilter(label="来源系统", max_length=50, error_messages={"max_length": _TOO_LONG})
    external_id = filters.CharFilter(label="来源系统编号", max_length=100, error_messages={"max_length": _TOO_LONG})

    class Meta:
        model = Case
        fields: list[str] = []
        form = CaseFilterForm

    def get_form_class(self) -> type[forms.Form]:
        user = self.request.user if self.request else None
        return type("BoundCaseFilterForm", (super().get_form_class(),), {"user": user})

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        return rows.search(value)

    def by_open(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(is_open=value == "true")

    def by_todo(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(conditions(scope_of(self.request.user), now())[Todo(value)])

    def by_light(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(light_condition(value, now()))

    def by_subtree(self, rows: Any, name: str, value: Grid) -> Any:
        return rows.within(value)

    def by_grid(self, rows: Any, name: str, value: Grid) -> Any:
        return rows.filter(grid=value)

    def by_category(self, rows: Any, name: str, value: Category) -> Any:
        return rows.filter(category=value)

    def by_assigned(self, rows: Any, name: str, value: str) -> Any:
        return rows.assigned_to(self.request.user)

    def by_mine(self, rows: Any, name: str, value: str) -> Any:
        own = Q(discovered_by=self.request.user)
        return rows.filter(own if value == "true" else ~own)

    def by_returned(self, rows: Any, name: str, value: str) -> Any:
        back = Q(return_count__gt=0) | Q(rework_count__gt=0)
        return rows.filter(back if value == "true" else ~back)

    def by_contact(self, rows: Any, name: str, value: str) -> Any:
        late = value == ContactLight.LATE
        return rows.filter(querysets.contact_late(now()) if late else querysets.contact_waiting(now()))

    def by_set(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(_SETS[name] if value == "true" else ~_SETS[name])

    def by_second_side(self, rows: Any, name: str, value: str) -> Any:
        mine = querysets.second_side(scope_of(self.request.user))
        return rows.filter(mine if value == "true" else ~mine)

    def by_co_handled(self, rows: Any, name: str, value: str) -> Any:
        helped = querysets.helped_by(scope_of(self.request.user).department_ids)
        return rows.filter(helped if value == "true" else ~helped)

    def by_heat(self, rows: Any, name: str, value: int) -> Any:
        return rows.filter(querysets.heat_from(value))

    def by_returned_by(self, rows: Any, name: str, value: dict[str, int]) -> Any:
        return rows.filter(querysets.returned_by(**value))

    def by_department(self, rows: Any, name: str, value: list[int]) -> Any:
        return rows.filter(assigned_department_id__in=value)

    def by_figure(self, rows: Any, name: str, value: tuple[Measure, Period]) -> Any:
        measure, period = value
        return rows.filter(measure.of(period, now()))

    def by_period(self, rows: Any, name: str, value: date) -> Any:
        """Belongs to `figure`; alone it says nothing, since every figure has a moment of its own."""
        return rows

    def by_reported_after(self, rows: Any, name: str, value: date) -> Any:
        return rows.filter(reported_at__gte=midnight(value))

    def by_reported_before(self, rows: Any, name: str, value: date) -> Any:
        return rows.filter(reported_at__lt=midnight(value + timedelta(days=1)))


def light_condition(light: str, moment: datetime) -> Q:
    """The set behind a light, as cases.lights shows it."""
    match light:
        case Light.RED:
            return overdue(moment)
        case Light.YELLOW:
            return due_soon(moment)
        case Light.AT_ONCE:
            return at_once(moment)
        case Light.PAUSED:
            return querysets.SUSPENDED
        case Light.GREEN:
            return RUNNING & Q(due_at__gte=moment) & ~due_soon(moment) & ~at_once(moment)
    return NOTHING
