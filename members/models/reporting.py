"""双报到、双报告: who has registered, the links they did it by, and the letters to their units."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import UniqueConstraint

from grids.models import GridAnchored
from liangcheng.common.clock import now
from liangcheng.common.models import TimestampedModel
from liangcheng.common.text import mask_name, mask_phone
from members.choices import (
    Delivery,
    LetterKind,
    RegistrationKind,
    RegistrationSource,
    RegistrationState,
    RegistrationTie,
)
from members.models.base import Skill
from members.models.organizations import PartyOrganization
from members.models.people import PartyMember
from members.models.units import ResidentUnit
from members.querysets import AnchoredMembersQuerySet, LinkQuerySet, RegistrationQuerySet


def _user(label: str, **options: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=label, **options)


class RegistrationLink(GridAnchored, TimestampedModel):
    """报到链接: whoever has it may hand in a form for its grid, and see nothing else (ADR 0015).

    The token stands here as it is, so that the poster can be printed again: it opens a form, never data.
    """

    kind = models.CharField("报到类别", max_length=10, choices=RegistrationKind.choices)
    token = models.CharField("链接码", max_length=43, unique=True, editable=False)
    label = models.CharField("用途", max_length=40, blank=True, help_text="如：小区门口海报、单位工作群。")
    expires_on = models.DateField("有效期至")
    created_by = _user("建立人")
    revoked_by = _user("停用人", null=True, blank=True)
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)

    objects = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = "报到链接"
        verbose_name_plural = "报到链接"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["community"], name="registration_link_community")]

    def __str__(self) -> str:
        return f"{self.grid} {self.get_kind_display()}"


class RegistrationAttempt(models.Model):
    """One form handed in through a link, kept for a day, to hold off floods. The address is hashed with the key."""

    link = models.ForeignKey(RegistrationLink, models.CASCADE, related_name="+", db_index=False)
    address_key = models.CharField(max_length=32)
    at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = "报到提交次数"
        verbose_name_plural = "报到提交次数"
        indexes = [
            models.Index(fields=["link", "at"], name="attempt_link"),
            models.Index(fields=["address_key", "at"], name="attempt_address"),
        ]

    def __str__(self) -> str:
        return f"{self.link_id} {self.at:%Y-%m-%d %H:%M}"


class Letter(GridAnchored, TimestampedModel):
    """反馈函 to a unit: 报到回执, or 年度表现. `delivered_on` is the day on which the unit has been told.

    `grid` is the one that speaks: the lowest that holds all registrations of the letter. Names its people, so it is
    read with the right to read members.
    """

    kind = models.CharField("类别", max_length=10, choices=LetterKind.choices)
    number_year = models.PositiveSmallIntegerField("编号年份")
    serial = models.PositiveIntegerField("编号")
    year = models.PositiveSmallIntegerField("反馈年度", help_text="报到回执：出函的年份。")
    unit = models.ForeignKey(
        ResidentUnit, models.PROTECT, null=True, blank=True, related_name="letters", verbose_name="成员单位"
    )
    unit_name = models.CharField("收函单位", max_length=80)
    comment = models.CharField("综合评价", max_length=500, blank=True)
    issued_on = models.DateField("出函日期")
    issued_by = _user("出函人")
    delivery = models.CharField("送达方式", max_length=10, choices=Delivery.choices, blank=True)
    delivery_note = models.CharField("送达说明", max_length=100, blank=True, help_text="如：收函人职务、快递单号。")
    delivered_on = models.DateField("送达日期", null=True, blank=True)
    delivered_by = _user("送达登记人", null=True, blank=True)
    voided_at = models.DateTimeField("作废时间", null=True, blank=True)
    voided_by = _user("作废人", null=True, blank=True)

    objects = AnchoredMembersQuerySet.as_manager()

    class Meta:
        verbose_name = "反馈函"
        verbose_name_plural = "反馈函"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["unit", "year"], name="letter_unit")]
        constraints = [UniqueConstraint(fields=["community", "number_year", "serial"], name="letter_number_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.unit_name}"

    @property
    def number(self) -> str:
        """凉城双报〔2026〕12号; reads the street."""
        street = self.community.short_name if self.community else ""
        return f"{street}双报〔{self.number_year}〕{self.serial}号"

    @property
    def speaker(self) -> Any:
        """Whose seal stands under it: the 居民区, else the area, else the street; a micro-unit has none."""
        return self.neighborhood or self.area or self.community


class Registration(GridAnchored, TimestampedModel):
    """报到: of a unit's party organization (`name` and `phone` are its contact's), or of a member in service.

    A member may have several, one where they live and one where they work (R21); both grids list them, and
    PartyMember.grid stays the first. Written by members/reporting.py and members/letters.py.
    """

    number = models.CharField("回执号", max_length=16, unique=True)
    kind = models.CharField("报到类别", max_length=10, choices=RegistrationKind.choices)
    state = models.CharField(
        "状态", max_length=10, choices=RegistrationState.choices, default=RegistrationState.WAITING
    )
    source = models.CharField("来源", max_length=6, choices=RegistrationSource.choices)
    tie = models.CharField("报到类型", max_length=6, choices=RegistrationTie.choices, blank=True)
    name = models.CharField("姓名", max_length=30, blank=True)
    phone = models.CharField("手机", max_length=20, blank=True)
    unit_name = models.CharField("单位名称", max_length=80, blank=True)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    organization_name = models.CharField("单位党组织", max_length=80, blank=True)
    skills = models.ManyToManyField(Skill, blank=True, related_name="+", verbose_name="特长")
    availability = models.CharField("可服务时间", max_length=60, blank=True)
    remark = models.CharField("说明", max_length=200, blank=True)
    consent_at = models.DateTimeField("同意时间")
    registered_at = models.DateTimeField("报到时间", default=now)
    unit = models.ForeignKey(
        ResidentUnit, models.PROTECT, null=True, blank=True, related_name="registrations", verbose_name="成员单位"
    )
    organization = models.ForeignKey(
        PartyOrganization, models.PROTECT, null=True, blank=True, related_name="registrations", verbose_name="党组织"
    )
    member = models.ForeignKey(
        PartyMember, models.PROTECT, null=True, blank=True, related_name="registrations", verbose_name="党员"
    )
    link = models.ForeignKey(
        RegistrationLink, models.PROTECT, null=True, blank=True, related_name="registrations", verbose_name="报到链接"
    )
    nonce = models.UUIDField("表单号", null=True, blank=True, unique=True, editable=False)
    entered_by = _user("登记人", null=True, blank=True)
    confirmed_by = _user("核实人", null=True, blank=True)
    confirmed_at = models.DateTimeField("核实时间", null=True, blank=True)
    closed_by = _user("退回人", null=True, blank=True)
    closed_at = models.DateTimeField("退回时间", null=True, blank=True)
    reason = models.CharField("原因", max_length=100, blank=True)
    letter = models.ForeignKey(
        Letter, models.SET_NULL, null=True, blank=True, related_name="registrations", verbose_name="报到回执"
    )
    erased_at = models.DateTimeField("个人信息删除时间", null=True, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = "报到"
        verbose_name_plural = "报到"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["community", "state"], name="registration_community"),
            models.Index(fields=["neighborhood", "state"], name="registration_neighborhood"),
            models.Index(fields=["micro_unit", "state"], name="registration_micro_unit"),
            models.Index(fields=["community", "phone"], name="registration_phone"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def masked_name(self) -> str:
        return mask_name(self.name)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)

    @property
    def employer(self) -> str:
        """The unit's name as the register has it, else as it was typed."""
        return self.unit.name if self.unit else self.unit_name


class LetterLine(models.Model):
    """What a 年度表现反馈 said about one member, as the figures stood then. No name: that is the member's row."""

    letter = models.ForeignKey(Letter, models.CASCADE, related_name="lines", verbose_name="反馈函")
    member = models.ForeignKey(PartyMember, models.PROTECT, related_name="letter_lines", verbose_name="党员")
    places = models.CharField("报到网格", max_length=120, blank=True)
    times = models.PositiveIntegerField("服务次数", default=0)
    hours = models.DecimalField("服务时长", max_digits=7, decimal_places=1, default=0)
    detail = models.CharField("服务内容", max_length=300, blank=True)
    remark = models.CharField("备注", max_length=100, blank=True)

    class Meta:
        verbose_name = "年度表现"
        verbose_name_plural = "年度表现"
        ordering = ["pk"]
        constraints = [UniqueConstraint(fields=["letter", "member"], name="letter_line_once")]

    def __str__(self) -> str:
        return f"{self.letter_id} {self.member_id}"
