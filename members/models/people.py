"""党员, and the people of the grid who are none."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q

from grids.models import GridAnchored
from liangcheng.common.clock import now
from members.choices import ContactKind, MemberKind
from members.models.base import Person
from members.models.organizations import PartyOrganization
from members.models.units import ResidentUnit
from members.querysets import AnchoredMembersQuerySet, MemberQuerySet, RegisterQuerySet


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
    """转接: a member goes to another organization, another grid, or both. Append-only; `grid` is where they went."""

    member = models.ForeignKey(PartyMember, models.PROTECT, related_name="transfers", verbose_name="党员")
    from_organization = models.ForeignKey(PartyOrganization, models.PROTECT, related_name="+", verbose_name="原党组织")
    to_organization = models.ForeignKey(PartyOrganization, models.PROTECT, related_name="+", verbose_name="现党组织")
    from_grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+", verbose_name="原网格")
    on = models.DateField("转接日期")
    reason = models.CharField("原因", max_length=100, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经办人")
    at = models.DateTimeField("登记时间", default=now)

    objects = AnchoredMembersQuerySet.as_manager()

    class Meta:
        verbose_name = "党员转接"
        verbose_name_plural = "党员转接"
        ordering = ["-on", "-pk"]
        indexes = [models.Index(fields=["community"], name="transfer_community")]

    def __str__(self) -> str:
        return f"{self.from_organization} → {self.to_organization}（{self.on}）"
