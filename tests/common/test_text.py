"""Typed text in one form; masking; pinyin."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from liangcheng.common.fields import BAD_PHONE, NameInput, PhoneInput, PhoneValidator
from liangcheng.common.pinyin import initials
from liangcheng.common.text import (
    LANDLINE,
    is_person_name,
    is_phone,
    is_uscc,
    mask_name,
    mask_phone,
    normalize,
    normalize_name,
    normalize_phone,
    phone_spellings,
    plain,
)
from tests.examples import MANY


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


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("138 1234 5678", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("+86 138–1234–5678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("　１３８１２３４５６７８", "13812345678"),
        ("02165551234", "021-65551234"),
        ("021 6555 1234", "021-65551234"),
        ("（021）65551234转801", "021-65551234-801"),
        ("(021)65551234-801", "021-65551234-801"),
        ("+86 21 65551234", "021-65551234"),
        ("0573－82345678", "0573-82345678"),
        ("6555-1234", "65551234"),
        ("65551234", "65551234"),
    ],
)
def test_phones_in_one_form(typed: str, kept: str):
    assert normalize_phone(typed) == kept
    assert is_phone(kept)
    assert PhoneInput().clean(typed) == kept


@pytest.mark.parametrize(
    "typed", ["12812345678", "1381234567", "138123456789", "找王阿姨", "١٣٨١٢٣٤٥٦٧٨", "021-1234", "110"]
)
def test_what_is_no_phone_stays_as_typed_and_is_refused(typed: str):
    assert normalize_phone(typed) == typed
    for check in (PhoneInput().clean, PhoneValidator("", BAD_PHONE)):
        with pytest.raises(ValidationError, match="11 位手机号"):
            check(normalize_phone(typed))


@given(st.text(alphabet="0123456789 +-()转８x", max_size=20) | st.text(max_size=20))
@settings(max_examples=MANY // 4)
def test_folding_is_stable(text: str):
    for fold in (normalize_phone, normalize_name, plain):
        assert fold(fold(text)) == fold(text)


@given(st.from_regex(LANDLINE, fullmatch=True))
@settings(max_examples=MANY // 4)
def test_every_landline_is_one_in_one_form(number: str):
    kept = normalize_phone(number)
    assert is_phone(kept)
    assert kept.replace("-", "") == number.replace("-", "")
    assert kept in phone_spellings(number)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("张　三", "张三"),
        (" 欧阳 明日 ", "欧阳明日"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉 ‧ 买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉．买买提", "阿卜杜拉·买买提"),
        ("Ｊohn  Smith Jr.", "John Smith Jr."),
        ("隆平", "隆平"),
    ],
)
def test_names_in_one_form(typed: str, kept: str):
    assert normalize_name(typed) == kept
    assert is_person_name(kept)
    assert NameInput().clean(typed) == kept


@pytest.mark.parametrize("typed", ["张", "张3", "·张三", "张" * 31, "张三@", "", "13812345678"])
def test_not_names(typed: str):
    assert not is_person_name(normalize_name(typed))


_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@given(st.text(alphabet=_ALPHABET, min_size=9, max_size=9))
@settings(max_examples=200)
def test_uscc_follows_the_standard(tail: str):
    """GB 32100-2015, reckoned here a second time."""
    from stdnum.cn import uscc

    body = f"91310109{tail}"
    check = _ALPHABET[(31 - sum(w * _ALPHABET.index(c) for w, c in zip(_WEIGHTS, body, strict=True)) % 31) % 31]
    assert uscc.calc_check_digit(body) == check
    assert is_uscc(body + check)
    assert not is_uscc(body + _ALPHABET[(_ALPHABET.index(check) + 1) % 31])


@pytest.mark.parametrize("code", ["914403001922038216", "9144030071526726XG", "91110000600037341L"])
def test_uscc_of_known_companies(code: str):
    assert is_uscc(code)
    for wrong in (code[:-1], code + "0", code.replace("9", "O", 1), code[1:] + code[0]):
        assert not is_uscc(wrong)
