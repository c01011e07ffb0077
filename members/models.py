"""Registers of who and what is anchored to the grid: party organizations, members, units, buildings."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from simple_history import register

from grids.models import GridAnchored
from liangcheng.common.models import TimestampedModel
from liangcheng.common.pinyin import initials
from liangcheng.common.text import mask_name, mask_phone, normalize
from members.choices import MemberKind, OrganizationKind, UnitKind
from members.querysets import BuildingQuerySet, RegisterQuerySet, UnitQuerySet

PHONE = RegexValidator(
    r"^(1[3-9]\d{9}|(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?)$", "请填 11 位手机号，或带区号的座机（如 021-65551234）。"
)


class Register(GridAnchored, TimestampedModel):
    """A named row of a register; retired, not deleted."""

    name = models.CharField("名称", max_length=80)
    name_pinyin = models.CharField("拼音首字母", max_length=200, editable=False, blank=True)
    note = models.CharField("备注", max_length=300, blank=True)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = normalize(self.name)
        self.name_pinyin = initials(self.name)
        super().save(*args, **kwargs)


class PartyOrganization(Register):
    """党组织. A 党小组 hangs under a 党支部, and so up to the 党工委."""

    kind = models.CharField("类别", max_length=20, choices=OrganizationKind.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级党组织"
    )
    founded_on = models.DateField("成立日期", null=True, blank=True)

    objects = RegisterQuerySet.as_manager()

    class Meta:
        verbose_name = "党组织"
        verbose_name_plural = "党组织"
        ordering = ["kind", "name"]
        indexes = [
            models.Index(fields=["community"], name="organization_community"),
            models.Index(fields=["neighborhood"], name="organization_neighborhood"),
        ]
        constraints = [UniqueConstraint(fields=["grid", "kind", "name"], name="organization_once_per_grid")]


class ResidentUnit(Register):
    """成员单位: 小区、楼宇园区、驻区单位、沿街商铺. What a micro-unit is made of (R6)."""

    code = models.CharField("单位编号", max_length=20, unique=True)
    kind = models.CharField("类别", max_length=15, choices=UnitKind.choices)
    address = models.CharField("地址", max_length=150, blank=True)
    households = models.PositiveIntegerField("户数", null=True, blank=True)
    contact_name = models.CharField("联系人", max_length=30, blank=True)
    contact_phone = models.CharField("联系电话", max_length=20, blank=True, validators=[PHONE])
    assumed = models.BooleanField("示例数据，待街道确认", default=False)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = "成员单位"
        verbose_name_plural = "成员单位"
        ordering = ["code"]
        indexes = [
            models.Index(fields=["community"], name="unit_community"),
            models.Index(fields=["neighborhood"], name="unit_neighborhood"),
            models.Index(fields=["micro_unit"], name="unit_micro_unit"),
        ]

    @property
    def masked_contact(self) -> str:
        """王* 138****5678: enough to know whom to ask for in the admin."""
        return f"{mask_name(self.contact_name)} {mask_phone(self.contact_phone)}".strip()


class Building(Register):
    """楼栋. Road, lane (弄) and number (号) are the address book that finds a case's micro-unit."""

    unit = models.ForeignKey(ResidentUnit, models.PROTECT, related_name="buildings", verbose_name="所属单位")
    road = models.CharField("路名", max_length=40)
    lane = models.CharField("弄", max_length=10, blank=True, help_text="只填数字，没有弄号就空着。")
    number = models.CharField("号", max_length=20)
    stairs = models.PositiveSmallIntegerField("楼道数", null=True, blank=True)
    households = models.PositiveIntegerField("户数", null=True, blank=True)

    objects = BuildingQuerySet.as_manager()

    class Meta:
        verbose_name = "楼栋"
        verbose_name_plural = "楼栋"
        ordering = ["road", "lane", "number"]
        indexes = [
            models.Index(fields=["community"], name="building_community"),
            models.Index(fields=["micro_unit"], name="building_micro_unit"),
            models.Index(fields=["road", "lane", "number"], name="building_address"),
        ]
        constraints = [UniqueConstraint(fields=["community", "road", "lane", "number"], name="building_address_once")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.road, self.lane, self.number = map(normalize, (self.road, self.lane, self.number))
        self.name = self.name or self.address
        super().save(*args, **kwargs)

    @property
    def address(self) -> str:
        """凉城路123弄4号."""
        lane = f"{self.lane}弄" if self.lane else ""
        return f"{self.road}{lane}{self.number}号"


class PartyMember(Register):
    """党员. Membership is sensitive: lists are masked, partners get counts only (docs/operations.md)."""

    kind = models.CharField("类别", max_length=12, choices=MemberKind.choices)
    organization = models.ForeignKey(
        PartyOrganization, models.PROTECT, related_name="members", verbose_name="所在党组织"
    )
    unit = models.ForeignKey(
        ResidentUnit, models.SET_NULL, null=True, blank=True, related_name="members", verbose_name="工作单位"
    )
    phone = models.CharField("手机", max_length=20, blank=True, validators=[PHONE])
    joined_on = models.DateField("入党日期", null=True, blank=True)
    skills = models.CharField("特长", max_length=100, blank=True, help_text="如：法律、医疗、电工、调解。")

    objects = RegisterQuerySet.as_manager()

    class Meta:
        verbose_name = "党员"
        verbose_name_plural = "党员"
        ordering = ["name_pinyin", "pk"]
        indexes = [
            models.Index(fields=["community"], name="member_community"),
            models.Index(fields=["neighborhood"], name="member_neighborhood"),
            models.Index(fields=["micro_unit"], name="member_micro_unit"),
        ]
        constraints = [
            CheckConstraint(name="member_has_name", condition=~Q(name=""), violation_error_message="请填姓名。"),
        ]

    @property
    def masked_name(self) -> str:
        return mask_name(self.name)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)


for model in (PartyOrganization, ResidentUnit, Building, PartyMember):
    register(model, excluded_fields=["updated_at"])
