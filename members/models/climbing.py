"""登高计划: the seven items of the street, what a member adds, and how far everybody has come (R24)."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from grids.models import Grid
from liangcheng.common.models import TimestampedModel, VersionedModel
from members.models.people import PartyMember
from members.service_querysets import ClimbQuerySet

FIXED_ITEMS = 7
MOST_STEPS = 9


class ClimbItem(TimestampedModel):
    """One of the seven items (7) of a street; its steps are counted from 1. Kept by the office."""

    community = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name="街道")
    position = models.PositiveSmallIntegerField(
        "序号", validators=[MinValueValidator(1), MaxValueValidator(FIXED_ITEMS)], help_text="1–7。"
    )
    name = models.CharField("名称", max_length=20)
    description = models.CharField("说明", max_length=200, blank=True)
    steps = models.PositiveSmallIntegerField(
        "级数", default=3, validators=[MinValueValidator(1), MaxValueValidator(MOST_STEPS)], help_text="1–9 级。"
    )
    meanings = models.TextField(
        "各级含义", max_length=600, blank=True, help_text="一行一级，第一行是第 1 级；行数不超过级数。"
    )
    assumed = models.BooleanField("示例内容，待街道确认", default=False)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = "登高项目"
        verbose_name_plural = "登高项目"
        ordering = ["community", "position"]
        constraints = [
            UniqueConstraint(
                fields=["community", "position"],
                name="climb_item_position",
                violation_error_message="这个序号已有项目了，请修改原来的那一项。",
            ),
            CheckConstraint(name="climb_item_is_one_of_seven", condition=Q(position__gte=1, position__lte=FIXED_ITEMS)),
            CheckConstraint(name="climb_item_steps", condition=Q(steps__gte=1, steps__lte=MOST_STEPS)),
        ]

    def __str__(self) -> str:
        return self.name

    def meaning_of(self, level: int) -> str:
        """What stands for that step; "" where nothing does."""
        lines = self.meanings.splitlines()
        return lines[level - 1].strip() if 0 < level <= len(lines) else ""

    def clean(self) -> None:
        """No more meanings than steps, and no fewer steps than somebody has climbed."""
        if self.steps and len([line for line in self.meanings.splitlines() if line.strip()]) > self.steps:
            raise ValidationError({"meanings": "各级含义的行数多于级数。"})
        if not self.pk or not self.steps:
            return
        highest = self.entries.aggregate(highest=models.Max("level"))["highest"] or 0
        if self.steps < highest:
            raise ValidationError({"steps": f"已有党员登到第 {highest} 级，级数不能再少。"})


class ClimbEntry(VersionedModel):
    """How far a member has come in one item, or in one of their own (`title`, X). Earlier levels are in the history."""

    member = models.ForeignKey(PartyMember, models.PROTECT, related_name="climb", verbose_name="党员")
    item = models.ForeignKey(
        ClimbItem, models.PROTECT, null=True, blank=True, related_name="entries", verbose_name="登高项目"
    )
    title = models.CharField("自选项目", max_length=20, blank=True)
    steps = models.PositiveSmallIntegerField("自选项目级数", default=3)
    level = models.PositiveSmallIntegerField("已登级数", default=0)
    reached_on = models.DateField("达到日期", null=True, blank=True)
    note = models.CharField("说明", max_length=100, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="登记人"
    )
    is_active = models.BooleanField("在用", default=True)

    objects = ClimbQuerySet.as_manager()

    class Meta:
        verbose_name = "登高记录"
        verbose_name_plural = "登高记录"
        ordering = ["pk"]
        constraints = [
            UniqueConstraint(fields=["member", "item"], name="climb_once_per_item"),
            UniqueConstraint(fields=["member", "title"], name="climb_once_per_title", condition=Q(item__isnull=True)),
            CheckConstraint(
                name="climb_item_or_title",
                condition=Q(item__isnull=False, title="") | Q(item__isnull=True) & ~Q(title=""),
            ),
            CheckConstraint(name="climb_level", condition=Q(level__gte=0, level__lte=MOST_STEPS)),
        ]

    def __str__(self) -> str:
        return f"{self.name} 第 {self.level} 级"

    @property
    def name(self) -> str:
        return self.item.name if self.item else self.title

    @property
    def top(self) -> int:
        """The highest step there is."""
        return self.item.steps if self.item else self.steps
