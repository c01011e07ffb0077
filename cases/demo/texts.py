"""What the invented cases say: the cases themselves in texts.csv, what people write on the way here.

In texts.csv: `{p}` a house, `{f}` a floor, `{r}` a room, `{t}` a time of day, `{d}` days, `{n}` a number.
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple


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


_TIMES = ("早上七点左右", "中午", "傍晚", "晚上九点后", "凌晨", "今天上午", "昨天夜里")


def words(rng: Random, place: str) -> dict[str, Any]:
    """What stands for the marks in texts.csv."""
    floor = rng.randint(2, 6)
    return {
        "p": place,
        "f": floor,
        "r": floor * 100 + rng.randint(1, 4),
        "t": rng.choice(_TIMES),
        "d": rng.randint(2, 9),
        "n": rng.randint(2, 12),
    }


def pick(rng: Random, weights: Mapping[Any, int]) -> Any:
    return rng.choices(list(weights), list(weights.values()))[0]


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

# What people say to each other on the way.
CONTACT = (
    "电话联系反映人，已说明由谁办理、什么时候上门。",
    "上门见到反映人，了解了前后经过，约定处置后再联系。",
    "电话联系反映人，对方希望尽快解决，已告知处置时限。",
    "微信联系反映人并看了现场照片，情况属实，已安排人员到场。",
)
LATE_CONTACT = "前几次电话没有接通，今天联系上反映人，已致歉并说明进度。"
EXTEND = (
    "涉及多户居民，需逐户上门征求意见，请求延期。",
    "主要当事人出差在外，下周才能到场协商，请求延期。",
    "连日下雨，室外作业无法进行，请求延期。",
    "需与相关部门会商后才能确定方案，请求延期。",
)
GRANT = ("情况属实，同意延期，请同步告知反映人。", "同意，请抓紧，每两天报一次进度。", "")
REFUSE = ("该事项可先行采取临时措施，不同意延期，请按期办结。", "理由不充分，请增派人手按期完成。")
# Category → why it has to rest, and why it can go on.
SUSPEND: dict[str, tuple[str, str]] = {
    "0103": ("维修资金余额不足，需续筹到位后才能施工，已告知居民。", "续筹资金已到位，恢复办理，请组织施工。"),
    "0301": ("一楼住户暂不同意，征询未达到法定比例，待下一轮征询。", "新一轮征询已通过，恢复办理。"),
    "0304": ("已列入明年“美丽家园”计划，等项目立项后实施。", "项目已批复，恢复办理，请联系施工单位进场。"),
    "0305": ("改造资金待区级批复，已先装临时扶手。", "改造资金已批复，恢复办理。"),
    "0403": (
        "停车方案须经业主大会表决，业委会正在换届，待新一届产生后再议。",
        "业委会已产生，方案可以表决，恢复办理。",
    ),
    "0602": ("当事人已提起行政诉讼，等判决生效后再办理。", "判决已生效，恢复办理，请依法拆除。"),
}
URGE = (
    "时限将到，请今天内反馈进展。",
    "反映人再次来电询问，请尽快上门并回复。",
    "已超过时限，请说明原因并立即处置。",
)
SUPERVISE = (
    "居民反映强烈，请主办部门牵头限期解决，并书面反馈。",
    "同类问题反复出现，请查明原因，拿出长效办法。",
    "久拖不决，列入督办，请每天报进度。",
)
INSTRUCT = (
    "请居民区书记到现场看一次，把实际困难报上来。",
    "涉及居民安全，先采取临时措施，再研究根治办法。",
    "请会同有关部门和居民代表商量，注意做好解释工作。",
)
ANSWER = (
    "已到现场查看，主办部门明天进场，预计两个工作日内完成。",
    "已召集物业和居民代表商量，达成初步方案，正在落实。",
    "临时措施已到位，后续方案下周报片区。",
)
CO_HANDLE = (
    "请到场配合处置，提供专业意见。",
    "涉及你单位职责，请协助查明情况并反馈。",
    "请派人配合现场秩序和解释工作。",
)
CO_FINISH = ("已派人到场配合，现场秩序正常。", "本单位部分已办结，材料已交主办部门。", "已查明情况，意见已书面反馈。")
CONVENE = (
    "商量处置方案、费用分担和完成时间。",
    "约请各方协商，明确牵头单位和各自任务。",
    "就居民意见分歧进行协调，争取达成一致。",
)
PLACES = ("居委会二楼会议室", "片区党群服务站", "小区议事厅", "街道三楼小会议室")
REPRESENTATIVES = ("楼组长代表", "一楼住户代表", "六楼住户代表", "业委会委员")
MINUTES = (
    "各方说明了情况和难处，居民代表提出要求，部门逐项作了回应。",
    "部门讲解了有关规定，各方就办法和时间交换了意见，会后一起到现场查看。",
)
OUTCOME = (
    "明确由主办部门牵头，三个工作日内拿出方案并公示，居委会跟进。",
    "各方达成一致，下周一起按商定的办法落实，由居委会监督。",
    "先采取临时措施，月底前完成整改，由片区复查。",
)
MERGE = ("反映的是同一家店的油烟，并入一起办理。", "与主案件为同一事项。", "同一地点同一问题，合并处置、一并回复。")
UNMERGE = "现场核实油烟来自另一家店，应单独办理。"
JOIN = (
    "我们楼也是这样，希望一起解决。",
    "住同一幢楼，情况相同。",
    "昨天也遇到了，请一并处理。",
    "邻居们都有意见，帮忙登记一下。",
)
LINK = ("上次处理后又出现，作为后续案件一并跟踪。", "同一地段近期的同类问题。")
# Category → the body beyond the street, and what the reporter is told.
TRANSFERS: dict[str, tuple[str, str]] = {
    "0607": ("区生态环境局", "涉及油烟排放监测，属区级部门职责，已移送并告知反映人查询途径。"),
    "0602": ("区规划资源局", "须由规划部门认定后依法处理，已移送，后续由对方答复。"),
    "0508": ("区绿化市容局", "属市管行道树，由养护单位处理，已移送并电话确认收到。"),
    "0103": ("区房管局", "涉及维修资金审批，已移送区级部门办理，反映人表示理解。"),
    "0605": ("区市场监管局", "经营主体登记在外区，已移送立案调查，后续由对方答复。"),
}
HAND_OVER = "轮岗交接，手头未办结的案件一并移交。"
AT_BORDER = ("问题在两个居民区交界处，需两边一起处置。", "已与隔壁居民区联络员到现场看过，费用分担谈不拢。")
