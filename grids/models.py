"""The four-level grid tree, who serves where, and the base of every row that hangs on a grid."""

from typing import Any, ClassVar, NoReturn, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from mptt.fields import TreeForeignKey
from mptt.models import MPTTModel
from simple_history import register

from grids.choices import (
    KINDS,
    PARTY_ROLES,
    PATH_FIELD,
    SHORT_LEVEL,
    DepartmentKind,
    Grade,
    GridKind,
    PartyAccess,
    Role,
)
from grids.querysets import GridManager, PostingQuerySet, StandInQuerySet
from liangcheng.common.db import share_locked
from liangcheng.common.exceptions import DomainError
from liangcheng.common.models import TimestampedModel, VersionedModel


def _path_column(kind: GridKind) -> "models.ForeignKey[Any, Any]":
    # No index of its own: each anchored model declares the composite ones that its lists need (SCALE 2).
    return models.ForeignKey(
        "grids.Grid",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=kind.label,
    )


class PathColumns(models.Model):
    """The grid of each level above and including this row's own; NULL below it, or where a level is skipped."""

    community = _path_column(GridKind.COMMUNITY)
    area = _path_column(GridKind.AREA)
    neighborhood = _path_column(GridKind.NEIGHBORHOOD)
    micro_unit = _path_column(GridKind.MICRO_UNIT)

    class Meta:
        abstract = True

    def path_ids(self) -> dict[str, int | None]:
        """Path column → grid id, from the street down."""
        return {f"{PATH_FIELD[kind]}_id": getattr(self, f"{PATH_FIELD[kind]}_id") for kind in KINDS}

    def grid_id_at(self, kind: str) -> int | None:
        """The id of this row's grid of that kind."""
        found: int | None = getattr(self, f"{PATH_FIELD[kind]}_id")
        return found


class Grid(PathColumns, TimestampedModel, VersionedModel, MPTTModel):
    """A node of the tree. Written only by grids/tree.py; retired, never deleted; its code is never used again."""

    kind = models.CharField("层级", max_length=12, choices=GridKind.choices)
    code = models.CharField(
        "网格编码", max_length=15, unique=True, help_text="街道、片区、居民区 12 位，微单元 15 位。"
    )
    name = models.CharField("名称", max_length=60)
    short_name = models.CharField("简称", max_length=30)
    name_pinyin = models.CharField("拼音首字母", max_length=200, editable=False, blank=True)
    parent = TreeForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级网格"
    )
    brand = models.CharField("特色品牌", max_length=200, blank=True)
    lead_organization = models.ForeignKey(
        "members.PartyOrganization",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="led_grids",
        verbose_name="牵头党组织",
    )
    location = models.CharField("位置", max_length=100, blank=True)
    facts = models.JSONField("报道数据", default=dict, blank=True, help_text="按原文记录，含“余”等说法。")
    note = models.CharField("备注", max_length=300, blank=True)
    grade = models.CharField(
        "管理等级",
        max_length=1,
        choices=Grade.choices,
        default=Grade.A,
        help_text="决定在这里发现的案件按哪一级处置时限办理；类别没有该级时限的，按一级。",
    )
    assumed = models.BooleanField("示例划分，待街道确认", default=False)
    is_active = models.BooleanField("在用", default=True)
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="predecessors", verbose_name="并入网格"
    )

    objects = GridManager()

    class MPTTMeta:
        order_insertion_by: ClassVar[list[str]] = ["code"]

    class Meta:
        verbose_name = "网格"
        verbose_name_plural = "网格"
        ordering = ["tree_id", "lft"]
        indexes = [
            models.Index(fields=["tree_id", "lft"], name="grid_tree_order"),
            models.Index(fields=["community"], name="grid_community"),
            models.Index(fields=["area"], name="grid_area"),
            models.Index(fields=["neighborhood"], name="grid_neighborhood"),
        ]
        constraints = [
            CheckConstraint(
                name="grid_kind_fits_level",
                condition=Q(kind="COMMUNITY", level=0)
                | Q(kind="AREA", level=1)
                | Q(kind="NEIGHBORHOOD", level=2)
                | Q(kind="MICRO_UNIT", level__in=[2, 3]),
                violation_error_message="网格层级与位置不符。",
            ),
            CheckConstraint(
                name="grid_root_is_community",
                condition=Q(parent__isnull=True, kind="COMMUNITY") | Q(parent__isnull=False),
                violation_error_message="只有街道可以没有上级网格。",
            ),
            CheckConstraint(
                name="grid_dates_in_order",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message="停用日期不能早于启用日期。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise DomainError("never_deleted", "网格不能删除，只能停用：历史案件还挂在上面。")

    @property
    def level_label(self) -> str:
        return SHORT_LEVEL[self.kind]

    def contains(self, row: PathColumns) -> bool:
        """Whether a row with path columns (a grid, a case) lies in this grid's subtree."""
        return row.grid_id_at(self.kind) == self.pk


class GridExternalCode(models.Model):
    """The same grid under another body's numbering: 综合网格, 警务责任区 …"""

    grid = models.ForeignKey(Grid, models.CASCADE, related_name="external_codes", verbose_name="网格")
    scheme = models.CharField("编码体系", max_length=30)
    code = models.CharField("编码", max_length=50)

    class Meta:
        verbose_name = "外部编码"
        verbose_name_plural = "外部编码"
        constraints = [UniqueConstraint(fields=["grid", "scheme"], name="one_external_code_per_scheme")]

    def __str__(self) -> str:
        return f"{self.scheme} {self.code}"


class TreeLock(models.Model):
    """One row; whoever changes a tree's structure holds it FOR UPDATE (ADR 0001). The first writer makes it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)

    def __str__(self) -> str:
        return "网格树写锁"


class Department(TimestampedModel):
    """条线部门: an office, centre or station that handles cases for the grid it serves (all below included)."""

    grid = models.ForeignKey(Grid, models.PROTECT, related_name="departments", verbose_name="服务网格")
    code = models.CharField("代码", max_length=30)
    name = models.CharField("名称", max_length=50)
    short_name = models.CharField("简称", max_length=20)
    name_pinyin = models.CharField("拼音首字母", max_length=200, editable=False, blank=True)
    kind = models.CharField("类型", max_length=12, choices=DepartmentKind.choices, default=DepartmentKind.OFFICE)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = "条线部门"
        verbose_name_plural = "条线部门"
        ordering = ["kind", "code"]
        constraints = [UniqueConstraint(fields=["grid", "code"], name="department_code_per_grid")]

    def __str__(self) -> str:
        return self.short_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        from liangcheng.common.pinyin import initials

        self.name_pinyin = initials(self.name)
        super().save(*args, **kwargs)


class Posting(TimestampedModel):
    """岗位: a user serves at a grid in a role. With a department: its staff, who see that department's cases."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="postings", verbose_name="人员")
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="postings", verbose_name="网格")
    role = models.CharField("角色", max_length=10, choices=Role.choices)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="postings", verbose_name="条线部门"
    )
    party_access = models.CharField("党员名册", max_length=8, choices=PartyAccess.choices, default=PartyAccess.BY_ROLE)
    valid_from = models.DateField("任职起", null=True, blank=True)
    valid_to = models.DateField("任职止", null=True, blank=True)

    objects = PostingQuerySet.as_manager()

    class Meta:
        verbose_name = "岗位"
        verbose_name_plural = "岗位"
        ordering = ["grid", "role", "user"]
        constraints = [
            UniqueConstraint(fields=["user", "grid", "role", "department"], name="posting_once_per_department"),
            UniqueConstraint(
                fields=["user", "grid", "role"], name="posting_once", condition=Q(department__isnull=True)
            ),
            CheckConstraint(
                name="department_staff_are_officers",
                condition=Q(department__isnull=True) | Q(role="OFFICER"),
                violation_error_message="部门人员的角色请选“网格员”。",
            ),
            CheckConstraint(
                name="posting_dates_in_order",
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message="任职止不能早于任职起。",
            ),
        ]

    def __str__(self) -> str:
        place = self.department or self.grid.short_name
        return f"{place} {self.get_role_display()} {self.user}"

    @property
    def reads_members(self) -> bool:
        """Whether it opens the register of party members in its subtree. Never to another system or a department."""
        if self.role == Role.SERVICE or self.department_id:
            return False
        if self.party_access == PartyAccess.BY_ROLE:
            return self.role in PARTY_ROLES
        return self.party_access == PartyAccess.ALLOWED

    def clean(self) -> None:
        if self.department_id and self.grid_id and self.department and self.department.grid_id != self.grid_id:
            raise ValidationError({"grid": f"部门人员的网格应为该部门的服务网格“{self.department.grid}”。"})


class StandIn(TimestampedModel):
    """请假代班: for some days `stand_in` has the postings of `user` besides their own. Written by grids/standins.py."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="stand_ins", verbose_name="请假人")
    stand_in = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="stands_in_for", verbose_name="代班人"
    )
    valid_from = models.DateField("开始日期")
    valid_to = models.DateField("结束日期", help_text="含当天。")
    reason = models.CharField("事由", max_length=50, blank=True, help_text="如年休假、外出培训；不要写病情等隐私。")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="登记人"
    )
    ended_at = models.DateTimeField("提前结束时间", null=True, blank=True, editable=False)

    objects = StandInQuerySet.as_manager()

    class Meta:
        verbose_name = "请假代班"
        verbose_name_plural = "请假代班"
        ordering = ["-valid_from", "-pk"]
        constraints = [
            CheckConstraint(
                name="stand_in_is_another",
                condition=~Q(user=F("stand_in")),
                violation_error_message="请选择另一位人员代班。",
            ),
            CheckConstraint(
                name="stand_in_dates_in_order",
                condition=Q(valid_to__gte=F("valid_from")),
                violation_error_message="结束日期不能早于开始日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stand_in}代{self.user}（{self.valid_from}至{self.valid_to}）"


class GridAnchored(PathColumns):
    """A row that hangs on a grid. Its path columns are filled on save and rewritten by grids/tree.py.

    "In the subtree of G" is then one equality on an indexed column, at any size (ADR 0003).
    """

    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name="网格")

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Forms and imports just save: the row then anchors itself. A rule that has anchored it saves a read."""
        fields = kwargs.get("update_fields")
        if fields is not None and not {"grid", "grid_id"} & set(fields):
            return super().save(*args, **kwargs)
        with transaction.atomic():
            if not self.__dict__.pop("_anchored", False):
                self.anchor(pk=self.grid_id)
                self.__dict__.pop("_anchored")
            if fields is not None:
                kwargs["update_fields"] = {*fields, *PATH_FIELD.values()}
            super().save(*args, **kwargs)
        return None

    def anchor(self, **lookup: Any) -> Grid:
        """Hang this row on the grid of `lookup` (pk or code): read it with a share lock and take over its path.

        The next save writes it. Needs a transaction: a grid that moves meanwhile would leave the row on the old
        path (SCALE 2). Returns the grid. Raises Grid.DoesNotExist.
        """
        found = share_locked(Grid.objects.filter(**lookup).order_by())
        if not found:
            raise Grid.DoesNotExist(str(lookup))
        self.grid = found[0]
        for column, value in found[0].path_ids().items():
            setattr(self, column, value)
        self._anchored = True
        return found[0]

    @classmethod
    def after_regrid(cls, rows: "models.QuerySet[Self]") -> None:
        """Called by grids/tree.py when the paths of `rows` have changed; for what else follows from a path."""


register(Grid, excluded_fields=["lft", "rght", "tree_id", "level", "updated_at"])
register(Department, excluded_fields=["updated_at"])
register(Posting, excluded_fields=["updated_at"])
register(StandIn, excluded_fields=["updated_at"])
