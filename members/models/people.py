"""党员, and the people of the grid who are none."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from grids.models import GridAnchored
from liangcheng.common.clock import now
from members.choices import ContactKind, LeaveReason, MemberKind, TransferState
from members.models.base import Person
from members.models.organizations import PartyOrganization
from members.models.units import ResidentUnit
from members.querysets import MemberQuerySet, RegisterQuerySet, TransferQuerySet


class PartyMember(Person):
    """党员. Membership is sensitive: read by postings with that right only (grids.choices.PARTY_ROLES), logged.

    `grid` is the micro-unit where they live, or, in service, where they have reported in (R21).
    """

    kind = models.CharField("类别", max_length=12, choices=MemberKind.choices)
    organization = models.ForeignKey(
        PartyOrganization, models.PROTECT, related_name="members", verbose_name="所在党组织"
    )
    unit = models.ForeignKey(
        ResidentUnit, models.SET_NULL, null=True, blank=True, related_name="members", verbose_name="工作单位"
    )
    joined_on = models.DateField("入党日期", null=True, blank=True)
    retired_on = models.DateField("停用日期", null=True, blank=True, editable=False)
    retired_as = models.CharField("停用原因", max_length=15, choices=LeaveReason.choices, blank=True, editable=False)
    retired_note = models.CharField("停用说明", max_length=100, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged",
        verbose_name="合并到",
    )
    erased_at = models.DateTimeField("个人信息删除时间", null=True, blank=True, editable=False)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = "党员"
        verbose_name_plural = "党员"
        ordering = ["name_pinyin", "pk"]
        indexes = [
            models.Index(fields=["community"], name="member_community"),
            models.Index(fields=["neighborhood"], name="member_neighborhood"),
            models.Index(fields=["micro_unit"], name="member_micro_unit"),
            models.Index(fields=["phone"], name="member_phone"),
        ]
        constraints = [
            CheckConstraint(name="member_has_name", condition=~Q(name=""), violation_error_message="请填姓名。"),
        ]

    def __str__(self) -> str:
        """Masked: messages, titles, logs and choices of the admin take this. The name itself is asked for by name."""
        return self.masked_name


class ResidentContact(Person):
    """居民骨干: 楼组长、志愿者 and others of the grid who are no party members; 条线联系人 such as the 片警 (R19)."""

    kind = models.CharField("类别", max_length=16, choices=ContactKind.choices, default=ContactKind.VOLUNTEER)
    title = models.CharField("身份说明", max_length=40, blank=True, help_text="如：社区民警、城管队员、退休教师。")
    erased_at = models.DateTimeField("个人信息删除时间", null=True, blank=True, editable=False)

    objects = RegisterQuerySet.as_manager()

    class Meta:
        verbose_name = "居民骨干"
        verbose_name_plural = "居民骨干"
        ordering = ["name_pinyin", "pk"]
        indexes = [
            models.Index(fields=["community"], name="contact_community"),
            models.Index(fields=["neighborhood"], name="contact_neighborhood"),
            models.Index(fields=["micro_unit"], name="contact_micro_unit"),
            models.Index(fields=["phone"], name="contact_phone"),
        ]

    def __str__(self) -> str:
        """欧*** 138****5678: titles, logs and choices of the admin hold no whole name."""
        return f"{self.masked_name} {self.masked_phone}".strip()


class Transfer(GridAnchored):
    """转接: a member goes to another organization, another grid, or both. Written by members/transfers.py only.

    `grid` is where they go. Into a grid or an organization that the sending desk does not run, it waits until the desk
    there takes the member (`asks_…`: which of the two is asked); the member's record changes with DONE.
    """

    member = models.ForeignKey(PartyMember, models.PROTECT, related_name="transfers", verbose_name="党员")
    from_organization = models.ForeignKey(PartyOrganization, models.PROTECT, related_name="+", verbose_name="原党组织")
    to_organization = models.ForeignKey(PartyOrganization, models.PROTECT, related_name="+", verbose_name="现党组织")
    from_grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+", verbose_name="原网格")
    on = models.DateField("转接日期")
    reason = models.CharField("原因", max_length=100, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人")
    at = models.DateTimeField("登记时间", default=now)
    state = models.CharField(
        "状态", max_length=10, choices=TransferState.choices, default=TransferState.DONE, editable=False
    )
    asks_grid = models.BooleanField("须由新网格接收", default=False, editable=False)
    asks_organization = models.BooleanField("须由新党组织接收", default=False, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False, verbose_name="办结人"
    )
    decided_at = models.DateTimeField("办结时间", null=True, editable=False)
    decision_note = models.CharField("办结说明", max_length=100, blank=True, editable=False)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = "党员转接"
        verbose_name_plural = "党员转接"
        ordering = ["-on", "-pk"]
        indexes = [models.Index(fields=["community", "state"], name="transfer_community")]
        constraints = [
            UniqueConstraint(
                fields=["member"],
                name="transfer_waits_once",
                condition=Q(state="WAITING"),
                violation_error_message="这位党员已有一份待接收的转接。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_organization} → {self.to_organization}（{self.on}）"


class NotSamePerson(models.Model):
    """不是同一人: two records that look alike and are two people; not suggested again (members/duplicates.py)."""

    first = models.ForeignKey(PartyMember, models.PROTECT, related_name="differs_after", verbose_name="党员")
    second = models.ForeignKey(PartyMember, models.PROTECT, related_name="differs_before", verbose_name="另一位党员")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="核对人")
    at = models.DateTimeField("核对时间", default=now)

    class Meta:
        verbose_name = "不是同一人"
        verbose_name_plural = "不是同一人"
        constraints = [
            UniqueConstraint(fields=["first", "second"], name="not_same_once"),
            CheckConstraint(name="not_same_in_order", condition=Q(first__lt=F("second"))),
        ]

    def __str__(self) -> str:
        return f"{self.first_id}、{self.second_id}"
