"""What cases are measured by: categories, their limits, and how long the clock waits."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models, transaction
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from simple_history import register

from cases.choices import Grade, LimitUnit, Urgency
from cases.querysets import CategoryOwnerQuerySet, CategoryQuerySet
from grids.choices import GridKind
from grids.models import Department
from liangcheng.common.models import OfficeMark, TimestampedModel


class Category(TimestampedModel):
    """小类 of the case list; its 大类 stands beside it. Retired, never deleted: old cases keep it."""

    code = models.CharField("代码", max_length=10, unique=True)
    major_code = models.CharField("大类代码", max_length=10)
    major_name = models.CharField("大类", max_length=40)
    name = models.CharField("小类", max_length=40)
    synonyms = models.CharField("俗称", max_length=200, blank=True, help_text="用“|”隔开，搜索时一并匹配。")
    name_pinyin = models.CharField("拼音首字母", max_length=400, editable=False, blank=True)
    default_level = models.CharField("首办层级", max_length=12, choices=GridKind.choices)
    urgency = models.CharField("紧急程度", max_length=10, choices=Urgency.choices, default=Urgency.NORMAL)
    responsible_department = models.ForeignKey(
        Department, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="主责部门"
    )
    co_departments = models.ManyToManyField(Department, blank=True, related_name="+", verbose_name="协办部门")
    close_condition = models.CharField("结案条件", max_length=200, blank=True)
    photo_required = models.BooleanField("处置完成须附照片", default=False)
    basis = models.CharField("依据", max_length=200, blank=True)
    confidence = models.CharField("依据可信度", max_length=20, blank=True)
    is_active = models.BooleanField("在用", default=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = "案件类别"
        verbose_name_plural = "案件类别"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        from liangcheng.common.pinyin import initials

        words = [self.name, self.major_name, *filter(None, self.synonyms.split("|"))]
        self.name_pinyin = " ".join(initials(word, 4) for word in words)[:400]
        super().save(*args, **kwargs)


class CategoryOwner(TimestampedModel):
    """类别归口: who answers for a category in one street (每项事务有人抓), where the list of categories, which all
    streets share, does not say it. Without a department the grids answer themselves, at the category's first level.
    """

    category = models.ForeignKey(Category, models.CASCADE, related_name="owners", verbose_name="案件类别")
    community = models.ForeignKey(
        "grids.Grid",
        models.PROTECT,
        related_name="+",
        limit_choices_to={"kind": GridKind.COMMUNITY},
        verbose_name="街道",
    )
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="主责部门",
        help_text="不选：由首办层级的网格自己负责。",
    )

    objects = CategoryOwnerQuerySet.as_manager()

    class Meta:
        verbose_name = "类别归口"
        verbose_name_plural = "类别归口"
        ordering = ["category__code", "community"]
        constraints = [
            UniqueConstraint(
                fields=["category", "community"],
                name="category_owner_once",
                violation_error_message="这个类别在本街道已有归口，请直接修改那一条。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.category}：{self.department or '首办网格'}"

    def clean(self) -> None:
        """The department serves in that street. Raises ValidationError by field."""
        if self.department and self.community_id and self.department.grid.community_id != self.community_id:
            raise ValidationError({"department": "请选择本街道的部门。"})


# Longer limits than these are slips of the hand, and would lead beyond any calendar.
_LONGEST = 2_000


def _length(label: str, **options: Any) -> models.PositiveSmallIntegerField:
    """A number of working days or hours, in one figure with its unit field."""
    return models.PositiveSmallIntegerField(
        label, null=True, blank=True, validators=[MaxValueValidator(_LONGEST, f"不能超过 {_LONGEST}。")], **options
    )


def _within_reason(*names: str) -> Q:
    condition = Q()
    for name in names:
        condition &= Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__lte": _LONGEST})
    return condition


class TimeLimit(TimestampedModel):
    """How long a category may take, from when to when. An empty resolve value: 按预案, no figure fits.

    A value of 0 means at once. What was promised stays on the case when this row changes later.
    """

    category = models.ForeignKey(Category, models.CASCADE, related_name="limits", verbose_name="类别")
    grade = models.CharField("管理等级", max_length=1, choices=Grade.choices, default=Grade.A)
    first_contact_value = _length("先行联系时限")
    first_contact_unit = models.CharField("先行联系单位", max_length=12, choices=LimitUnit.choices, blank=True)
    resolve_value = _length("处置时限")
    resolve_unit = models.CharField("处置时限单位", max_length=12, choices=LimitUnit.choices, blank=True)
    valid_from = models.DateField("生效日期", null=True, blank=True)
    valid_to = models.DateField("失效日期", null=True, blank=True)

    class Meta:
        verbose_name = "处置时限"
        verbose_name_plural = "处置时限"
        ordering = ["category", "grade", "valid_from"]
        constraints = [
            UniqueConstraint(fields=["category", "grade", "valid_from"], name="limit_once_per_start"),
            UniqueConstraint(
                fields=["category", "grade"], name="limit_once_open_start", condition=Q(valid_from__isnull=True)
            ),
            CheckConstraint(
                name="limit_dates_in_order",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message="失效日期不能早于生效日期。",
            ),
            CheckConstraint(
                name="limit_has_unit",
                condition=(Q(resolve_value__isnull=True) | ~Q(resolve_unit=""))
                & (Q(first_contact_value__isnull=True) | ~Q(first_contact_unit="")),
                violation_error_message="填了时限就要选单位。",
            ),
            CheckConstraint(
                name="limit_within_reason",
                condition=_within_reason("first_contact_value", "resolve_value"),
                violation_error_message=f"时限不能超过 {_LONGEST}。",
            ),
        ]

    def __str__(self) -> str:
        if self.resolve_value is None:
            return "按预案"
        return f"{self.resolve_value} {self.get_resolve_unit_display()}"


class ClockRule(TimestampedModel):
    """How long the clock waits, per level and urgency. The most particular row wins; without any, the built-in values.

    Whatever changes here changes the agenda of open cases: saving renews the office's mark.
    """

    level = models.CharField(
        "层级", max_length=12, choices=GridKind.choices, blank=True, help_text="不选：各级都适用。"
    )
    urgency = models.CharField(
        "紧急程度", max_length=10, choices=Urgency.choices, blank=True, help_text="不选：都适用。"
    )
    warn_percent = models.PositiveSmallIntegerField("黄灯：剩余时限百分比", default=20)
    warn_last_day = models.BooleanField("黄灯：最后一个工作日", default=True)
    accept_value = _length("接单时限", default=4, help_text="超过时自动收回到负责网格；不填则不收回。")
    accept_unit = models.CharField(
        "接单时限单位", max_length=12, choices=LimitUnit.choices, blank=True, default=LimitUnit.WORKING_HOUR
    )
    grace_value = _length("超期多久自动上报", default=1, help_text="不填则不自动上报上级。")
    grace_unit = models.CharField(
        "自动上报单位", max_length=12, choices=LimitUnit.choices, blank=True, default=LimitUnit.WORKING_DAY
    )
    feedback_value = _length("待回访多久自动结案", default=3, help_text="按“未联系上”结案；不填则不自动结案。")
    feedback_unit = models.CharField(
        "自动结案单位", max_length=12, choices=LimitUnit.choices, blank=True, default=LimitUnit.WORKING_DAY
    )
    returns = models.PositiveSmallIntegerField(
        "退单几次后由上级签派", default=2, help_text="达到次数后，只有上级网格能派遣，且不得再退。"
    )

    class Meta:
        verbose_name = "提醒和自动处理规则"
        verbose_name_plural = "提醒和自动处理规则"
        ordering = ["level", "urgency"]
        constraints = [
            UniqueConstraint(
                fields=["level", "urgency"],
                name="clock_rule_once",
                violation_error_message="这个层级和紧急程度已经有规则，请直接修改那一条。",
            ),
            CheckConstraint(
                name="clock_rule_percent",
                condition=Q(warn_percent__lte=100),
                violation_error_message="百分比应在 0 到 100 之间。",
            ),
            CheckConstraint(
                name="clock_rule_returns",
                condition=Q(returns__gte=1),
                violation_error_message="次数至少为 1。",
            ),
            CheckConstraint(
                name="clock_rule_has_unit",
                condition=(Q(accept_value__isnull=True) | ~Q(accept_unit=""))
                & (Q(grace_value__isnull=True) | ~Q(grace_unit=""))
                & (Q(feedback_value__isnull=True) | ~Q(feedback_unit="")),
                violation_error_message="填了时限就要选单位。",
            ),
            CheckConstraint(
                name="clock_rule_within_reason",
                condition=_within_reason("accept_value", "grace_value", "feedback_value"),
                violation_error_message=f"时限不能超过 {_LONGEST}。",
            ),
            CheckConstraint(
                name="clock_rule_not_zero",
                condition=~(Q(accept_value=0) | Q(grace_value=0) | Q(feedback_value=0)),
                violation_error_message="时限至少为 1；不要自动处理的请留空。",
            ),
        ]

    def __str__(self) -> str:
        level = self.get_level_display() or "各级"
        return f"{level}，{self.get_urgency_display() or '各类紧急程度'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            OfficeMark.renew()
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            OfficeMark.renew()
            return super().delete(*args, **kwargs)


register(Category, excluded_fields=["updated_at"])
register(CategoryOwner, excluded_fields=["updated_at"])
register(TimeLimit, excluded_fields=["updated_at"])
register(ClockRule, excluded_fields=["updated_at"])
