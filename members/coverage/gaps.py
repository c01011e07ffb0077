"""What may be lacking in a grid: its name in words, where its rows are listed, and who mends it. Pure."""

from dataclasses import dataclass

from grids.choices import RANK, GridKind

_KEEPERS = "由街道或片区的网格长、派遣员、联络员登记"
_DESK = "由本网格或上级网格的网格长、联络员、派遣员登记"
_OFFICE = "由街道网格长或派遣员在管理后台登记岗位"


@dataclass(frozen=True)
class Gap:
    """One line of the coverage. `key` names it in the figures, in addresses and in the API.

    With `register` its rows are those of that register's list with `lacking`; without one they are grids, listed on
    the coverage page itself. `lowest`: the lowest kind of grid of which the line can say anything.
    """

    key: str
    label: str
    measure: str
    mended_by: str
    register: str = ""
    lacking: str = ""
    lowest: GridKind = GridKind.MICRO_UNIT

    def concerns(self, kind: str) -> bool:
        """Whether the line says something about a grid of that kind: of a micro-unit not how many leads an area has."""
        return RANK[kind] <= RANK[self.lowest]


GAPS: tuple[Gap, ...] = (
    Gap("buildings_without_leader", "楼栋没有楼组长", "栋", _DESK, "building", "leader"),
    # Nobody posted to the micro-unit itself as 网格员, 联络员 or 网格长: whoever serves above has other work.
    Gap("micro_units_without_officer", "微单元没有网格员", "个", _OFFICE),
    # R8–R10: the street has 负责人, each 居民区 a 网格长, each area two leads who stand in for each other (AB角).
    Gap("grids_without_head", "街道、居民区没有网格长", "个", _OFFICE, lowest=GridKind.NEIGHBORHOOD),
    Gap("areas_without_two_leads", "片区负责人不足两位（AB角）", "个", _OFFICE, lowest=GridKind.AREA),
    Gap("neighborhoods_without_venue", "居民区没有主阵地", "个", _DESK, lowest=GridKind.NEIGHBORHOOD),
    Gap("neighborhoods_without_team", "居民区没有管理队伍", "个", _DESK, lowest=GridKind.NEIGHBORHOOD),
    Gap("members_without_micro_unit", "党员没有落到微单元", "名", _DESK, "member", "micro_unit"),
    Gap("members_without_organization", "党员所在党组织已停用", "名", _DESK, "member", "organization"),
    Gap("organizations_without_contact", "党组织没有联系人或电话", "个", _KEEPERS, "organization", "contact"),
    Gap("units_without_contact", "单位没有联系人或电话", "家", _KEEPERS, "unit", "contact"),
    Gap("estates_without_building", "小区没有登记楼栋", "个", _KEEPERS, "unit", "building"),
    Gap("buildings_without_unit", "楼栋所属单位已停用", "栋", _KEEPERS, "building", "unit"),
)
BY_KEY: dict[str, Gap] = {gap.key: gap for gap in GAPS}
