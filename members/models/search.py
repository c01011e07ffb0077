"""What units and buildings are found by while somebody types."""

from django.db import models
from django.db.models import Index

from grids.models import GridAnchored
from grids.querysets import AnchoredQuerySet
from members.models.buildings import Building
from members.models.units import ResidentUnit
from members.searchwords import LONGEST_KEY


class SearchKey(GridAnchored):
    """One beginning by which a unit (without `building`) or a building is found; written by members/addressbook.py.

    Bytes, not text: both databases compare them byte by byte whatever their language, so an index answers "begins
    with" and gives the hits in order. A unit on the border of two grids has its keys in both.
    The name matters: tree writers lock rows in the order of the models' names, and these come after their rows.
    """

    unit = models.ForeignKey(ResidentUnit, models.CASCADE, related_name="search_keys", verbose_name="单位")
    building = models.ForeignKey(Building, models.CASCADE, null=True, related_name="search_keys", verbose_name="楼栋")
    place = models.PositiveSmallIntegerField("位置")
    key = models.BinaryField("检索词", max_length=LONGEST_KEY)
    # What was found, where it is not the row's own name or address.
    alias = models.CharField("其他地址", max_length=80, blank=True)

    objects = AnchoredQuerySet.as_manager()

    class Meta:
        verbose_name = "检索词"
        verbose_name_plural = "检索词"
        indexes = [
            Index(fields=["place", "key"], name="search_key_all"),
            Index(fields=["community", "place", "key"], name="search_key_community"),
            Index(fields=["area", "place", "key"], name="search_key_area"),
            Index(fields=["neighborhood", "place", "key"], name="search_key_neighborhood"),
            Index(fields=["micro_unit", "place", "key"], name="search_key_micro_unit"),
        ]

    def __str__(self) -> str:
        return str(self.building or self.unit)
