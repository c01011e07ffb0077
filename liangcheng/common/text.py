"""Text as it is typed in an office, brought to one form; personal data, masked."""

import re
import unicodedata

MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
# Ideographs of all planes and letters; between them the middle dot of minority names, or what foreign names have.
PERSON_NAME = re.compile(r"(?=.{2,30}\Z)[^\W\d_]+(?:[·‧ .'\-]+[^\W\d_]+)*\.?")
LANDLINE = re.compile(r"(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?", re.ASCII)
_IDEOGRAPH = "[\u3400-\u9fff\U00020000-\U0003ffff]"
_BLANK_IN_NAME = re.compile(f"(?<={_IDEOGRAPH}) (?={_IDEOGRAPH})|(?<=·) | (?=·)")
_DOTS = re.compile("[\u2027\u2022\u30fb\uff65\u22c5\u2219]")
# Control characters and halves of pairs: no keyboard types them, and databases refuse some of them.
_DROPPED = {"Cc", "Cs"}


def normalize(text: str) -> str:
    """Full-width letters, digits and blanks become plain; control characters go; Unix line ends; no blank edges.

    Chinese punctuation is kept as typed: plain NFKC would turn it into ASCII, which no officer writes.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_fold(character) for character in text if _is_text(character)).strip()


def normalize_name(text: str) -> str:
    """A person's name in one form: no blank between Chinese characters ("王　明"), one kind of middle dot."""
    name = _DOTS.sub("·", " ".join(normalize(text).split()))
    return _BLANK_IN_NAME.sub("", name)


def normalize_phone(text: str) -> str:
    """A number as it is dialled: without blanks, and without the hyphens that some put into a mobile."""
    phone = normalize(text).replace(" ", "")
    digits = phone.replace("-", "")
    return digits if MOBILE.fullmatch(digits) else phone


def whole(text: str) -> str:
    """With halves of surrogate pairs as "?": an answer that quotes what was sent must be encodable."""
    return text.encode("utf-8", "replace").decode()


def _is_text(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in _DROPPED


def _fold(character: str) -> str:
    if not ("\uff01" <= character <= "\uffee" or character == "\u3000"):
        return character
    plain = unicodedata.normalize("NFKC", character)
    return plain if plain.isalnum() or plain.isspace() else character


def is_phone(text: str) -> bool:
    """A mainland mobile number, or a landline with or without area code."""
    return bool(MOBILE.fullmatch(text) or LANDLINE.fullmatch(text))


def is_person_name(text: str) -> bool:
    """2–30 Chinese characters or letters; the middle dot of minority names, and blanks between foreign ones."""
    return bool(PERSON_NAME.fullmatch(text))


def is_uscc(text: str) -> bool:
    """A 统一社会信用代码 with a right check character (GB 32100-2015), in capitals."""
    from stdnum.cn import uscc  # only forms and imports need it

    return len(text) == 18 and bool(uscc.is_valid(text))


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
