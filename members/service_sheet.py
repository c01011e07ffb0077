"""志愿服务 as a sheet: text for digits, nothing that Excel would calculate, names whole for heads of grids only."""

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils import timezone

from grids.authority import may_take_contacts
from liangcheng.common.admin_sheets import TextCell
from members.models import ServiceRecord

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

MOST_ROWS = 5_000
_HEADERS = (
    *("日期", "姓名", "身份", "网格", "类别", "时长（小时）", "服务内容", "状态", "原因"),
    *("登记人", "确认人", "确认时间"),
)
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def answer_with(rows: Iterable[ServiceRecord], user: "User") -> HttpResponse:
    """The sheet as a download."""
    from openpyxl import Workbook  # heavy; only exports need it

    book = Workbook(write_only=True)
    sheet = book.create_sheet("志愿服务")
    sheet.append(_HEADERS)
    text = TextCell()
    for row in rows:
        cells = [text.render(cell) for cell in _cells(row, user)]
        sheet.append([*cells[:5], float(row.hours), *cells[5:]])
    out = BytesIO()
    book.save(out)
    answer = HttpResponse(out.getvalue(), content_type=_TYPE)
    answer["Content-Disposition"] = f'attachment; filename="services-{timezone.localdate():%Y%m%d}.xlsx"'
    answer["Cache-Control"] = "no-store"
    return answer


def _cells(row: ServiceRecord, user: "User") -> Iterable[str]:
    person = row.person
    name = person.name if may_take_contacts(user, row) else person.masked_name
    at = f"{timezone.localtime(row.confirmed_at):%Y-%m-%d %H:%M}" if row.confirmed_at else ""
    return (
        row.on.isoformat(),
        name,
        "党员" if row.member_id else "居民骨干",
        row.grid.short_name,
        row.get_kind_display(),
        row.what,
        row.get_state_display(),
        row.reason,
        str(row.entered_by),
        str(row.confirmed_by or ""),
        at,
    )
