"""网格覆盖: what is registered and what is lacking, a level at a time; as a sheet as well."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from grids.scoping import scope_of
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import NotPermitted, NotVisible
from liangcheng.common.paging import with_params
from liangcheng.common.text import normalize
from liangcheng.common.web import refuse
from members.coverage import FIGURES, GridRow, Overview, overview
from members.coverage.listing import missing_rows
from members.coverage.sheet import workbook

PAGE_SIZE = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """?grid= code of the grid that is opened; ?gap= one of its lines, for the list of its rows."""
    user = signed_in(request)
    if not scope_of(user).everything and not scope_of(user).posts:
        return refuse(request, NotPermitted("no_posting", "您目前没有在任岗位，请联系街道网格长或派遣员登记。"))
    shown = _shown(request)
    gap = request.GET.get("gap", "")
    context: dict[str, Any] = {"shown": shown, "grid": shown.node.grid}
    if not gap:
        return render(request, "members/coverage.html", context | _tables(shown))
    rows = missing_rows(user, shown, gap)
    if rows is None:
        error = f"没有“{gap[:40]}”这张清单，请从下面的缺项进入。"
        return render(request, "members/coverage.html", context | _tables(shown) | {"error": error})
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context |= {
        "line": next(line for line in shown.lines if line.key == gap),
        "page": page,
        "newer": with_params(request.GET, page=page.previous_page_number()) if page.has_previous() else "",
        "older": with_params(request.GET, page=page.next_page_number()) if page.has_next() else "",
    }
    return render(request, "members/coverage_gap.html", context)


def _tables(shown: Overview) -> dict[str, Any]:
    labels = [label for label, _ in FIGURES.values()]
    numbers = _numbers(shown.node)
    return {
        "headings": [short for _, short in FIGURES.values()],
        "rows": [(row, _numbers(row), _summary(row)) for row in shown.children],
        "total": numbers,
        "own_numbers": list(zip(labels, numbers, strict=False)),
        "at": timezone.localtime(),
    }


def _numbers(row: GridRow) -> list[int]:
    """In the order of the headings; none where the grid is only the way to the user's own."""
    return [] if row.figures is None else [row.figures[key] for key in FIGURES]


def _summary(row: GridRow) -> str:
    """The same in a line, for a card on the phone."""
    found = row.figures
    if found is None:
        return ""
    units = sum(found[key] for key in FIGURES if key.startswith("units_"))
    return (
        f"在册党员 {found['members_REGISTERED']}、在职 {found['members_IN_SERVICE']} · 单位 {units} · "
        f"楼栋 {found['buildings']} · 阵地 {found['venues']}（主阵地 {found['main_venues']}）· "
        f"骨干 {found['contacts']} · 队伍 {found['teams']}"
    )


@login_required
@require_safe
def coverage_sheet(request: HttpRequest) -> HttpResponse:
    """The same grid's table, all levels below it."""
    shown = _shown(request)
    answer = HttpResponse(workbook(shown), content_type=_XLSX)
    name = f"网格覆盖-{shown.node.grid.short_name}-{timezone.localdate():%Y%m%d}.xlsx"
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


def _shown(request: HttpRequest) -> Overview:
    try:
        return overview(signed_in(request), normalize(request.GET.get("grid", "")))
    except NotVisible as error:
        raise Http404(error.message) from error
