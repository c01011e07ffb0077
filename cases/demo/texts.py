"""What the invented cases say: the cases themselves in texts.csv, what people write on the way here.

In texts.csv: `{p}` a house, `{f}` a floor, `{r}` a room, `{t}` a time of day, `{d}` days, `{n}` a number.
"""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Text(NamedTuple):
    """One way to describe a case of a category, and how it ended."""

    title: str
    description: str
    result: str


@cache
def texts() -> dict[str, list[Text]]:
    """Category code → ways to tell it (texts.csv)."""
    found: dict[str, list[Text]] = {}
    with (Path(__file__).parent / "texts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["code"], []).append(Text(row["title"], row["description"], row["result"]))
    return found


# Who or what brought it to us; put before the description.
FINDERS: dict[str, tuple[str, ...]] = {
    "PATROL": ("", "巡查时发现，", "日常走访中发现，"),
    "RESIDENT": ("居民到居委会反映：", "居民来电：", "楼组长反映：", "居民在微信群反映："),
    "UNIT": ("驻区单位反映：", "物业报告："),
    "MEETING": ("居民区联席会议提出：",),
    "HOTLINE": ("市民来电反映：", "热线转来："),
    "PLATFORM": ("视频巡查发现，",),
    "OPERATIONS": ("社区运维中心转来：",),
}

DISPATCH = ("请到现场查看并联系反映人。", "请今天内先行联系。", "请会同物业处理。", "请核实后处置，留好前后照片。", "")
ACCEPT = ("收到，下午去现场。", "收到，已联系反映人。", "马上到现场。", "")
RETURN = (
    ("WRONG_PLACE", "现场核实在隔壁小区范围内，不在本岗位管辖。"),
    ("NOT_MINE", "该设施产权不属于本单位，请转权属单位。"),
    ("INSUFFICIENT", "反映人电话打不通，现场没有看到所说的情况，请补充。"),
    ("NEEDS_HIGHER", "需要多个部门到场，请上级协调。"),
)
REWORK = (
    "现场回看仍有残留，请彻底清理后重新上传照片。",
    "反映人说问题只解决了一半，请再上门一次。",
    "照片看不出处置后的情况，请补拍并写明措施。",
)
VERIFY = ("现场核查属实。", "已与居民核实，情况属实。", "照片和现场一致，通过。", "")
ESCALATE = (
    ("涉及两个小区的物业，居民区层面协调不下来。", "已两次约双方物业到场，未达成一致。"),
    ("需要条线部门执法，居民区没有执法权限。", "已上门劝导三次，当事人拒绝整改。"),
    ("涉及费用较大，需要统筹资金。", "已征询居民意见并询价，资金缺口较大。"),
    ("产权单位多，牵头部门不明确。", "已联系物业和权属单位，互相推诿。"),
)
HAND_DOWN = ("请就近先行处置，处置后报结果。", "已与部门说好，请居民区配合现场协调。", "问题不复杂，请本级先办。")
REJECT = (
    ("NOT_OURS", "经核实属于区级职责，已告知反映人向主管部门反映的途径。"),
    ("DUPLICATE", "与前几天登记的同一事项重复，已在原案件中办理。"),
    ("UNCLEAR", "多次到现场没有看到所反映的情况，反映人电话也无法接通，无法核实。"),
)
# Only for disputes between people.
IN_COURT = ("IN_PROCEDURE", "双方已向法院起诉，请以诉讼结果为准。")
WITHDRAW = ("反映人来电表示已自行解决，要求撤回。", "录入时选错小区，已重新上报。", "现场核实问题已不存在。")
NOTE = (
    "已与反映人电话联系，约好明天上午上门。",
    "物业已派人到场，正在等配件。",
    "今天下雨无法施工，改到明天。",
    "已在楼组群告知进度。",
    "居民补充：晚上更严重，请留意。",
)
CLOSE: dict[str, tuple[str, ...]] = {
    "SATISFIED": ("反映人表示满意，感谢及时处理。", "电话回访，反映人满意。", ""),
    "FAIRLY_SATISFIED": ("反映人认为处理还可以，希望以后更快一些。", "基本满意。"),
    "DISSATISFIED": ("反映人认为问题又出现了，要求重新处理。", "反映人对处理时间不满意，要求有长效办法。"),
    "NO_ANSWER": ("三次拨打均无人接听。", "电话关机，已发短信告知结果。"),
}
REOPEN = ("回访不满意，问题反复出现，请重新处置并提出长效办法。", "一周内再次出现同样问题，重新办理。")
REVEAL = ("上门前联系反映人。", "核实具体楼号。")
