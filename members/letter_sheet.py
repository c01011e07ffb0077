"""年度表现 as xlsx: digits and names as text, nothing that Excel would calculate. Written row by row."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from liangcheng.common.admin_sheets import TextCell
from members.access import log_list
from members.choices import AccessKind
from members.employers import Employer, year_rows
from members.letters import heard_in_full
from members.models import PartyMember

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

HEADERS = ("序号", "姓名", "报到网格", "服务次数", "服务时长（小时）", "服务内容", "备注")
_WIDTHS = (6, 12, 24, 10, 16, 40, 28)


def year_sheet(user: "User", employer: Employer, year: int, member_id: int | None = None) -> BytesIO:
    """The table of `year_rows`; names whole where the user runs the desk; leaves a row in the log."""
    rows = year_rows(user, employer, year, member_id)
    whole = heard_in_full(user, employer, rows)
    log_list(user, AccessKind.EXPORTED, PartyMember, len(rows), reason=f"导出{year}年度表现 {employer.name}")
    book = Workbook(write_only=True)
    sheet = book.create_sheet(f"{year}年度")
    for number, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEFG"[number]].width = width
    sheet.append([_text(sheet, header) for header in HEADERS])
    for number, row in enumerate(rows, start=1):
        name = row.member.name if row.member.pk in whole else row.member.masked_name
        texts = [_text(sheet, text) for text in (name, row.places, row.detail, row.remark)]
        sheet.append([number, texts[0], texts[1], row.times, float(row.hours), texts[2], texts[3]])
    written = BytesIO()
    book.save(written)
    written.seek(0)
    return written


def _text(sheet: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, TextCell().render(text))
    cell.data_type, cell.number_format = "s", "@"
    return cell
