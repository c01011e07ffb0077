"""The compiled catalogue is the one that its source says."""

import gettext
from io import BytesIO

import pytest
from django.utils.translation import gettext as translated
from django.utils.translation import ngettext

from liangcheng.common.management.commands.compile_catalogue import catalogues, mo_bytes, read_po


def test_mo_is_up_to_date() -> None:
    assert catalogues()
    for path in catalogues():
        assert path.with_suffix(".mo").read_bytes() == mo_bytes(read_po(path.read_text("utf-8"))), path


def test_python_reads_what_we_write() -> None:
    po = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "One"\n"\\n"\nmsgstr "一"\n'
    read = gettext.GNUTranslations(BytesIO(mo_bytes(read_po(po))))
    assert read.gettext("One\n") == "一"


@pytest.mark.parametrize("sentence", ["Model name", "Select all", "Multiple values may be separated by commas."])
def test_sentences_are_chinese(sentence: str) -> None:
    assert translated(sentence) != sentence


def test_plural() -> None:
    short = "This password is too short. It must contain at least %d character."
    assert ngettext(short, short.replace("character.", "characters."), 8) % 8 == "密码太短，至少 8 位。"
