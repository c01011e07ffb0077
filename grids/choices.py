"""Closed lists of the grid tree."""

from django.db.models import TextChoices


class GridKind(TextChoices):
    """The four levels, from the street down (article, R1)."""

    COMMUNITY = "COMMUNITY", "社区网格"
    AREA = "AREA", "片区网格"
    NEIGHBORHOOD = "NEIGHBORHOOD", "居民区网格"
    MICRO_UNIT = "MICRO_UNIT", "微单元网格"


# From the top; a kind's place in it is its rank.
KINDS: tuple[GridKind, ...] = tuple(GridKind)
RANK: dict[str, int] = {kind.value: rank for rank, kind in enumerate(KINDS)}
# The path column that holds a row's grid of that kind.
PATH_FIELD: dict[str, str] = {kind.value: kind.value.lower() for kind in KINDS}
SHORT_LEVEL: dict[str, str] = {
    "COMMUNITY": "街道",
    "AREA": "片区",
    "NEIGHBORHOOD": "居民区",
    "MICRO_UNIT": "微单元",
}
# A micro-unit may be one institution that answers to its area directly (R8: 上海人民武装学院).
ALLOWED_PARENTS: dict[str, tuple[str | None, ...]] = {
    "COMMUNITY": (None,),
    "AREA": ("COMMUNITY",),
    "NEIGHBORHOOD": ("AREA",),
    "MICRO_UNIT": ("NEIGHBORHOOD", "AREA"),
}


class Grade(TextChoices):
    """Management grade of a grid: GB/T 30428.8 gives three limits per category to choose from.

    A is the strictest and the rule; cases.discovery relies on A, B, C being their order.
    """

    A = "A", "一级"
    B = "B", "二级"
    C = "C", "三级"


class Role(TextChoices):
    """What somebody is at a grid (docs/glossary.md)."""

    OFFICER = "OFFICER", "网格员"
    LIAISON = "LIAISON", "联络员"
    HEAD = "HEAD", "网格长"
    DISPATCHER = "DISPATCHER", "派遣员"
    INSPECTOR = "INSPECTOR", "核查员"
    VIEWER = "VIEWER", "只读"
    SERVICE = "SERVICE", "系统接入"


# Who runs the desk of a grid: dispatches, hands down, checks.
DESK_ROLES = frozenset({Role.LIAISON, Role.HEAD, Role.DISPATCHER})


# Who may read who is a party member, unless the posting says otherwise: membership is sensitive (PIPL 28, DOMAIN C2).
PARTY_ROLES = DESK_ROLES


class PartyAccess(TextChoices):
    """Whether a posting may read the register of party members."""

    BY_ROLE = "BY_ROLE", "按角色（网格长、联络员、派遣员可查阅）"
    ALLOWED = "ALLOWED", "可查阅"
    DENIED = "DENIED", "不可查阅"


class DepartmentKind(TextChoices):
    OFFICE = "OFFICE", "街道办公室"
    CENTRE = "CENTRE", "街道中心"
    STATION = "STATION", "派驻机构"
    ENTERPRISE = "ENTERPRISE", "服务企业"
    ORGANISATION = "ORGANISATION", "群团组织"
