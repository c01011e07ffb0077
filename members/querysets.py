"""Sets of registered people and units."""

from typing import Self

from django.db.models import Q

from grids.querysets import AnchoredQuerySet


def _words(text: str) -> list[str]:
    """What to look for: every word must occur. Nobody types more than five on purpose."""
    return text.split()[:5]


class RegisterQuerySet(AnchoredQuerySet):
    """Rows of a register: they have a name, its pinyin initials, and are retired rather than deleted."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def search(self, text: str) -> Self:
        """Rows whose name or initials hold every word of `text`."""
        found = self
        for word in _words(text):
            found = found.filter(self._holds(word))
        return found

    def _holds(self, word: str) -> Q:
        return Q(name__icontains=word) | Q(name_pinyin__icontains=word.lower())


class UnitQuerySet(RegisterQuerySet):
    """成员单位."""

    def _holds(self, word: str) -> Q:
        return super()._holds(word) | Q(address__icontains=word) | Q(code=word)


class BuildingQuerySet(RegisterQuerySet):
    """楼栋: also by road, lane (弄) and the unit's name."""

    def _holds(self, word: str) -> Q:
        return super()._holds(word) | Q(road__icontains=word) | Q(lane=word) | Q(unit__name__icontains=word)
