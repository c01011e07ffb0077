"""Initials for search: 文苑一 → "wyy". Names with a sound of several readings give every reading's initials."""

from itertools import islice, product

# What a column of initials holds.
LONGEST = 200


def initials(text: str, limit: int = 8) -> str:
    """Initials of `text`, all readings, space-separated and sorted: 重庆 → "cq zq".

    At most `limit` variants, and as many as fit a column. Letters and digits stay themselves; everything else is
    left out. pypinyin is heavy (57 MB), so it is loaded on first use: call this when saving, never while answering
    a search.
    """
    from pypinyin import Style, pinyin

    kept = "".join(character for character in text if character.isalnum())
    # One character at a time, or letters and digits would come back as one lump.
    options = [
        # The commonest reading first, so that the limit cuts off the rare ones.
        list(dict.fromkeys(r.lower()[:1] for r in pinyin(character, Style.FIRST_LETTER, heteronym=True)[0] if r))
        for character in kept
    ]
    fitting = max(1, (LONGEST + 1) // (len(options) + 1))
    variants = {"".join(letters)[:LONGEST] for letters in islice(product(*options), min(limit, fitting))}
    return " ".join(sorted(variants))
