"""Rows that every app stands on: the calendar, the outbox, the mark of the demo; and abstract bases."""

import uuid
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from liangcheng.common.channel_models import ChannelChoice, DeliveryChannel  # noqa: F401 -- found here by Django


class TimestampedModel(models.Model):
    created_at = models.DateTimeField("建立时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        abstract = True


class VersionedModel(models.Model):
    """`version` counts the writes; who writes with an older one in hand is told so (StaleObject)."""

    version = models.PositiveIntegerField("版本", default=1, editable=False)

    class Meta:
        abstract = True


class OfficeMark(models.Model):
    """One row; its value changes whenever the calendar does (common/office_time.py). Held FOR SHARE by who promises."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.CharField(max_length=32)
    renewed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return "工作时间标记"

    @classmethod
    def renew(cls) -> None:
        """A new value: waits for those who hold the old one, and is held itself until the transaction ends."""
        fresh = {"value": uuid.uuid4().hex, "renewed_at": timezone.now()}
        if not cls.objects.filter(pk=1).update(**fresh):
            cls.objects.update_or_create(pk=1, defaults=fresh)


class CalendarDay(models.Model):
    """A day that the office has decided on; days without a row are working days from Monday to Friday."""

    day = models.DateField("日期", unique=True)
    is_workday = models.BooleanField("工作日", default=False)
    note = models.CharField("说明", max_length=50, blank=True, help_text="如“国庆节”“国庆节调休上班”。")

    class Meta:
        verbose_name = "工作日历"
        verbose_name_plural = "工作日历"
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day} {'上班' if self.is_workday else '休息'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            OfficeMark.renew()
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            OfficeMark.renew()
            return super().delete(*args, **kwargs)


class OutboxState(models.TextChoices):
    WAITING = "waiting", "待发送"
    DELIVERED = "delivered", "已送达"
    DEAD = "dead", "未能送达"


class OutboxMessage(models.Model):
    """One delivery, written in the transaction of what it tells about (ADR 0004).

    `key` makes it unique and is handed to the receiver, who may therefore get it twice but acts once.
    Claiming moves `run_at` to the end of a lease and raises `attempts`.
    """

    topic = models.CharField("主题", max_length=50)
    key = models.CharField("去重键", max_length=120, unique=True)
    community_id = models.BigIntegerField("街道", null=True, db_index=True)
    payload = models.JSONField("内容", default=dict)
    state = models.CharField("状态", max_length=10, choices=OutboxState.choices, default=OutboxState.WAITING)
    run_at = models.DateTimeField("下次发送", default=timezone.now)
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    last_error = models.CharField("最近一次失败原因", max_length=500, blank=True)
    created_at = models.DateTimeField("写入时间", default=timezone.now)
    delivered_at = models.DateTimeField("送达时间", null=True, blank=True)

    class Meta:
        verbose_name = "发件箱"
        verbose_name_plural = "发件箱"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["run_at"], name="outbox_waiting", condition=models.Q(state=OutboxState.WAITING)),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"


class JobRun(models.Model):
    """One run of a recurring job (common/jobs.py). The pair (job, slot) is what workers compete for."""

    job = models.CharField("任务", max_length=50)
    slot = models.CharField("时段", max_length=16)
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    run_at = models.DateTimeField("占用到")
    last_error = models.CharField("最近一次失败原因", max_length=100, blank=True)
    created_at = models.DateTimeField("开始时间", default=timezone.now)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)

    class Meta:
        verbose_name = "定时任务"
        verbose_name_plural = "定时任务"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="job_once_per_slot")]

    def __str__(self) -> str:
        return f"{self.job} {self.slot}"
