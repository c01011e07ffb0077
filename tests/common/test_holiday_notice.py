"""The yearly notice: the real ones, tables, what is refused and how, and everything formatted is read back."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liangcheng.common.calendar_year import plan_of, year_of
from liangcheng.common.holiday_notice import MAX_LINES, Notice, read_notice, spoken, weekday

FIXTURE = Path(__file__).parents[2] / "fixtures" / "calendar.csv"
NOTICES = {
    2024: """国务院办公厅关于2024年
部分节假日安排的通知
国办发明电〔2023〕7号
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
　　经国务院批准，现将2024年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
　　一、元旦：1月1日放假，与周末连休。
　　二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。
　　三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。
　　四、劳动节：5月1日至5日放假调休，共5天。4月28日（星期日）、5月11日（星期六）上班。
　　五、端午节：6月10日放假，与周末连休。
　　六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。
　　七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。
　　节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作，遇有重大突发事件，要按规定及时报告并妥善处置。
国务院办公厅
2023年10月25日
""",
    2025: """一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。
""",
    2026: """一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
""",
}
NEW_YEAR = {
    date(2026, 1, 1): (False, "元旦"),
    date(2026, 1, 2): (False, "元旦"),
    date(2026, 1, 4): (True, "调休上班（元旦）"),
}


def fixture_of(year: int) -> dict[date, tuple[bool, str]]:
    with FIXTURE.open(encoding="utf-8-sig") as file:
        rows = [(date.fromisoformat(row["day"]), row) for row in csv.DictReader(file)]
    return {day: (row["is_workday"] == "1", row["note"]) for day, row in rows if day.year == year}


@pytest.mark.parametrize("year", NOTICES)
@pytest.mark.parametrize("in_one_line", [False, True])
def test_the_real_notices_give_the_days_of_the_fixture(year: int, in_one_line: bool) -> None:
    items = [line.strip() for line in NOTICES[year].splitlines() if line.strip()[1:2] == "、"]
    notice = read_notice("".join(items) if in_one_line else NOTICES[year], year)
    assert notice.problems == []
    wanted = fixture_of(year)
    if year == 2025:
        # The notice names both holidays of the week together; the fixture tells them apart.
        both = {
            "国庆节": "国庆节、中秋节",
            "中秋节": "国庆节、中秋节",
            "调休上班（国庆节）": "调休上班（国庆节、中秋节）",
        }
        wanted = {day: (works, both.get(note, note)) for day, (works, note) in wanted.items()}
    assert notice.days == wanted


def test_the_words_around_the_holidays_are_named_as_unused() -> None:
    assert [line for line, _ in read_notice(NOTICES[2024], 2024).unused] == [1, 2, 3, 4, 5, 13, 14, 15]


@pytest.mark.parametrize(
    "line",
    [
        "元旦 1月1日至3日 放假，1月4日上班",
        "元旦\t2026-01-01~2026-01-03\t2026-01-04",
        "元旦\t1月1日（周四）至3日（周六）\t3天\t1月4日（周日）",
        "元旦,1月1日至1月3日,1月4日上班",
        "元旦，１月１日－３日，１月４日",
        "1. 元旦 1.1-1.3 1.4",
        "元旦 2026/1/1 — 2026/1/3 上班：2026/1/4",
        "2026年元旦放假时间为1月1日、2日、3日；1月4日（休息日）补班",
        "节日 放假日期 调休上班日\n元旦 1月1日到3日\n1月4日上班",
        "\r\n元旦 1月1日至3放假 \r\n\r\n元旦 1月4日 上班",
    ],
)
def test_tables_are_read_as_an_office_types_them(line: str) -> None:
    notice = read_notice(line, 2026)
    assert notice.problems == []
    assert notice.days == NEW_YEAR


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("春节 2月30日 放假", "没有“2月30日”这一天"),
        ("春节 13月1日 放假", "没有“13月1日”这一天"),
        ("劳动节 5月1日（周四）放假", "5月1日是周五，这里写的是周四"),
        ("劳动节 5月1日至5日放假，共6天", "共 6 天，按日期算是 5 天"),
        ("劳动节 5月1日放假，5月1日上班", "5月1日在这一行前面写的是放假，这里写的是上班"),
        ("元旦 1月4日 放假", "1月4日在第 1 行写的是上班，这里写的是放假"),
        ("国庆节 10月7日至1日", "前后颠倒"),
        ("元旦 12月30日至次年1月1日", "“次年”不在 2026 年"),
        ("元旦 12月30日至1月1日", "“12月30日至1月1日”不在 2026 年"),
        ("元旦 2025年12月31日至2026年1月1日", "“2025年12月31日”不在 2026 年"),
        ("国庆节 1月10日至10月7日", "请核对起止日期"),
        ("国务院办公厅关于2025年部分节假日安排的通知", "这里写的是 2025 年，正在录入的是 2026 年"),
        ("清明节", "没有读出日期"),
        ("清明节 3天", "没有读出日期"),
        ("清明节 四月四日", "日期请用数字写"),
        ("清明节 5日放假", "没有写月份"),
        ("清明节 4月6日放假，电话 65550000", "“65550000”看不懂"),
        ("清明节 4月6日放假，4月7日上班", "4月7日是周二，平常就上班"),
        (f"{'很长' * 12}节 4月6日放假", "太长"),
    ],
)
def test_errors_name_their_line_and_say_what_to_do(line: str, words: str) -> None:
    notice = read_notice(f"元旦 1月1日至3日 放假，1月4日上班\n\n{line}", 2026)
    assert [problem.line for problem in notice.problems] == [3]
    assert words in str(notice.problems[0])
    assert str(notice.problems[0]).startswith("第 3 行：")
    assert notice.days == {}


def test_errors_of_the_whole_text() -> None:
    assert "没有读出放假安排" in str(read_notice("您好\n", 2026).problems[0])
    assert "请只粘贴放假安排" in str(read_notice("\n" * MAX_LINES, 2026).problems[0])
    assert "没有节日名称" in str(read_notice("1月1日放假", 2026).problems[0])


def test_two_holidays_on_one_day_are_both_named() -> None:
    notice = read_notice("国庆节 10月1日至8日\n中秋节 10月6日", 2025)
    assert notice.days[date(2025, 10, 6)] == (False, "国庆节、中秋节")


@given(st.text(max_size=300), st.integers(2000, 2100))
def test_nothing_breaks_the_reader(text: str, year: int) -> None:
    notice = read_notice(text, year)
    assert bool(notice.problems) != bool(notice.days or notice.weekends)


@st.composite
def holidays(draw: st.DrawFn) -> tuple[int, list[tuple[str, date, date, list[date]]]]:
    """A year with holidays that do not touch each other: name, first and last day off, worked days."""
    year = draw(st.integers(2000, 2100))
    names = draw(
        st.lists(st.sampled_from(["元旦", "春节", "清明节", "劳动节", "国庆节、中秋节"]), min_size=1, unique=True)
    )
    made = []
    for place, name in enumerate(names):
        first = date(year, 1 + 2 * place, 1) + timedelta(days=draw(st.integers(0, 20)))
        last = first + timedelta(days=draw(st.integers(0, 8)))
        days = [last + timedelta(days=step) for step in range(1, 15)]
        weekend = [day for day in days if day.weekday() >= 5]
        made.append((name, first, last, sorted(draw(st.sets(st.sampled_from(weekend), max_size=2)))))
    return year, made


def _sentence(name: str, first: date, last: date, worked: list[date]) -> str:
    def day(found: date) -> str:
        return f"{spoken(found)}（{weekday(found)}）"

    until = "" if first == last else f"至{day(last)}"
    works = "、".join(map(day, worked))
    return f"{name}：{day(first)}{until}放假调休，共{(last - first).days + 1}天。" + (
        f"{works}上班。" if worked else ""
    )


def _columns(name: str, first: date, last: date, worked: list[date]) -> str:
    until = "" if first == last else f"~{last}"
    return f"{name}\t{first}{until}\t{'、'.join(map(str, worked))}"


@given(holidays(), st.sampled_from([_sentence, _columns]))
def test_what_is_formatted_is_read_back(made: tuple[int, list[tuple[str, date, date, list[date]]]], style) -> None:
    year, stated = made
    notice = read_notice("\n".join(style(*holiday) for holiday in stated), year)
    assert notice.problems == []
    wanted, weekends = {}, set()
    for name, first, last, worked in stated:
        for day in (first + timedelta(days=step) for step in range((last - first).days + 1)):
            if day.weekday() < 5:
                wanted[day] = (False, name)
            else:
                weekends.add(day)
        wanted |= dict.fromkeys(worked, (True, f"调休上班（{name}）"))
    assert notice.days == wanted
    assert notice.weekends == weekends


# -- what it would change, and the year as it is shown


def test_a_plan_tells_new_changed_removed_and_kept() -> None:
    notice = read_notice("元旦 1月1日至4日 放假\n春节 2月16日 放假", 2026)
    known = {
        date(2026, 1, 1): (True, "值班"),
        date(2026, 1, 3): (False, "元旦"),
        date(2026, 1, 4): (True, "调休上班"),
        date(2026, 2, 16): (False, "春节"),
        date(2026, 7, 1): (False, "台风"),
    }
    plan = plan_of(notice, known, replace=False)
    assert plan.changes == {
        date(2026, 1, 1): (False, "元旦"),
        date(2026, 1, 2): (False, "元旦"),
        date(2026, 1, 4): None,
    }
    assert [step.day.day for step in plan.new] == [2]
    assert [(step.before, step.after) for step in plan.changed] == [("上班：值班", "休息：元旦")]
    assert [(step.name, step.after) for step in plan.removed] == [("1月4日（周日）", "平常（休息）")]
    assert [step.name for step in plan.kept] == ["7月1日（周三）"]
    replaced = plan_of(notice, known, replace=True)
    assert replaced.changes == {**plan.changes, date(2026, 7, 1): None}
    assert replaced.kept == []
    assert plan_of(Notice(), {}, replace=True).changes == {}


def test_the_year_counts_and_names_its_days() -> None:
    year = year_of(2026, fixture_of(2026))
    assert (year.off, year.extra, year.workdays, year.entered) == (19, 6, 248, True)
    assert year.months[1].legend == [("班", "14、28日 调休上班（春节）"), ("休", "16—20、23日 春节")]
    assert [len(month.weeks) for month in year.months][:2] == [5, 5]
    assert not year_of(2027, {}).entered
