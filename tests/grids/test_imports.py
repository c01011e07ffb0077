"""Tables of grids into an existing tree: what they change, what they refuse with row and column, and all or nothing."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from openpyxl import Workbook

from grids.imports import Outcome, import_file
from grids.models import Grid
from liangcheng.common.exceptions import InvalidInput
from tests import factories
from tests.factories import Tree

HEADER = "code,parent_code,kind,name,short_name,valid_from,valid_to,successor_code,assumed"
STREET, AREA, OTHER = "310109016000", "310109016603", "310109016601"
WENYUAN1, LIANGSAN, MICRO = "310109016011", "310109016017", "310109016011001"
TODAY = timezone.localdate()


@pytest.fixture
def load(tree: Tree, tmp_path: Path) -> "Load":
    return Load(tmp_path)


class Load:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "grids.csv"

    def __call__(self, *lines: str, header: str = HEADER, apply: bool = True, **options: bool) -> Outcome:
        self.file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8-sig")
        return import_file(self.file, apply=apply, **options)


def told(outcome: Outcome) -> list[str]:
    return [str(problem) for problem in outcome.problems]


def grid(code: str) -> Grid:
    return Grid.objects.get(code=code)


class TestChanges:
    def test_creates_parents_before_children_whatever_the_order(self, load: Load) -> None:
        outcome = load("310109016012001,310109016012,MICRO_UNIT,文苑二微1,,,,,",
                       f"310109016012,{AREA},NEIGHBORHOOD,文苑二居民区,文苑二,2020-01-01,,,1")  # fmt: skip
        assert outcome.counts == {"新增": 2}
        assert grid("310109016012001").area.code == AREA
        assert grid("310109016012").assumed

    def test_moves_with_all_that_hangs_on_it_and_confirms(self, load: Load, tree: Tree) -> None:
        Grid.objects.filter(code=WENYUAN1).update(assumed=True)
        unit = factories.unit(tree.micro)
        outcome = load(f"{WENYUAN1},{OTHER},居民区,文苑一", header="网格编码,上级编码,层级,名称")
        assert outcome.counts == {"移动": 1, "更新": 1}
        unit.refresh_from_db()
        assert unit.area.code == OTHER
        assert not grid(WENYUAN1).assumed
        assert load(f"{WENYUAN1},{OTHER},居民区,文苑一", header="网格编码,上级编码,层级,名称").counts == {}

    def test_renames(self, load: Load) -> None:
        outcome = load(f"{LIANGSAN},{AREA},NEIGHBORHOOD,凉城三居民区,凉三,,,,")
        assert outcome.changes == [f"改名：{LIANGSAN} 凉三 → 凉城三居民区"]

    def test_retires_from_the_bottom_up(self, load: Load) -> None:
        assert load(
            f"{WENYUAN1},{AREA},NEIGHBORHOOD,文苑一,,,2021-12-31,,",
            f"{MICRO},{WENYUAN1},MICRO_UNIT,文苑一微1,,,2021-12-31,,",
            f"{WENYUAN1}002,{WENYUAN1},MICRO_UNIT,文苑一微2,,,2021-12-31,,",
        ).counts == {"停用": 3}
        assert not grid(WENYUAN1).is_active

    def test_merges_and_keeps_what_hung_there(self, load: Load, tree: Tree) -> None:
        unit = factories.unit(tree.wenyuan1)
        outcome = load(f"{WENYUAN1},{AREA},NEIGHBORHOOD,文苑一,,,2021-12-31,{LIANGSAN},")
        assert outcome.counts == {"并入": 1}
        unit.refresh_from_db()
        assert unit.grid.code == LIANGSAN
        assert grid(MICRO).parent.code == LIANGSAN
        assert grid(WENYUAN1).successor.code == LIANGSAN

    def test_history_entered_afterwards_and_put_right(self, load: Load) -> None:
        line = f"310109016007,{AREA},NEIGHBORHOOD,锦一,,2020-01-01,{{end}},{{successor}},"
        assert load(line.format(end="2021-12-31", successor="")).counts == {"新增": 1}
        assert load(line.format(end="2021-12-30", successor=WENYUAN1)).counts == {"更新": 2}
        assert (grid("310109016007").valid_to, grid("310109016007").successor.code) == (date(2021, 12, 30), WENYUAN1)
        assert load(line.format(end="2021-12-30", successor=WENYUAN1)).counts == {}

    def test_restores(self, load: Load) -> None:
        load(f"{LIANGSAN},{AREA},NEIGHBORHOOD,凉三,,,2021-12-31,,")
        assert load(f"{LIANGSAN},{AREA},NEIGHBORHOOD,凉三,,,,,").counts == {"恢复": 1}

    def test_columns_that_the_table_lacks_stay(self, load: Load) -> None:
        load(f"{LIANGSAN},{AREA},NEIGHBORHOOD,凉三,,2020-01-01,2021-12-31,,")
        assert load(f"{LIANGSAN},{AREA},NEIGHBORHOOD,凉三", header="code,parent_code,kind,name").counts == {}
        assert not grid(LIANGSAN).is_active

    def test_a_second_street_beside_the_first(self, load: Load) -> None:
        outcome = load("310109010000,,街道,欧阳路街道,,,,,", "310109010601,310109010000,片区,第一片区,,,,,")
        assert outcome.counts == {"新增": 2}
        assert outcome.missing == []
        assert grid("310109010601").community.code == "310109010000"

    def test_grids_that_the_table_does_not_name(self, load: Load, tree: Tree) -> None:
        line = f"{STREET},,COMMUNITY,凉城,,,,,"
        outcome = load(line)
        assert (len(outcome.missing), outcome.counts) == (8, {})
        lines = [
            line,
            f"{AREA},{STREET},AREA,第三片区,,,,,",
            f"{WENYUAN1},{AREA},NEIGHBORHOOD,文苑一,,,,,",
        ]
        assert load(*lines, retire_missing=True).counts == {"停用": 6}
        assert set(Grid.objects.active().values_list("code", flat=True)) == {STREET, AREA, WENYUAN1}

    def test_missing_ones_that_cannot_end_are_named(self, load: Load, tree: Tree) -> None:
        factories.posted("zhang", tree.liangsan)
        outcome = load(f"{STREET},,COMMUNITY,凉城,,,,,", retire_missing=True)
        assert any("“凉三”还不能停用" in problem for problem in told(outcome))
        assert Grid.objects.active().count() == 9


class TestDryRun:
    def test_tells_and_writes_nothing(self, load: Load, capsys: pytest.CaptureFixture[str]) -> None:
        outcome = load(f"{LIANGSAN},{OTHER},NEIGHBORHOOD,凉三,,,,,", apply=False)
        assert (outcome.applied, outcome.counts) == (False, {"移动": 1})
        call_command("import_grids", str(load.file))
        assert "试运行" in capsys.readouterr().out
        assert grid(LIANGSAN).parent.code == AREA
        call_command("import_grids", str(load.file), "--apply")
        assert "已写入：移动 1 个。" in capsys.readouterr().out
        assert grid(LIANGSAN).parent.code == OTHER

    def test_refusals_of_the_rules_show_in_it(self, load: Load, tree: Tree) -> None:
        factories.posted("zhang", tree.micro)
        outcome = load(f"{MICRO},{WENYUAN1},MICRO_UNIT,文苑一微1,,,2021-12-31,,", apply=False)
        assert told(outcome)[0].startswith("第 2 行：“文苑一微1”还不能停用：在任岗位 1 个")


NEW = f"310109016099,{AREA},NEIGHBORHOOD,甲"
NEIGHBORHOOD = f"310109016098,{AREA},NEIGHBORHOOD,新,,,,,"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f",{AREA},NEIGHBORHOOD,甲,,,,,", "第 3 行“网格编码”：请填网格编码。"),
        (f"31010901609,{AREA},NEIGHBORHOOD,甲,,,,,", "第 3 行“网格编码”：居民区的网格编码应为 12 位数字。"),
        (f"3.10109E+11,{AREA},NEIGHBORHOOD,甲,,,,,", "第 3 行“网格编码”：编码“3.10109E+11”被表格软件改成了"),
        (f"310109016097001,{WENYUAN1},MICRO_UNIT,甲,,,,,", "第 3 行“网格编码”：微单元编码的前 12 位应为"),
        (f"310109016098,{AREA},NEIGHBORHOOD,甲,,,,,", "第 3 行“网格编码”：编码 310109016098 与第 2 行重复。"),
        ("310109016099,310109016666,NEIGHBORHOOD,甲,,,,,", "第 3 行“上级编码”：表格和系统里都没有编码为 310109016666"),
        (f"310109016099,{STREET},NEIGHBORHOOD,甲,,,,,", "第 3 行“上级编码”：居民区的上级须为片区。"),
        (f"310109010000,{STREET},街道,甲,,,,,", "第 3 行“上级编码”：街道没有上级，此格请留空。"),
        ("310109016099,,NEIGHBORHOOD,甲,,,,,", "第 3 行“上级编码”：居民区的上级须为片区。"),
        (f"310109016099,{AREA},VILLAGE,甲,,,,,", "第 3 行“层级”：没有“VILLAGE”这个层级"),
        (f"{WENYUAN1},{STREET},AREA,文苑一,,,,,", "第 3 行“层级”：“文苑一”现为居民区，层级不能改"),
        (f"310109016099,{AREA},NEIGHBORHOOD,,,,,,", "第 3 行“名称”：请填网格名称。"),
        (f"310109016099,{AREA},NEIGHBORHOOD,{'长' * 61},,,,,", "第 3 行“名称”：太长，最多 60 个字。"),
        (f"{NEW},,2020-13-01,,,", "第 3 行“启用日期”：“2020-13-01”不是有效日期"),
        (f"{NEW},,去年,,,", "第 3 行“启用日期”：“去年”不是有效日期"),
        (f"{NEW},,2022-01-01,2021-01-01,,", "第 3 行“停用日期”：停用日期不能早于启用日期。"),
        (f"{NEW},,,{TODAY + timedelta(days=9)},,", "第 3 行“停用日期”：停用日期不能晚于今天"),
        (f"{NEW},,,,{WENYUAN1},", "第 3 行“停用日期”：写了并入网格，就要写停用日期。"),
        (f"{NEW},,,2021-01-01,310109016666,", "第 3 行“并入网格编码”：表格和系统里都没有"),
        (f"{NEW},,,2021-01-01,{AREA},", "第 3 行“并入网格编码”：并入的网格须为同一层级。"),
        (f"{NEW},,,2021-01-01,310109016099,", "第 3 行“并入网格编码”：并入关系绕回到了自己。"),
        (f"{NEW},,,,,也许", "第 3 行“示例划分”：请填 1 或 0（是或否）。"),
        (f"{AREA},{STREET},AREA,第三片区,,,2021-12-31,,", "第 2 行“上级编码”：上级网格 310109016603 已停用"),
    ],
)  # fmt: skip
def test_errors_name_row_and_column_and_nothing_is_written(load: Load, line: str, message: str) -> None:
    before = list(Grid.objects.order_by("pk").values())
    outcome = load(NEIGHBORHOOD, line)
    assert not outcome.applied
    assert any(told_one.startswith(message) for told_one in told(outcome)), told(outcome)
    assert list(Grid.objects.order_by("pk").values()) == before
    with pytest.raises(CommandError, match="没有写入任何内容"):
        call_command("import_grids", str(load.file), "--apply")


def test_all_errors_at_once(load: Load) -> None:
    assert len(told(load(",,,,,,,,x", "1,2,AREA,,,,,,"))) == 5


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("code,parent_code,kind,name,colour", "第 1 行“colour”：无法识别这个表头"),
        ("code,kind,name", "第 1 行“上级编码”：缺少这一列。"),
        ("code,编码,parent_code,kind,name", "第 1 行“网格编码”：有两列都是这个意思"),
    ],
)
def test_headers(load: Load, header: str, message: str) -> None:
    assert told(load("1,2,3,4,5", header=header))[0].startswith(message)


def test_headers_twice_or_none(load: Load) -> None:
    with pytest.raises(InvalidInput, match="表头重复：code"):
        load("1", header="code,code")
    with pytest.raises(InvalidInput, match="第 1 行应为表头"):
        load(header="")
    assert told(load()) == ["表格里没有数据行。"]


class TestFiles:
    def test_xlsx_as_excel_spoils_it(self, tree: Tree, tmp_path: Path) -> None:
        book = Workbook()
        sheet = book.active
        sheet.append(["网格编码", "上级编码", "层级", "名称", "启用日期", "报道数据", None])
        sheet.append(
            [310109016012.0, 310109016603, "居民区网格", "文苑二", datetime(2020, 1, 1), "小区：7；党员：90余"]
        )
        sheet.append([None, None, None, None])
        sheet.append([310109016012001.0, "310109016012", "微单元", "文苑二微1", "2020年1月1日"])
        book.save(tmp_path / "grids.xlsx")
        outcome = import_file(tmp_path / "grids.xlsx", apply=True)
        assert told(outcome) == []
        made = grid("310109016012")
        assert (made.valid_from, made.facts) == (date(2020, 1, 1), {"小区": "7", "党员": "90余"})
        assert grid("310109016012001").valid_from == date(2020, 1, 1)

    def test_row_numbers_are_those_of_the_sheet(self, tree: Tree, tmp_path: Path) -> None:
        book = Workbook()
        for line in (["网格编码", "上级编码", "层级", "名称"], [], [], ["1", AREA, "居民区", "甲"]):
            book.active.append(line)
        book.save(tmp_path / "grids.xlsx")
        assert told(import_file(tmp_path / "grids.xlsx", apply=True))[0].startswith("第 4 行“网格编码”")

    def test_csv_as_excel_saves_it_in_china(self, tree: Tree, tmp_path: Path) -> None:
        file = tmp_path / "grids.csv"
        file.write_text(f"网格编码,上级编码,层级,名称\n310109016012,{AREA},居民区,文苑二\n", encoding="gb18030")
        assert import_file(file, apply=True).counts == {"新增": 1}

    @pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"PK\x03\x04 not a book"])
    def test_not_a_table(self, tree: Tree, tmp_path: Path, content: bytes) -> None:
        for name in ("grids.csv", "grids.xlsx"):
            (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidInput, match="不是有效的 xlsx"):
            import_file(tmp_path / "grids.xlsx", apply=True)
        with pytest.raises(CommandError):
            call_command("import_grids", str(tmp_path / "grids.csv"))

    def test_no_such_file(self, db: None) -> None:
        with pytest.raises(CommandError, match="找不到文件"):
            call_command("import_grids", "nowhere.csv")

    @pytest.mark.parametrize("facts", ["{党员", "党员", "党员："])
    def test_facts_that_say_nothing(self, load: Load, facts: str) -> None:
        outcome = load(f"310109016012,{AREA},居民区,文苑二,{facts}", header="code,parent_code,kind,name,facts")
        assert told(outcome)[0].startswith("第 2 行“报道数据”")
