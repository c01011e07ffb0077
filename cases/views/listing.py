"""The list of cases: presets, filters as chips, quick search, paging; the address holds all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from cases.choices import Nature, Source, Status, Urgency
from cases.filters import CONTACTS, HEATS, LIGHTS, CaseFilterSet, departments_of
from cases.models import Case, Category
from grids.choices import SHORT_LEVEL
from grids.models import Grid
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.paging import page_of, with_params
from liangcheng.common.web import all_errors

PAGE_SIZE = 30
_PRESETS = (
    ("全部", ""),
    ("未办结", "open=true"),
    ("由我处置", "assigned=me&open=true"),
    ("我上报的", "mine=true"),
    ("已超期", "light=red"),
    ("即将超期", "light=yellow"),
    ("退回过", "returned=true&open=true"),
)
_CARRIED = (
    *("open", "todo", "assigned", "mine", "returned", "grid_exact", "number", "external_system", "external_id"),
    *("figure", "period_from", "period_to"),
)
# Yes-or-no conditions that are ticked; the words are the filter's own.
_TICKED = (
    "supervised",
    "instructed",
    "extension",
    "bounced",
    "suspended",
    "merged",
    "border",
    "second_side",
    "co_handled",
)


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the address without it."""

    text: str
    without: str


@login_required
def case_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    visible = Case.objects.visible_to(user).select_related(
        "category", "grid", "handling_grid", "assignee", "assigned_department"
    )
    filterset = CaseFilterSet(request.GET, queryset=visible, request=request)
    known, choices = _choices(user)
    filterset.form.known = known
    valid = filterset.is_valid()
    choices |= {name: _with_given(choices[name], request.GET, name, valid) for name in ("heat", "returned_by")}
    context = {
        "page": page_of(filterset.qs if valid else Case.objects.none(), request.GET, PAGE_SIZE),
        "errors": [] if valid else all_errors(filterset.form),
        "chips": _chips(request.GET, filterset, choices),
        "presets": [(label, f"?{query}", _same(request.GET, query)) for label, query in _PRESETS],
        "choices": choices,
        "given": request.GET,
        "statuses": request.GET.getlist("status"),
        "ticks": [(name, filterset.filters[name].label, request.GET.get(name) == "true") for name in _TICKED],
        # What has no control in the form travels with it.
        "carried": _carried(request.GET),
    }
    return render(request, "cases/list.html", context)


def _carried(params: QueryDict) -> list[tuple[str, str]]:
    """What the form cannot say itself; of what is ticked, the answer 否."""
    carried = [(name, str(params[name])) for name in _CARRIED if params.get(name)]
    return carried + [(name, "false") for name in _TICKED if params.get(name) == "false"]


def _choices(user: Any) -> tuple[dict[str, dict[str, Any]], dict[str, list[tuple[str, str]]]]:
    """What the filters may name, read once: rows by code for the form, values with words for the page."""
    grids = {grid.code: grid for grid in Grid.objects.visible_to(user).in_tree_order()}
    categories = {row.code: row for row in Category.objects.order_by("code")}
    departments = list(departments_of(user).order_by("kind", "code"))
    ids: dict[str, list[int]] = {}
    for row in departments:
        ids.setdefault(row.code, []).append(row.pk)
    known: dict[str, dict[str, Any]] = {
        "grid": grids,
        "grid_exact": grids,
        "category": categories,
        "department": ids,
        "returned_by": {f"d{row.pk}": row for row in departments},
    }
    return known, {
        "status": list(Status.choices),
        "light": [(value, str(label)) for value, label in LIGHTS],
        "contact": [(value, str(label)) for value, label in CONTACTS],
        "heat": list(HEATS),
        "returned_by": [(f"d{row.pk}", row.short_name) for row in departments],
        "level": list(SHORT_LEVEL.items()),
        "grid": [(grid.code, _indented(grid)) for grid in grids.values()],
        "category": [(row.code, row.name) for row in categories.values()],
        "major": list({row.major_code: row.major_name for row in categories.values()}.items()),
        "department": list({row.code: row.short_name for row in departments}.items()),
        "urgency": list(Urgency.choices),
        "nature": list(Nature.choices),
        "source": list(Source.choices),
    }


def _with_given(options: list[tuple[str, str]], params: QueryDict, name: str, valid: bool) -> list[tuple[str, str]]:
    """The options, and with them what the address asks for beside them: a person by name, a number of its own."""
    given = params.get(name, "")
    if not valid or not given or given in dict(options):
        return options
    if name == "heat":
        return [*options, (given, f"{int(given)} 人次以上")]
    # `valid` says that it is somebody in the reader's grids.
    person = User.objects.get(pk=given[1:])
    return [*options, (given, person.full_name or person.username)]


def _indented(grid: Grid) -> str:
    return f"{'　' * grid.level}{grid.short_name}{'' if grid.is_active else '（已停用）'}"


def _same(params: QueryDict, query: str) -> bool:
    """Whether the address asks for exactly this preset, on whatever page of it."""
    return with_params(params) == f"?{QueryDict(query).urlencode()}"


def _chips(params: QueryDict, filterset: CaseFilterSet, choices: Mapping[str, Any]) -> list[Chip]:
    chips = []
    for name, wanted in filterset.filters.items():
        for value in filter(None, params.getlist(name)):
            rest = params.copy()
            rest.setlist(name, [other for other in params.getlist(name) if other != value])
            chips.append(Chip(_told(name, value, wanted, choices), with_params(rest)))
    return chips


def _told(name: str, value: str, wanted: Any, choices: Mapping[str, Any]) -> str:
    """ "状态：待派遣"; for yes-or-no filters just their name."""
    words = dict(choices.get(name) or choices.get({"grid_exact": "grid"}.get(name, ""), ()))
    words = words or dict(wanted.extra.get("choices") or ())
    told = str(words.get(value, value)).strip()[:30]
    return str(wanted.label) if told in {"是", wanted.label} else f"{wanted.label}：{told}"
