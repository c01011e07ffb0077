"""Imports of Excel sheets: what was uploaded, how far it is, what came of it."""

from django.conf import settings
from django.db import models

from liangcheng.common.clock import now
from members.querysets import SheetJobQuerySet


class SheetState(models.TextChoices):
    TO_CHECK = "TO_CHECK", "等待检查"
    CHECKING = "CHECKING", "正在检查"
    REFUSED = "REFUSED", "有错误，没有导入"
    READY = "READY", "检查通过，等您确认"
    TO_IMPORT = "TO_IMPORT", "等待导入"
    IMPORTING = "IMPORTING", "正在导入"
    DONE = "DONE", "已导入"
    FAILED = "FAILED", "处理失败"


class SheetJob(models.Model):
    """One uploaded sheet on its way: checked first, then taken all or not at all. Seen by its owner only.

    Worked off by the worker (members/sheets/jobs.py). Holds other people's data only in its files, which go with it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="人员")
    register = models.CharField("底册", max_length=30)
    file = models.FileField("文件", upload_to="sheets/")
    file_name = models.CharField("文件名", max_length=100)
    error_file = models.FileField("错误清单", upload_to="sheets/", blank=True)
    state = models.CharField("状态", max_length=10, choices=SheetState.choices, default=SheetState.TO_CHECK)
    done = models.PositiveIntegerField("已处理行数", default=0)
    total = models.PositiveIntegerField("总行数", default=0)
    new = models.PositiveIntegerField("新增", default=0)
    changed = models.PositiveIntegerField("更新", default=0)
    unchanged = models.PositiveIntegerField("不变", default=0)
    wrong = models.PositiveIntegerField("错误数", default=0)
    # The first problems, as [line, header, words]; all of them stand in `error_file`. What else to know, in words.
    problems = models.JSONField("错误", default=list)
    notes = models.JSONField("提示", default=list)
    # Line → [id, when last written] of the row that it changes, as the check saw it.
    seen = models.JSONField("检查时的登记", default=dict)
    created_at = models.DateTimeField("上传时间", default=now)
    # When a worker last gave a sign of working on it; before that, when it was put in line.
    beat_at = models.DateTimeField("最近进展", default=now)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)

    objects = SheetJobQuerySet.as_manager()

    class Meta:
        verbose_name = "表格导入"
        verbose_name_plural = "表格导入"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["register", "state"], name="sheetjob_register")]

    def __str__(self) -> str:
        return f"{self.register} {self.get_state_display()}"

    @property
    def is_waiting(self) -> bool:
        return self.state in (SheetState.TO_CHECK, SheetState.TO_IMPORT)

    @property
    def is_active(self) -> bool:
        return self.is_waiting or self.state in (SheetState.CHECKING, SheetState.IMPORTING)
