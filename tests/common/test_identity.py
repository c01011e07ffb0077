"""Identity numbers can be right or wrong by themselves; sealed, they open for their row only."""

from base64 import b64encode
from datetime import date
from random import Random

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from liangcheng.common import sealing
from liangcheng.common.checks import check_access_log, check_identity_keys
from liangcheng.common.identity import (
    birth_date,
    check_character,
    is_identity_number,
    mask_identity,
    normalize_identity,
)
from tests.examples import MANY

TODAY = date(2026, 11, 25)
KEY = b64encode(Random(1).randbytes(32)).decode()
OTHER_KEY = b64encode(Random(2).randbytes(32)).decode()
# The standard's own example, and invented ones: 上海, 香港, 澳门, 台湾.
KNOWN = ["11010519491231002X", "440524188001010014", "310109198501010017"]


def number(region: str, born: date, serial: int) -> str:
    body = f"{region}{born:%Y%m%d}{serial:03}"
    return body + check_character(body)


def test_the_examples_of_the_standard():
    assert is_identity_number("11010519491231002X", TODAY)
    # GB 11643's second example is right but for its year: nobody alive was born in 1880.
    assert check_character("44052418800101001") == "4"
    assert not is_identity_number("440524188001010014", TODAY)


@given(
    st.sampled_from(["310109", "110105", "650102", "710000", "810000", "820000", "830000"]),
    st.dates(date(1900, 1, 1), TODAY),
    st.integers(0, 999),
)
@trying(max_examples=MANY // 4)
def test_right_ones(region: str, born: date, serial: int):
    found = number(region, born, serial)
    assert is_identity_number(found, TODAY)
    assert birth_date(found) == born
    assert normalize_identity(f" {found[:6]} {found[6:14]}-{found[14:].lower()}") == found
    assert mask_identity(found) == f"{found[:3]}***********{found[-4:]}"


@given(st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999), st.integers(0, 17), st.sampled_from("0123456789X"))
@trying(max_examples=MANY // 4)
def test_one_wrong_character_shows(born: date, serial: int, place: int, character: str):
    right = number("310109", born, serial)
    changed = right[:place] + character + right[place + 1 :]
    assert is_identity_number(changed, TODAY) == (changed == right)


@given(st.text(max_size=20) | st.text(alphabet="0123456789xX１²", min_size=17, max_size=19))
@trying(max_examples=MANY // 4)
def test_anything_else_is_refused_without_failing(text: str):
    assert not is_identity_number(text, TODAY) or normalize_identity(text) == text


@pytest.mark.parametrize(
    ("region", "born"),
    [("310109", date(2026, 11, 26)), ("310109", date(1899, 12, 31)), ("000000", date(1990, 1, 1))],
)
def test_regions_and_days(region: str, born: date):
    assert not is_identity_number(number(region, born, 1), TODAY)
    body = "31010919900230001"
    assert not is_identity_number(body + check_character(body), TODAY)


# -- sealed


@pytest.fixture
def key(settings) -> None:
    settings.IDENTITY_KEY, settings.IDENTITY_KEYS_OLD = KEY, []


@given(st.text(max_size=30), st.text(min_size=1, max_size=30))
@trying(max_examples=100)
def test_opens_for_its_row_only(text: str, row: str):
    from django.test import override_settings

    with override_settings(IDENTITY_KEY=KEY, IDENTITY_KEYS_OLD=[]):
        sealed = sealing.seal(text, row)
        assert sealing.unseal(sealed, row) == text
        assert sealing.seal(text, row) != sealed
        for wrong_row, wrong in ((row + "1", sealed), (row, sealed[:-5] + "AAAA="), (row, ""), (row, "x:y")):
            with pytest.raises(sealing.CannotOpen) as refused:
                sealing.unseal(wrong, wrong_row)
            assert text not in str(refused.value) or len(text) < 20


def test_a_new_key_opens_what_the_old_one_sealed_while_it_is_known(settings, key):
    sealed, digest = sealing.seal("11010519491231002X", "r:1"), sealing.digest("11010519491231002X")
    assert "11010519491231002X" not in sealed + digest
    settings.IDENTITY_KEY, settings.IDENTITY_KEYS_OLD = OTHER_KEY, [KEY]
    assert sealing.unseal(sealed, "r:1") == "11010519491231002X"
    assert digest in sealing.digests("11010519491231002X")
    assert sealing.digest("11010519491231002X") != digest
    settings.IDENTITY_KEYS_OLD = []
    with pytest.raises(sealing.CannotOpen):
        sealing.unseal(sealed, "r:1")


@pytest.mark.parametrize("bad", ["", "short", b64encode(b"k" * 32).decode(), b64encode(b"x" * 31).decode(), "é" * 44])
def test_a_key_that_is_none_is_refused_at_the_start(settings, bad: str):
    settings.IDENTITY_NUMBERS, settings.IDENTITY_KEY, settings.IDENTITY_KEYS_OLD = True, bad, []
    assert [fault.id for fault in check_identity_keys(None)] == ["liangcheng.E006"]
    with pytest.raises(ImproperlyConfigured):
        sealing.seal("x", "r:1")
    settings.IDENTITY_KEY, settings.IDENTITY_KEYS_OLD = KEY, [bad]
    assert check_identity_keys(None)
    settings.IDENTITY_NUMBERS = False
    assert check_identity_keys(None) == []


def test_records_of_use_are_kept_for_180_days(settings):
    for days, expected in ((1095, []), (180, []), (179, ["liangcheng.E007"])):
        settings.ACCESS_LOG_DAYS = days
        assert [fault.id for fault in check_access_log(None)] == expected
