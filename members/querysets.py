"""Sets of registered people and units."""

from typing import Self

from django.db.models import Q

from grids.querysets import AnchoredQuerySet


class RegisterQuerySet(AnchoredQuerySet):
    """Rows of a register: they have a name, its pinyin initials, and are retired rather than deleted."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def search(self, text: str) -> Self:
        """Rows whose name or initials hold `text`."""
        word = text.strip()
        return self.filter(Q(name__icontains=word) | Q(name_pinyin__icontains=word.lower()))


class BuildingQuerySet(RegisterQuerySet):
    def search(self, text: str) -> Self:
        """Also by road, lane (弄) and number (号)."""
        word = text.strip()
        return self.filter(
            Q(name__icontains=word)
            | Q(name_pinyin__icontains=word.lower())
            | Q(road__icontains=word)
            | Q(lane=word)
            | Q(unit__name__icontains=word)
        )
