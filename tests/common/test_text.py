"""Typed text in one form; masking; pinyin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liangcheng.common.pinyin import initials
from liangcheng.common.text import is_phone, mask_name, mask_phone, normalize


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u3000３号楼，渗水（严重）！ ", "3号楼，渗水（严重）！"),
        ("a\x00b\x07c", "abc"),
        ("一\r\n二\r三", "一\n二\n三"),
        ("半\ud800边", "半边"),
        ("😀 好", "😀 好"),
        ("Ａｂｃ１２３", "Abc123"),
        ("", ""),
    ],
)
def test_normalize(typed: str, kept: str):
    assert normalize(typed) == kept


@given(st.text())
def test_normalize_is_stable_and_storable(text: str):
    once = normalize(text)
    assert normalize(once) == once
    assert "\x00" not in once.encode("utf-8").decode("utf-8")


@pytest.mark.parametrize("phone", ["13800000000", "021-65550000", "65550000", "02165550000", "021-65550000-801"])
def test_phones(phone: str):
    assert is_phone(phone)
    assert phone[-8:-4] not in mask_phone(phone)[:-4] or phone.endswith("801")


@pytest.mark.parametrize("wrong", ["1380000000", "12800000000", "138000000001", "abc", "１３８０００００００0", ""])
def test_not_phones(wrong: str):
    assert not is_phone(wrong)


def test_masks():
    assert mask_phone("13812345678") == "138****5678"
    assert mask_phone("021-65551234") == "021-****1234"
    assert mask_phone("") == mask_name("") == ""
    assert mask_name("张伟") == "张*"
    assert mask_name("欧阳明日") == "欧***"


@pytest.mark.parametrize(
    ("name", "found"), [("文苑一", "wyy"), ("重庆路", "cql"), ("长安", "ca"), ("A座3号", "az3h"), ("凉三", "ls")]
)
def test_initials_hold_every_reading(name: str, found: str):
    assert found in initials(name).split()
