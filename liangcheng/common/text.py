"""Text as it is typed in an office, brought to one form; personal data, masked."""

import re
import unicodedata

MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?")


def normalize(text: str) -> str:
    """NFKC (full-width digits and letters become plain), no NUL, no blank edges, Unix line ends.

    Chinese punctuation is kept as typed: NFKC would turn ",:;!?()" into ASCII, which no officer writes.
    """
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_fold(character) for character in text).strip()


def _fold(character: str) -> str:
    if "\uff01" <= character <= "\uff5e" and not character_is_word(character):
        return character
    return unicodedata.normalize("NFKC", character) if character_is_wide(character) else character


def character_is_word(character: str) -> bool:
    return unicodedata.normalize("NFKC", character).isalnum()


def character_is_wide(character: str) -> bool:
    return "\uff00" <= character <= "\uffef" or character == "\u3000"


def is_phone(text: str) -> bool:
    """A mainland mobile number, or a landline with or without area code."""
    return bool(MOBILE.fullmatch(text) or LANDLINE.fullmatch(text))


def mask_phone(phone: str) -> str:
    """13812345678 → 138****5678; a landline keeps its area code and last four digits."""
    if not phone:
        return ""
    if MOBILE.fullmatch(phone):
        return f"{phone[:3]}****{phone[-4:]}"
    area, _, rest = phone.rpartition("-")
    return f"{area}-****{rest[-4:]}" if area else f"****{phone[-4:]}"


def mask_name(name: str) -> str:
    """张伟 → 张*, 欧阳明日 → 欧***."""
    return name[:1] + "*" * (len(name) - 1) if name else ""
