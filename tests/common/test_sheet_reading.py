"""Workbooks as offices make them, and as nobody should: what is read, and what is refused in words."""

import zipfile
from datetime import date, datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import numbers

from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.sheets.cells import BadCell, Day, Phone, Text, plain, safe
from liangcheng.common.sheets.reading import NoValue, Table, read_table
from tests.sheets import book, saved

KNOWN = ["编号", "名称", "户数"]


def read(content: bytes, most: int = 50) -> Table:
    return read_table(BytesIO(content), required=["名称", "户数"], known=KNOWN, most=most)


def refused(content: bytes, most: int = 50) -> str:
    with pytest.raises(InvalidInput) as refusal:
        read(content, most)
    assert refusal.value.field == "file"
    return refusal.value.message


def rezipped(content: bytes, change: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The workbook with parts replaced or added."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", compression) as new:
        for name in old.namelist():
            if name not in change:
                new.writestr(name, old.read(name))
        for name, part in change.items():
            new.writestr(name, part)
    return out.getvalue()


GOOD = book({"名称": "甲", "户数": 1})
SHEET = "xl/worksheets/sheet1.xml"


def part(content: bytes, name: str = SHEET) -> bytes:
    return zipfile.ZipFile(BytesIO(content)).read(name)


class TestFound:
    def test_below_a_title_on_the_second_sheet_without_hints_and_blank_lines(self):
        made = openpyxl.Workbook()
        made.active.append(["说明页"])
        sheet = made.create_sheet("登记")
        for row in (
            ["凉城街道登记表", None, None],
            ["名称 *", " 户 数（必填）", "电话"],
            ["【说明】单位名称", "整数", None],
            ["【示例】甲", 3, None],
            [None, None, None],
            ["乙", 4, None],
        ):
            sheet.append(row)
        sheet.merge_cells("A1:C1")
        sheet["A9"], sheet["B9"] = "丙", 5
        table = read(saved(made))
        assert (table.title, table.headers, table.header_line) == ("登记", ("名称", "户数", "电话"), 2)
        assert [(line.number, line.values[:2]) for line in table.lines] == [(6, ("乙", 4)), (9, ("丙", 5))]
        assert table.merged == []
        assert table.unknown(KNOWN) == ["电话"]

    def test_a_size_that_the_sheet_declares_falsely_hides_no_row(self):
        content = book({"名称": "甲", "户数": 1}, {"名称": "乙", "户数": 2})
        lying = part(content).replace(b'ref="A1:B3"', b'ref="A1:B2"')
        assert len(read(rezipped(content, {SHEET: lying})).lines) == 2

    def test_merged_cells_below_the_headers_are_told(self):
        made = openpyxl.load_workbook(BytesIO(book({"名称": "甲", "户数": 1}, {"名称": "乙", "户数": 1})))
        made.active.merge_cells("B2:B3")
        assert read(saved(made)).merged == [(2, 1, "B2:B3")]

    def test_formulas_count_by_what_the_office_program_has_calculated(self):
        content = book({"名称": "甲", "户数": "=1+1"}, {"名称": '=HYPERLINK("http://x")', "户数": 3})
        assert [line.values for line in read(content).lines] == [("甲", NoValue("公式")), (NoValue("公式"), 3)]
        kept = (
            part(content)
            .replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
            .replace(b"<f>1+1</f><v/>", b"<f>1+1</f><v>2</v>")
        )
        assert read(rezipped(content, {SHEET: kept})).lines[0].values == ("甲", 2)


class TestRefused:
    def test_wrong_headers(self):
        assert "表头缺少：户数" in refused(book({"名称": "甲", "人数": 1}))
        assert "没有找到表头（应有：名称、户数）" in refused(book({"a": 1}))
        assert "表头重复：名称" in refused(book({}, headers=["名称", "户数", "名称"]))
        assert "没有要导入的行" in refused(book({}, headers=["名称", "户数"]))

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "文件是空的"),
            ("名称,户数\n甲,1".encode("gbk"), "改了名字的 CSV"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "老格式（xls）"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "打开密码"),
            (b"PK\x03\x04" + bytes(50), "文件已损坏"),
            (GOOD[: len(GOOD) // 2], "文件已损坏"),
            (bytes(5 * 1024 * 1024), "超过 4 MB"),
            (rezipped(GOOD, {"[Content_Types].xml": b"<a>"}), "读不出表格"),
        ],
    )
    def test_other_files(self, content: bytes, words: str):
        assert words in refused(content)

    def test_other_zips(self):
        stream = BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("word/document.xml", "<a/>")
        assert "不是 Excel 工作簿" in refused(stream.getvalue())

    def test_too_many_rows_are_refused_before_they_are_read(self, monkeypatch):
        content = book(*({"名称": f"甲{n}", "户数": n} for n in range(60)))
        assert "一次最多导入 50 行" in refused(content)
        many = part(GOOD).replace(b"</sheetData>", b"<row/>" * 50_000 + b"</sheetData>")
        monkeypatch.setattr("openpyxl.load_workbook", None)
        assert "一次最多导入 50 行" in refused(rezipped(GOOD, {SHEET: many}))

    @pytest.mark.parametrize("name", ["xl/sharedStrings.xml", SHEET, "xl/media/a.png"])
    def test_bombs(self, name: str):
        """A few kilobytes that unpack to fifty megabytes."""
        bomb = rezipped(GOOD, {name: b" " * (50 * 1024 * 1024)})
        assert len(bomb) < 200_000
        assert "解开后太大" in refused(bomb)

    def test_one_row_with_a_million_cells(self):
        wide = part(GOOD).replace(b"</sheetData>", b"<row>" + b"<c/>" * 1_000_000 + b"</row></sheetData>")
        assert "一次最多导入" in refused(rezipped(GOOD, {SHEET: wide}))

    def test_entities_and_foreign_encodings(self):
        entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
        assert "不该有的内容" in refused(rezipped(GOOD, {SHEET: entity + part(GOOD)}))
        wide = entity.decode().encode("utf-16")
        assert "编码不是 Excel" in refused(rezipped(GOOD, {SHEET: wide}))

    def test_a_row_number_beyond_every_sheet(self):
        far = part(GOOD).replace(b'r="2"', b'r="99999999999"', 1)
        assert refused(rezipped(GOOD, {SHEET: far}))


class TestCells:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (None, ""),
            (310109016011.0, "310109016011"),
            (" １２３Ａ ", "123A"),
            ("'=1", "=1"),
            (True, "是"),
            (2.5, "2.5"),
        ],
    )
    def test_text(self, value: Any, expected: str):
        assert plain(value) == expected

    @pytest.mark.parametrize("value", [NoValue("公式"), 3.1e15, "3.10109E+11", datetime(2026, 3, 4)])
    def test_what_was_lost_is_said(self, value: Any):
        with pytest.raises(BadCell):
            Text().read(value)

    @pytest.mark.parametrize("value", ["=1", "+1", "-1", "@a", "\t1"])
    def test_nothing_calculates_on_the_way_out(self, value: str):
        assert safe(value) == "'" + value
        assert plain(safe(value)) == value

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (13800138000.0, "13800138000"),
            ("138 0013-8000", "13800138000"),
            ("+86 13800138000", "13800138000"),
            ("１３８００１３８０００", "13800138000"),
            ("(021) 6555 1234", "021-65551234"),
            ("021 65551234", "021-65551234"),
            ("021-65551234-801", "021-65551234-801"),
            ("0512-6555123-80", "0512-6555123-80"),
            ("138****5678", "138****5678"),
            ("无", "无"),
        ],
    )
    def test_phones(self, value: Any, expected: str):
        assert Phone().read(value) == expected

    @pytest.mark.parametrize(
        "value",
        [
            datetime(2021, 7, 1),
            date(2021, 7, 1),
            44378,
            44378.0,
            "44378",
            "2021-07-01",
            "2021/7/1",
            "2021.7.1",
            "2021年7月1日",
            "20210701",
            "２０２１－０７－０１".replace("－", "-"),
            "2021-07-01 00:00:00",
        ],
    )
    def test_days(self, value: Any):
        assert Day().read(value) == date(2021, 7, 1)

    @pytest.mark.parametrize("value", ["2021-13-01", "去年", "2021年7月", "2021-02-30", "1850-01-01", "2999-01-01", 9])
    def test_no_days(self, value: Any):
        with pytest.raises(BadCell):
            Day().read(value)

    def test_a_date_cell_comes_as_a_date(self):
        made = openpyxl.Workbook()
        made.active.append(["名称", "户数"])
        made.active.append(["甲", 44378])
        made.active["B2"].number_format = numbers.FORMAT_DATE_YYYYMMDD2
        assert Day().read(read(saved(made)).lines[0].values[1]) == date(2021, 7, 1)
