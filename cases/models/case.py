"""The case itself."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils import timezone

from cases.choices import Nature, RejectReason, Satisfaction, Source, Status, Urgency
from cases.models.reference import Category
from cases.querysets import CaseQuerySet
from grids.choices import GridKind
from grids.models import Department, Grid, GridAnchored
from liangcheng.common.clock import now
from liangcheng.common.models import VersionedModel
from members.models import Building, ResidentUnit

# What every figure may be asked by (cases/figures/): children of a grid, kind of case, and who may see it.
_ASKED_BY = ("area", "neighborhood", "micro_unit", "category", "source", "nature", "confidential", "discovered_by")
# Moment that puts a case into a period → what the figures of that moment count. One covering index each, so that a
# street's year is read from the index alone (SCALE 2); `status` is included, never a key.
_COUNTED = {
    "reported_at": ("status", "reject_reason", "dispatch_count", "return_count"),
    "due_at": ("status", "on_time", "extension_count", "suspend_count"),
    "original_due_at": ("status", "on_time_original"),
    "resolved_at": ("status", "resolved_level", "rework_count", "reported_at"),
    "closed_at": ("status", "satisfaction", "solved"),
    "first_contact_due_at": ("status", "first_contact_at"),
}
_FIGURES = [
    models.Index(
        fields=["community", moment],
        name=f"case_figures_{moment.removesuffix('_at')}",
        include=[*_ASKED_BY, *counted],
        condition=None if moment == "reported_at" else Q(**{f"{moment}__isnull": False}),
    )
    for moment, counted in _COUNTED.items()
]


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

    State is written by cases/workflow/ only.
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
        Grid, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="相邻网格", db_index=False
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

    solved = models.BooleanField("反映人认为已解决", null=True, blank=True)

    reported_at = models.DateTimeField("上报时间")
    first_contact_due_at = models.DateTimeField("先行联系期限", null=True, blank=True)
    due_at = models.DateTimeField("处置期限", null=True, blank=True)
    original_due_at = models.DateTimeField("原处置期限", null=True, blank=True)
    resolved_at = models.DateTimeField("处置完成时间", null=True, blank=True)
    closed_at = models.DateTimeField("结案时间", null=True, blank=True)
    on_time = models.BooleanField("按时处置", null=True, blank=True)
    on_time_original = models.BooleanField("按原时限处置", null=True, blank=True)
    warn_at = models.DateTimeField("亮黄灯时间", null=True, blank=True)
    first_contact_at = models.DateTimeField("先行联系时间", null=True, blank=True)
    status_since = models.DateTimeField("进入本状态的时间", default=timezone.now)
    # From when the handling grid has it in hand: the grace after the deadline counts from here (cases/agenda.py).
    arrived_at = models.DateTimeField("到达负责网格的时间", default=timezone.now)
    # When the clock must look at this case next (cases/agenda.py), and what it has already told (words of Tick).
    clock_at = models.DateTimeField("下次自动处理", null=True, blank=True, editable=False)
    told = models.CharField("已提醒", max_length=60, blank=True, editable=False)
    extension_days = models.PositiveSmallIntegerField("申请延期（工作日）", null=True, blank=True)
    extension_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="延期申请人"
    )
    extension_count = models.PositiveSmallIntegerField("延期次数", default=0)
    suspended_from = models.CharField("挂账前状态", max_length=20, choices=Status.choices, blank=True)
    review_on = models.DateField("挂账复核日期", null=True, blank=True)
    dispatch_count = models.PositiveSmallIntegerField("派遣次数", default=0)
    suspend_count = models.PositiveSmallIntegerField("挂账次数", default=0)
    return_count = models.PositiveSmallIntegerField("退单次数", default=0)
    rework_count = models.PositiveSmallIntegerField("返工次数", default=0)
    reopen_count = models.PositiveSmallIntegerField("重新处置次数", default=0)
    urge_count = models.PositiveSmallIntegerField("催办次数", default=0)
    bounced = models.BooleanField("退单达到次数", default=False, help_text="只有上级网格能派遣，且不得再退。")
    supervised = models.BooleanField("督办", default=False)
    instruction_due_at = models.DateTimeField("批示督办答复期限", null=True, blank=True)
    coordination_at = models.DateTimeField("约请协调时间", null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="merged_cases",
        verbose_name="并入案件",
        db_index=False,
    )
    merged_from = models.CharField("并案前状态", max_length=20, choices=Status.choices, blank=True)
    heat = models.PositiveIntegerField("反映次数", default=1)
    transfer_body = models.CharField("移送单位", max_length=60, blank=True)
    transfer_number = models.CharField("移送编号", max_length=60, blank=True)
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
            models.Index(fields=["clock_at"], name="case_clock", condition=Q(clock_at__isnull=False)),
            models.Index(fields=["second_grid"], name="case_second_grid", condition=Q(second_grid__isnull=False)),
            models.Index(fields=["merged_into"], name="case_merged", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["community", "updated_at", "id"], name="case_updated"),
            *_FIGURES,
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

    @property
    def has_reporter(self) -> bool:
        """Somebody brought this up who can be called first and asked afterwards."""
        return self.wants_reply or bool(self.reporter_phone) or bool(self.external_id)

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
