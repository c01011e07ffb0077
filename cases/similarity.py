"""How alike two short Chinese texts are, by pairs of neighbouring characters. Pure: knows no row.

No word list and no model: officers write a line or two, and what two of them say of one leak shares its pairs
(渗水, 发霉) whatever the order.
"""

import re
import unicodedata

# From here on two texts are taken to be about the same thing; tuned on the table in tests/cases/test_similarity.py.
ALIKE = 0.4
# A short text that a long one contains says the same, but with less certainty than an equal one.
_CONTAINED = 0.8
# Below so many pairs "contained" means nothing: 楼道 is in half of all cases.
_ENOUGH_PAIRS = 3
# Words that say where or how it was said, not what is the matter.
_COMMONPLACE = re.compile(
    "居民|群众|来电|反映|反应|投诉|小区|门口|附近|旁边|楼道|楼下|这里|那里|有人|发现|巡查|现场|希望|尽快|处理|解决|严重|非常|需要|请"
)


def alikeness(one: str, other: str) -> float:
    """0 (nothing in common) to 1 (the same), the same both ways. Case, width, punctuation and emoji do not count."""
    first, second = _pairs(one), _pairs(other)
    if not first or not second:
        return float(one == other)
    common = len(first & second)
    score = common / len(first | second)
    fewest = min(len(first), len(second))
    return max(score, _CONTAINED * common / fewest) if fewest >= _ENOUGH_PAIRS else score


def _pairs(text: str) -> frozenset[str]:
    """The text's pairs of neighbouring characters; of a single character, that one."""
    plain = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).lower()))
    # A text of nothing but commonplaces keeps them.
    plain = _COMMONPLACE.sub("", plain) or plain
    return frozenset(plain[start : start + 2] for start in range(max(1, len(plain) - 1))) if plain else frozenset()
