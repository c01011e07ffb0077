"""The case, its history, its photos, and the lists it is measured by."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils import timezone
from simple_history import register

from cases.choices import (
    Act,
    Grade,
    LimitUnit,
    Nature,
    PhotoKind,
    RejectReason,
    Satisfaction,
    Source,
    Status,
    Urgency,
)
from cases.querysets import AppendOnlyQuerySet, CaseQuerySet
from grids.choices import GridKind
from grids.models import Department, Grid, GridAnchored
from liangcheng.common.clock import now
from liangcheng.common.models import TimestampedModel, VersionedModel
from members.models import Building, ResidentUnit


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


class TimeLimit(TimestampedModel):
    """How long a category may take, from when to when. An empty resolve value: 按预案, no figure fits.

    A value of 0 means at once. What was promised stays on the case when this row changes later.
    """

    category = models.ForeignKey(Category, models.CASCADE, related_name="limits", verbose_name="类别")
    grade = models.CharField("管理等级", max_length=1, choices=Grade.choices, default=Grade.A)
    first_contact_value = models.PositiveSmallIntegerField("先行联系时限", null=True, blank=True)
    first_contact_unit = models.CharField("先行联系单位", max_length=12, choices=LimitUnit.choices, blank=True)
    resolve_value = models.PositiveSmallIntegerField("处置时限", null=True, blank=True)
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
        ]

    def __str__(self) -> str:
        if self.resolve_value is None:
            return "按预案"
        return f"{self.resolve_value} {self.get_resolve_unit_display()}"


class CaseCounter(models.Model):
    """Last number drawn per street and day; drawn late in the transaction (SCALE 6)."""

    community = models.ForeignKey(Grid, models.PROTECT, related_name="+")
    day = models.DateField()
    value = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [UniqueConstraint(fields=["community", "day"], name="case_counter_per_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.value}"


class Case(GridAnchored, VersionedModel):
    """案件. `grid` is where it was discovered, `handling_grid` who answers now, always on the path of `grid`.

    State is written by cases/workflow.py only.
    """

    number = models.CharField("案件编号", max_length=20)
    title = models.CharField("标题", max_length=60)
    description = models.TextField("情况描述", max_length=2000)
    category = models.ForeignKey(Category, models.PROTECT, related_name="cases", verbose_name="类别")
    nature = models.CharField("性质", max_length=12, choices=Nature.choices, default=Nature.COMPLAINT)
    source = models.CharField("来源", max_length=12, choices=Source.choices, default=Source.PATROL)
    external_system = models.CharField("来源系统", max_length=50, blank=True)
    external_id = models.CharField("来源系统编号", max_length=100, blank=True)
    urgency = models.CharField("紧急程度", max_length=10, choices=Urgency.choices, default=Urgency.NORMAL)

    handling_grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name="当前负责网格")
    handling_level = models.CharField("当前层级", max_length=12, choices=GridKind.choices)
    highest_level = models.CharField("到过的最高层级", max_length=12, choices=GridKind.choices)
    resolved_level = models.CharField("解决层级", max_length=12, choices=GridKind.choices, blank=True)
    second_grid = models.ForeignKey(
        Grid, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="相邻网格"
    )

    unit = models.ForeignKey(ResidentUnit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="单位")
    building = models.ForeignKey(Building, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="楼栋")
    address = models.CharField("地址", max_length=150, blank=True)
    lng = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True, blank=True)
    lat = models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True, blank=True)

    reporter_name = models.CharField("反映人", max_length=30, blank=True)
    reporter_phone = models.CharField("反映人电话", max_length=20, blank=True)
    reporter_anonymous = models.BooleanField("匿名", default=False)
    wants_reply = models.BooleanField("要求回复", default=False)
    confidential = models.BooleanField("保密", default=False)

    status = models.CharField("状态", max_length=20, choices=Status.choices, default=Status.PENDING)
    is_open = models.BooleanField("未办结", default=True)
    discovered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="上报人")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="处置人"
    )
    assigned_department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="处置部门"
    )
    binding = models.BooleanField("签派", default=False, help_text="签派的案件不得退单。")
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="办结人"
    )
    result = models.TextField("处置结果", max_length=2000, blank=True)
    reject_reason = models.CharField("不予受理原因", max_length=15, choices=RejectReason.choices, blank=True)
    satisfaction = models.CharField("满意度", max_length=20, choices=Satisfaction.choices, blank=True)

    reported_at = models.DateTimeField("上报时间")
    first_contact_due_at = models.DateTimeField("先行联系期限", null=True, blank=True)
    due_at = models.DateTimeField("处置期限", null=True, blank=True)
    original_due_at = models.DateTimeField("原处置期限", null=True, blank=True)
    resolved_at = models.DateTimeField("处置完成时间", null=True, blank=True)
    closed_at = models.DateTimeField("结案时间", null=True, blank=True)
    on_time = models.BooleanField("按时处置", null=True, blank=True)
    return_count = models.PositiveSmallIntegerField("退单次数", default=0)
    rework_count = models.PositiveSmallIntegerField("返工次数", default=0)
    reopen_count = models.PositiveSmallIntegerField("重新处置次数", default=0)
    updated_at = models.DateTimeField("更新时间", default=timezone.now)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = "案件"
        verbose_name_plural = "案件"
        ordering = ["-id"]
        indexes = [
            *(
                models.Index(fields=[column, "-id"], name=f"case_open_{column}", condition=Q(is_open=True))
                for column in ("community", "area", "neighborhood", "micro_unit")
            ),
            *(
                models.Index(fields=[column, "-id"], name=f"case_all_{column}")
                for column in ("community", "area", "neighborhood", "micro_unit")
            ),
            models.Index(fields=["assignee", "due_at"], name="case_my_todo", condition=Q(is_open=True)),
            models.Index(fields=["assigned_department", "due_at"], name="case_dept_todo", condition=Q(is_open=True)),
            models.Index(fields=["due_at"], name="case_open_due", condition=Q(is_open=True)),
            models.Index(fields=["community", "updated_at", "id"], name="case_updated"),
        ]
        constraints = [
            UniqueConstraint(fields=["community", "number"], name="case_number_once_per_street"),
            UniqueConstraint(
                fields=["community", "external_system", "external_id"],
                name="case_external_once",
                condition=~Q(external_id=""),
            ),
            CheckConstraint(
                name="case_one_assignee",
                condition=Q(assignee__isnull=True) | Q(assigned_department__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def after_regrid(cls, rows: Any) -> None:
        """Who follows the registry by `updated_since` or by version must hear of the move."""
        rows.rehome()
        rows.update(version=F("version") + 1, updated_at=now())

    def handling_path(self) -> list[int]:
        """Ids of the handling grid and all above it, from the street down."""
        from grids.choices import KINDS, RANK

        ids = [self.grid_id_at(kind) for kind in KINDS[: RANK[self.handling_level] + 1]]
        return [grid_id for grid_id in ids if grid_id]


class CoHandler(models.Model):
    """协办: a department that helps; the case stays with its assignee."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="co_handlers", verbose_name="案件")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name="协办部门")
    created_at = models.DateTimeField("加入时间", default=timezone.now)

    class Meta:
        verbose_name = "协办部门"
        verbose_name_plural = "协办部门"
        constraints = [UniqueConstraint(fields=["case", "department"], name="co_handler_once")]

    def __str__(self) -> str:
        return str(self.department)


class CaseEvent(models.Model):
    """What happened to a case: written once, in the transaction of the act, never changed.

    `idempotency_key` is the caller's: the same actor with the same key gets the same case back.
    """

    community_id = models.BigIntegerField("街道")
    case = models.ForeignKey(Case, models.PROTECT, related_name="events", verbose_name="案件")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    act = models.CharField("动作", max_length=12, choices=Act.choices)
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
        indexes = [models.Index(fields=["community_id", "id"], name="event_community")]
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
    """消息: one event, told to one person once. Written by the worker when it delivers the outbox row."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name="收件人"
    )
    event = models.ForeignKey(CaseEvent, models.CASCADE, related_name="+", verbose_name="案件记录")
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
        constraints = [UniqueConstraint(fields=["recipient", "event"], name="notice_once")]

    def __str__(self) -> str:
        return self.text


register(Category, excluded_fields=["updated_at"])
register(TimeLimit, excluded_fields=["updated_at"])
