"""Who works on a case together: helpers, invitations, instructions, refusals, people who met with the same, links."""

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils import timezone

from cases.choices import HelperRole, InstructionKind, InviteeKind, LinkKind, ReturnReason
from cases.models.case import Case
from grids.models import Department
from members.models import PartyMember, ResidentUnit


class CoHandler(models.Model):
    """协办 or 约请: a department that takes part; the case stays with its assignee, who alone resolves it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="co_handlers", verbose_name="案件")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name="部门")
    role = models.CharField("方式", max_length=8, choices=HelperRole.choices, default=HelperRole.HELPER)
    created_at = models.DateTimeField("加入时间", default=timezone.now)
    done_at = models.DateTimeField("协办完成时间", null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="完成人"
    )
    result = models.TextField("协办结果", max_length=2000, blank=True)

    class Meta:
        verbose_name = "协办部门"
        verbose_name_plural = "协办部门"
        constraints = [UniqueConstraint(fields=["case", "department"], name="co_handler_once")]

    def __str__(self) -> str:
        return str(self.department)


class Coordination(models.Model):
    """约请协调 (R48): who was invited where and when, and what came of it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="coordinations", verbose_name="案件")
    topic = models.TextField("协调事项", max_length=2000)
    place = models.CharField("地点", max_length=100)
    meets_at = models.DateTimeField("时间")
    convened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="召集人")
    created_at = models.DateTimeField("约请时间", default=timezone.now)
    minutes = models.TextField("协调记录", max_length=2000, blank=True)
    outcome = models.TextField("协调结果", max_length=2000, blank=True)
    concluded_at = models.DateTimeField("登记时间", null=True, blank=True)

    class Meta:
        verbose_name = "约请协调"
        verbose_name_plural = "约请协调"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.place}"


class Invitee(models.Model):
    """One who was invited. A party member is a link, masked in `name`: more people read cases than members."""

    coordination = models.ForeignKey(Coordination, models.CASCADE, related_name="invitees", verbose_name="约请协调")
    kind = models.CharField("类型", max_length=10, choices=InviteeKind.choices)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+", verbose_name="部门")
    unit = models.ForeignKey(ResidentUnit, models.PROTECT, null=True, related_name="+", verbose_name="单位")
    member = models.ForeignKey(PartyMember, models.PROTECT, null=True, related_name="+", verbose_name="党员")
    name = models.CharField("名称", max_length=100)
    attended = models.BooleanField("到场", null=True)

    class Meta:
        verbose_name = "约请对象"
        verbose_name_plural = "约请对象"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Instruction(models.Model):
    """批示 or 督办 of a head: stands on top of the case until it is answered; by default within three working days."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="instructions", verbose_name="案件")
    kind = models.CharField("类型", max_length=12, choices=InstructionKind.choices)
    text = models.TextField("内容", max_length=2000)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="批示人")
    given_at = models.DateTimeField("批示时间", default=timezone.now)
    days = models.PositiveSmallIntegerField("答复时限（工作日）")
    due_at = models.DateTimeField("答复期限")
    answer = models.TextField("答复", max_length=2000, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="答复人"
    )
    answered_at = models.DateTimeField("答复时间", null=True)

    class Meta:
        verbose_name = "批示督办"
        verbose_name_plural = "批示督办"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class CaseReturn(models.Model):
    """One 退单: who refused and why. In the figures of the one who refused, for good."""

    community_id = models.BigIntegerField("街道")
    case = models.ForeignKey(Case, models.PROTECT, related_name="returns", verbose_name="案件")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="退单人"
    )
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+", verbose_name="退单部门")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="操作人")
    reason = models.CharField("原因", max_length=15, choices=ReturnReason.choices)
    created_at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = "退单记录"
        verbose_name_plural = "退单记录"
        ordering = ["id"]
        indexes = [models.Index(fields=["community_id", "created_at"], name="return_community")]
        constraints = [
            CheckConstraint(
                name="return_by_one",
                condition=Q(person__isnull=True, department__isnull=False)
                | Q(person__isnull=False, department__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_reason_display()}"


class JointReport(models.Model):
    """我也遇到: somebody else met with the same, or a report that was merged; answered once, together with the case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="joint_reports", verbose_name="案件")
    joined_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人")
    text = models.TextField("补充情况", max_length=2000, blank=True)
    reporter_name = models.CharField("反映人", max_length=30, blank=True)
    reporter_phone = models.CharField("反映人电话", max_length=20, blank=True)
    wants_reply = models.BooleanField("要求回复", default=False)
    created_at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = "共同反映"
        verbose_name_plural = "共同反映"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.pk}"


class CaseLink(models.Model):
    """Two cases that belong together: `other` follows up `case`, or both are about the same thing."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="links_out", verbose_name="案件")
    other = models.ForeignKey(Case, models.CASCADE, related_name="links_in", verbose_name="关联案件")
    kind = models.CharField("关系", max_length=10, choices=LinkKind.choices)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人")
    created_at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = "关联案件"
        verbose_name_plural = "关联案件"
        ordering = ["id"]
        constraints = [
            UniqueConstraint(fields=["case", "other"], name="case_link_once"),
            CheckConstraint(name="case_link_two", condition=~Q(case=F("other"))),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} → {self.other_id}"
