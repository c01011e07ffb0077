"""Text as it is typed in an office, brought to one form; personal data, masked."""

import re
import unicodedata

MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
# Ideographs of all planes and letters; between them the middle dot of minority names, or what foreign names have.
PERSON_NAME = re.compile(r"(?=.{2,30}\Z)[^\W\d_]+(?:[·‧ .'\-]+[^\W\d_]+)*\.?")
LANDLINE = re.compile(r"(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?", re.ASCII)
_BLANKS = re.compile(r"\s+")
_DOT = re.compile(r"\s*[·•‧・∙⋅․]\s*")
# On telephones the dot of a minority name becomes a full stop: 阿卜杜拉.买买提.
_LATIN_DOT = re.compile(r"(?<=[\u3400-\u9fff])\s*\.\s*(?=[\u3400-\u9fff])")
_INNER_BLANK = re.compile(r"(?<=[\u3400-\u9fff·\U00020000-\U0003ffff])\s+(?=[\u3400-\u9fff·\U00020000-\U0003ffff])")
_NOT_DIALLED = re.compile(r"[\s.·]")
_DASHES = re.compile(r"[\u2010-\u2015\u2212\u00ad—\-()]+")
# +86, 0086, or 86 before what is complete by itself.
_INLAND = re.compile(r"^-?(?:(?:\+|00)86-?|86-?(?=1[3-9]\d{9}\Z))", re.ASCII)
_EXTENSION = re.compile(r"转|分机|ext|x|#", re.IGNORECASE)
_LANDLINE_PARTS = re.compile(
    r"-?(?:(?P<area>0?10|0?2\d|0[3-9]\d{2}|[3-9]\d{2}(?=-))-?)?(?P<local>[2-9]\d{2,3}-?\d{4})(?:-(?P<extension>\d{1,6}))?",
    re.ASCII,
)
# Control characters and halves of pairs: no keyboard types them, and databases refuse some of them.
_DROPPED = {"Cc", "Cs"}


def normalize(text: str) -> str:
    """Full-width letters, digits and blanks become plain; control characters go; Unix line ends; no blank edges.

    Chinese punctuation is kept as typed: plain NFKC would turn it into ASCII, which no officer writes.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_fold(character) for character in text if _is_text(character)).strip()


def plain(text: str) -> str:
    """Names, numbers and codes: fully folded (NFKC), so that equal ones are stored equal and are found again.

    Here ideographs that only stand in for another (U+F9DC 隆) become the usual one; prose keeps what was typed.
    """
    return unicodedata.normalize("NFKC", normalize(text)).strip()


def normalize_name(text: str) -> str:
    """A person's name as registers write it: one middle dot, no blanks between ideographs (张　三)."""
    name = _BLANKS.sub(" ", plain(text))
    name = _DOT.sub("·", name)
    name = _LATIN_DOT.sub("·", name)
    return _INNER_BLANK.sub("", name)


def normalize_phone(text: str) -> str:
    """A number as it is dialled inland: 13812345678, 021-65551234, 021-65551234-801.

    Blanks, dashes, brackets and +86 go; what is no number comes back as it is, for the check to refuse.
    """
    text = plain(text)
    compact = _DASHES.sub("-", _NOT_DIALLED.sub("", text))
    compact = _INLAND.sub("", compact)
    digits = compact.replace("-", "")
    if MOBILE.fullmatch(digits):
        return digits
    parts = _LANDLINE_PARTS.fullmatch(_EXTENSION.sub("-", compact))
    if parts is None:
        return text
    area, local, extension = parts["area"] or "", parts["local"].replace("-", ""), parts["extension"] or ""
    if area and not area.startswith("0"):
        area = f"0{area}"
    return "-".join(part for part in (area, local, extension) if part)


def phone_spellings(phone: str) -> set[str]:
    """The number and how it may stand in rows that were stored before numbers had one form."""
    phone = normalize_phone(phone)
    area, _, rest = phone.partition("-")
    return {phone, area + rest} if rest else {phone}


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
    """A 统一社会信用代码 with a right check character (GB 32100-2015), in capitals: not I, O, S, V or Z."""
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
