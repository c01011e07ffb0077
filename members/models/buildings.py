"""楼栋 and their other addresses: the address book."""

from typing import Any, Self

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from liangcheng.common.text import normalize
from members.models.base import Register
from members.models.units import ResidentUnit
from members.querysets import BuildingQuerySet


class Building(Register):
    """楼栋. Road, lane (弄) and number (号) are the address book that finds a case's micro-unit.

    Its 楼组长 is a party member or a resident contact, never both; without either nobody answers for it (R14).
    """

    unit = models.ForeignKey(ResidentUnit, models.PROTECT, related_name="buildings", verbose_name="所属单位")
    road = models.CharField("路名", max_length=40)
    lane = models.CharField("弄", max_length=10, blank=True, help_text="只填数字，没有弄号就空着。")
    number = models.CharField("号", max_length=20)
    stairs = models.PositiveSmallIntegerField("楼道数", null=True, blank=True)
    households = models.PositiveIntegerField("户数", null=True, blank=True)
    leader_member = models.ForeignKey(
        "members.PartyMember",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="led_buildings",
        verbose_name="楼组长（党员）",
    )
    leader_contact = models.ForeignKey(
        "members.ResidentContact",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="led_buildings",
        verbose_name="楼组长（非党员）",
    )

    objects = BuildingQuerySet.as_manager()

    class Meta:
        verbose_name = "楼栋"
        verbose_name_plural = "楼栋"
        ordering = ["road", "lane", "number"]
        indexes = [
            models.Index(fields=["community"], name="building_community"),
            models.Index(fields=["neighborhood"], name="building_neighborhood"),
            models.Index(fields=["micro_unit"], name="building_micro_unit"),
            models.Index(fields=["road", "lane", "number"], name="building_address"),
        ]
        constraints = [
            UniqueConstraint(fields=["community", "road", "lane", "number"], name="building_address_once"),
            CheckConstraint(
                name="building_has_one_leader",
                condition=Q(leader_member__isnull=True) | Q(leader_contact__isnull=True),
                violation_error_message="楼组长只填一位：党员或非党员。",
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.road, self.lane, self.number = map(normalize, (self.road, self.lane, self.number))
        self.name = self.name or self.address
        super().save(*args, **kwargs)

    @classmethod
    def after_regrid(cls, rows: "models.QuerySet[Self]") -> None:
        """Into another street the other addresses go along."""
        street = models.Subquery(cls.objects.filter(pk=models.OuterRef("building")).order_by().values("community_id"))
        BuildingAlias.objects.filter(building__in=rows).update(community_id=street)

    @property
    def address(self) -> str:
        """凉城路123弄4号."""
        return written_address(self.road, self.lane, self.number)

    @property
    def leader(self) -> Any:
        """The 楼组长: a PartyMember, a ResidentContact, or None."""
        return self.leader_member or self.leader_contact


class BuildingAlias(models.Model):
    """Another address of a building: a second gate, an old number, the road on its other side.

    Unique in a street, among the aliases; an alias must not be another building's own address (members/buildings.py).
    """

    building = models.ForeignKey(Building, models.CASCADE, related_name="aliases", verbose_name="楼栋")
    community = models.ForeignKey(
        "grids.Grid", models.PROTECT, null=True, editable=False, related_name="+", db_index=False, verbose_name="街道"
    )
    road = models.CharField("路名", max_length=40)
    lane = models.CharField("弄", max_length=10, blank=True)
    number = models.CharField("号", max_length=20, blank=True)

    class Meta:
        verbose_name = "其他地址"
        verbose_name_plural = "其他地址"
        ordering = ["road", "lane", "number"]
        indexes = [models.Index(fields=["road", "lane", "number"], name="alias_address")]
        constraints = [
            UniqueConstraint(
                fields=["community", "road", "lane", "number"],
                name="alias_address_once",
                violation_error_message="这个地址已经登记在另一幢楼名下。",
            )
        ]

    def __str__(self) -> str:
        return written_address(self.road, self.lane, self.number)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.road, self.lane, self.number = map(normalize, (self.road, self.lane, self.number))
        self.community_id = self.building.community_id
        super().save(*args, **kwargs)


def written_address(road: str, lane: str, number: str) -> str:
    """凉城路123弄4号; parts that are empty are left out."""
    return "".join((road, f"{lane}弄" if lane else "", f"{number}号" if number else ""))
