"""成员单位 and what a unit is besides: chair in rotation (轮值主席), nominee for 网格长."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from grids.models import GridAnchored
from grids.querysets import AnchoredQuerySet
from liangcheng.common.fields import NameField, PhoneField
from liangcheng.common.models import TimestampedModel
from liangcheng.common.text import is_uscc, mask_name, mask_phone, plain
from members.choices import UNIT_FACTS, UNIT_ROLES, NominationState, OwnersCommittee, Sector, UnitKind
from members.models.base import PHONE, Register, person_name
from members.querysets import ChairTermQuerySet, UnitQuerySet


def uscc(text: str) -> None:
    """Raises ValidationError unless `text` is a 统一社会信用代码 with a right check character (GB 32100-2015)."""
    if not is_uscc(text):
        raise ValidationError("统一社会信用代码应为 18 位，校验位不符，请对照营业执照核对。", code="bad_uscc")


class ResidentUnit(Register):
    """成员单位: 小区、楼宇园区、驻区单位、沿街商铺. What a micro-unit is made of (R6).

    Which facts a kind has stands in choices.UNIT_FACTS; the others stay empty. A unit on the border of two grids
    is anchored to one and names the other (`second_grid`); both sides see it, figures count it once, by `grid`.
    """

    code = models.CharField("单位编号", max_length=20, unique=True)
    kind = models.CharField("类别", max_length=15, choices=UnitKind.choices)
    second_grid = models.ForeignKey(
        "grids.Grid",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="相邻网格",
        help_text="跨两个网格的单位才填；统计只算在“网格”里。",
    )
    address = models.CharField("地址", max_length=150, blank=True)
    households = models.PositiveIntegerField("户数", null=True, blank=True)
    contact_name = NameField("联系人", max_length=30, blank=True, validators=[person_name])
    contact_phone = PhoneField("联系电话", max_length=20, blank=True, validators=[PHONE])
    property_company = models.CharField("物业公司", max_length=60, blank=True)
    property_phone = PhoneField("物业电话", max_length=20, blank=True, validators=[PHONE])
    owners_committee = models.CharField("业委会", max_length=10, choices=OwnersCommittee.choices, blank=True)
    tenants = models.PositiveIntegerField("入驻企业数", null=True, blank=True)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True, validators=[uscc])
    sector = models.CharField("单位性质", max_length=10, choices=Sector.choices, blank=True)
    staff_count = models.PositiveIntegerField("职工数", null=True, blank=True)
    trade = models.CharField("经营内容", max_length=40, blank=True, help_text="如：早餐店、理发店。")
    is_messenger = models.BooleanField("传递员", default=False)
    is_instructor = models.BooleanField("指导员", default=False)
    is_servant = models.BooleanField("服务员", default=False)
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
            models.Index(fields=["second_grid"], name="unit_second_grid"),
        ]
        constraints = [
            UniqueConstraint(
                fields=["community", "uscc"],
                name="unit_uscc_once",
                condition=~Q(uscc=""),
                violation_error_message="这个统一社会信用代码已经登记在另一家单位名下。",
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.uscc = plain(self.uscc).upper()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Facts of other kinds stay empty; the neighbouring grid is another one. Raises ValidationError by field."""
        self.uscc = plain(self.uscc).upper()
        allowed = UNIT_FACTS.get(self.kind, ())
        wrong = {
            name: f"{self.get_kind_display()}不登记这一项，请清空。"
            for name in {fact for facts in UNIT_FACTS.values() for fact in facts} - set(allowed)
            if getattr(self, name) not in ("", None)
        }
        if self.second_grid_id and self.second_grid_id == self.grid_id:
            wrong["second_grid"] = "相邻网格应是另一个网格。"
        if wrong:
            raise ValidationError(wrong)

    @property
    def facts(self) -> tuple[str, ...]:
        """Names of the fields that only units of this kind have."""
        return UNIT_FACTS.get(self.kind, ())

    @property
    def masked_property_phone(self) -> str:
        return mask_phone(self.property_phone)

    @property
    def masked_contact(self) -> str:
        """王* 138****5678: enough to know whom to ask for in the admin."""
        return f"{mask_name(self.contact_name)} {mask_phone(self.contact_phone)}".strip()

    @property
    def roles(self) -> list[str]:
        """传递员、指导员、服务员, those that the unit is (R17)."""
        return [label for name, label in UNIT_ROLES.items() if getattr(self, name)]


class ChairTerm(GridAnchored, TimestampedModel):
    """轮值主席 of the regional party building: a unit, from – to, for the grid (usually the street) (R18).

    Terms of one grid do not overlap (members/units.py holds a lock on the grid and checks it).
    """

    unit = models.ForeignKey(ResidentUnit, models.PROTECT, related_name="chair_terms", verbose_name="单位")
    starts_on = models.DateField("任期起")
    ends_on = models.DateField("任期止", help_text="含当天。")
    note = models.CharField("备注", max_length=100, blank=True)

    objects = ChairTermQuerySet.as_manager()

    class Meta:
        verbose_name = "轮值主席"
        verbose_name_plural = "轮值主席"
        ordering = ["-starts_on", "-pk"]
        indexes = [models.Index(fields=["community"], name="chair_term_community")]
        constraints = [
            CheckConstraint(
                name="chair_term_in_order",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message="任期止不能早于任期起。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit}（{self.starts_on} 至 {self.ends_on}）"


class Nomination(GridAnchored, TimestampedModel):
    """自我引荐担任网格长: a unit offers one of its people as 网格长 of the grid (R16). Decided once."""

    unit = models.ForeignKey(ResidentUnit, models.PROTECT, related_name="nominations", verbose_name="单位")
    nominee_name = NameField("人选", max_length=30, validators=[person_name])
    nominee_phone = PhoneField("人选手机", max_length=20, blank=True, validators=[PHONE])
    statement = models.CharField("自荐理由", max_length=300)
    state = models.CharField(
        "状态", max_length=10, choices=NominationState.choices, default=NominationState.WAITING, editable=False
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="登记人"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False, verbose_name="审核人"
    )
    decided_at = models.DateTimeField("审核时间", null=True, editable=False)
    decision_note = models.CharField("审核意见", max_length=200, blank=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name="担任网格长的账号",
    )

    objects = AnchoredQuerySet.as_manager()

    class Meta:
        verbose_name = "自荐网格长"
        verbose_name_plural = "自荐网格长"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["community", "state"], name="nomination_community")]
        constraints = [
            UniqueConstraint(
                fields=["unit", "grid"],
                name="nomination_waits_once",
                condition=Q(state="WAITING"),
                violation_error_message="这家单位对这个网格已有一份待审核的自荐。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit}自荐{self.grid}网格长"

    @property
    def masked_nominee(self) -> str:
        """王* 138****5678."""
        return f"{mask_name(self.nominee_name)} {mask_phone(self.nominee_phone)}".strip()
