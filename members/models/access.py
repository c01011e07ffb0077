"""个人信息使用记录: who opened, unmasked, exported or erased whose data. Append-only."""

from typing import Any, NoReturn

from django.apps import apps
from django.conf import settings
from django.db import models

from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError
from members.choices import AccessKind
from members.querysets import AccessLogQuerySet


class AccessLog(models.Model):
    """One use of personal data. `register` and `object_id` name the row (a list: no id, but how many rows).

    `grid` and `community` are where the row was then. Holds no name or number itself: it outlives an erasure.
    """

    at = models.DateTimeField("时间", default=now)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="人员")
    kind = models.CharField("事项", max_length=12, choices=AccessKind.choices)
    register = models.CharField("底册", max_length=30, help_text="模型名，如 partymember。")
    object_id = models.BigIntegerField("记录号", null=True, blank=True)
    number_of_rows = models.PositiveIntegerField("条数", default=1)
    grid = models.ForeignKey("grids.Grid", models.PROTECT, null=True, related_name="+", verbose_name="网格")
    community = models.ForeignKey(
        "grids.Grid", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="街道"
    )
    reason = models.CharField("事由", max_length=100, blank=True)

    objects = AccessLogQuerySet.as_manager()

    class Meta:
        verbose_name = "个人信息使用记录"
        verbose_name_plural = "个人信息使用记录"
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["community", "-at"], name="access_community"),
            models.Index(fields=["register", "object_id"], name="access_object"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.register_label} {self.object_id or ''}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise DomainError("append_only", "使用记录不能修改。")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise DomainError("append_only", "使用记录不能删除。")

    @property
    def register_label(self) -> str:
        """党员 for partymember; of a table that is gone the name itself."""
        for app in ("members", "cases", "accounts", "grids"):
            try:
                return str(apps.get_model(app, self.register)._meta.verbose_name)
            except LookupError:
                continue
        return self.register
