"""Addresses as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.addresses import Address, parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("凉城路123弄4号501室", ("凉城路", "123", "4", "501")),
        ("上海市虹口区凉城新村街道凉城路123弄4号501室", ("凉城路", "123", "4", "501")),
        ("上海市市光路12弄3号", ("市光路", "12", "3", "")),
        ("虹口区镇坪路3号", ("镇坪路", "", "3", "")),
        ("文苑一居民区 水电路29弄3号", ("水电路", "29", "3", "")),
        ("凉城路 123 弄 4 号楼 501", ("凉城路", "123", "4", "501")),
        ("凉城路123弄4-501", ("凉城路", "123", "4", "501")),
        ("凉城路123弄4号501", ("凉城路", "123", "4", "501")),
        ("凉城路123弄5支弄4号", ("凉城路", "123-5", "4", "")),
        ("凉城路123弄", ("凉城路", "123", "", "")),
        ("凉城路123弄小区4号", ("凉城路", "123", "4", "")),
        ("凉城路123弄4号3楼", ("凉城路", "123", "4", "")),
        ("凉城路123弄4甲号302", ("凉城路", "123", "4甲", "302")),
        ("广灵二路12号", ("广灵二路", "", "12", "")),
        ("凉城路410", ("凉城路", "", "410", "")),
        ("小区门口垃圾桶旁", ("小区门口垃圾桶旁", "", "", "")),
        ("", ("", "", "", "")),
    ],
)
def test_ways_of_writing(text: str, expected: tuple[str, str, str, str]):
    assert parse_address(text) == Address(*expected)


ROADS = st.sampled_from(["凉城路", "广灵二路", "汶水东路", "车站北路", "学府街", "市光路", "镇坪路"])
NUMBERS = st.integers(1, 9999).map(str)
WHOLE = st.builds(
    Address,
    road=ROADS,
    lane=st.one_of(st.just(""), NUMBERS, st.tuples(NUMBERS, NUMBERS).map("-".join)),
    number=NUMBERS,
    room=st.one_of(st.just(""), NUMBERS),
)
WIDE = str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10)))


@given(WHOLE)
def test_what_is_written_is_read_back(address: Address):
    assert parse_address(str(address)) == address


@given(WHOLE, st.sampled_from(["", " ", "  "]), st.booleans())
def test_spaces_wide_digits_and_a_missing_room_sign_change_nothing(address: Address, gap: str, wide: bool):
    words = re.split(r"(?<=[^0-9])(?=[0-9])|(?<=[0-9])(?=[^0-9])", str(address).removesuffix("室"))
    text = gap.join(words)
    assert parse_address(text.translate(WIDE) if wide else text) == address


@given(WHOLE, st.sampled_from(["上海市", "虹口区", "上海市虹口区", "凉城新村街道", "上海市虹口区凉城新村街道"]))
def test_the_town_before_it_changes_nothing(address: Address, town: str):
    assert parse_address(f"{town}{address}") == address


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str):
    found = parse_address(text)
    assert all(len(part) <= 200 for part in (found.road, found.lane, found.number, found.room))
