"""What happened to a case, its photos, and who was told."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils import timezone

from cases.choices import Act, PhotoKind, Status
from cases.models.case import Case
from cases.querysets import AppendOnlyQuerySet
from grids.choices import GridKind
from grids.models import Grid
from members.models import Offer

# The acts that put a case on somebody's plate.
GIVING = (Act.DISPATCH.value, Act.HAND_OVER.value)


class CaseEvent(models.Model):
    """What happened to a case: written once, in the transaction of the act, never changed.

    `idempotency_key` is the caller's: the same actor with the same key gets the same case back.
    """

    community_id = models.BigIntegerField("街道")
    case = models.ForeignKey(Case, models.PROTECT, related_name="events", verbose_name="案件")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    act = models.CharField("动作", max_length=20, choices=Act.choices)
    from_status = models.CharField("原状态", max_length=20, choices=Status.choices, blank=True)
    to_status = models.CharField("新状态", max_length=20, choices=Status.choices)
    from_grid = models.ForeignKey(Grid, models.PROTECT, null=True, related_name="+", verbose_name="原负责网格")
    to_grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name="负责网格")
    level = models.CharField("层级", max_length=12, choices=GridKind.choices)
    text = models.TextField("说明", blank=True)
    data = models.JSONField("明细", default=dict)
    request_id = models.CharField("请求编号", max_length=64, blank=True)
    idempotency_key = models.CharField("幂等键", max_length=100, blank=True)
    fingerprint = models.CharField("请求指纹", max_length=64, blank=True)
    created_at = models.DateTimeField("时间", default=timezone.now)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = "案件记录"
        verbose_name_plural = "案件记录"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["community_id", "id"], name="event_community"),
            # Who was given how many cases in a period (cases/returns.py).
            models.Index(fields=["act", "created_at"], name="event_act_time"),
        ]
        constraints = [
            UniqueConstraint(
                fields=["actor", "idempotency_key"], name="event_key_once", condition=~Q(idempotency_key="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_act_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("case events are append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("case events are append-only")


def photo_path(attachment: "Attachment", filename: str) -> str:
    """Neither the case's number nor the name it came with is in the path."""
    return f"cases/{attachment.case_id % 1000:03d}/{attachment.digest}.jpg"


class Attachment(models.Model):
    """A photo, re-encoded without EXIF. Served only to those who may see its case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments", verbose_name="案件")
    kind = models.CharField("类型", max_length=6, choices=PhotoKind.choices, default=PhotoKind.BEFORE)
    file = models.FileField("文件", upload_to=photo_path, max_length=200)
    digest = models.CharField("摘要", max_length=64)
    width = models.PositiveIntegerField("宽")
    height = models.PositiveIntegerField("高")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="上传人")
    created_at = models.DateTimeField("上传时间", default=timezone.now)

    class Meta:
        verbose_name = "照片"
        verbose_name_plural = "照片"
        ordering = ["id"]
        constraints = [UniqueConstraint(fields=["case", "kind", "digest"], name="photo_once_per_case")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}照片 {self.pk}"


class Notice(models.Model):
    """消息: one event of a case, or one offer (认领), told to one person once. Written by the worker when it delivers
    the outbox row.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name="收件人"
    )
    event = models.ForeignKey(CaseEvent, models.CASCADE, null=True, related_name="+", verbose_name="案件记录")
    offer = models.ForeignKey(Offer, models.CASCADE, null=True, related_name="+", verbose_name="认领事项")
    text = models.CharField("内容", max_length=200)
    created_at = models.DateTimeField("时间", default=timezone.now)
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    class Meta:
        verbose_name = "消息"
        verbose_name_plural = "消息"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notice_unread", condition=Q(read_at__isnull=True)),
        ]
        constraints = [
            UniqueConstraint(fields=["recipient", "event"], name="notice_once"),
            UniqueConstraint(fields=["recipient", "offer"], name="notice_once_per_offer"),
            CheckConstraint(
                name="notice_of_one_thing",
                condition=Q(event__isnull=False, offer__isnull=True) | Q(event__isnull=True, offer__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.text
