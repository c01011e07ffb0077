"""Closed lists of the registers."""

from django.db.models import TextChoices


class OrganizationKind(TextChoices):
    WORKING_COMMITTEE = "WORKING_COMMITTEE", "党工委"
    GENERAL_BRANCH = "GENERAL_BRANCH", "党总支"
    BRANCH = "BRANCH", "党支部"
    GROUP = "GROUP", "党小组"


class MemberKind(TextChoices):
    """R20: registered in the neighbourhood, or working elsewhere and reporting in here."""

    REGISTERED = "REGISTERED", "在册党员"
    IN_SERVICE = "IN_SERVICE", "在职党员"


class UnitKind(TextChoices):
    """R6: what a micro-unit is made of."""

    ESTATE = "ESTATE", "小区"
    BUSINESS_PARK = "BUSINESS_PARK", "楼宇园区"
    INSTITUTION = "INSTITUTION", "驻区单位"
    SHOP = "SHOP", "沿街商铺"


class Sector(TextChoices):
    """What a 驻区单位 is."""

    GOVERNMENT = "GOVERNMENT", "机关"
    PUBLIC = "PUBLIC", "事业单位"
    SCHOOL = "SCHOOL", "学校"
    HOSPITAL = "HOSPITAL", "医疗机构"
    MILITARY = "MILITARY", "部队院校"
    ENTERPRISE = "ENTERPRISE", "企业"
    SOCIAL = "SOCIAL", "社会组织"
    OTHER = "OTHER", "其他"


class OwnersCommittee(TextChoices):
    """业委会 of an estate."""

    ELECTED = "ELECTED", "已成立"
    PREPARING = "PREPARING", "筹备中"
    SUBSTITUTE = "SUBSTITUTE", "物管会代行"
    NONE = "NONE", "未成立"


# The facts that each kind of unit has besides the common ones. Others stay empty.
UNIT_FACTS: dict[str, tuple[str, ...]] = {
    "ESTATE": ("property_company", "property_phone", "owners_committee"),
    "BUSINESS_PARK": ("property_company", "property_phone", "tenants"),
    "INSTITUTION": ("uscc", "sector", "staff_count"),
    "SHOP": ("uscc", "trade"),
}
# R17: what a unit does for the neighbourhood.
UNIT_ROLES: dict[str, str] = {"is_messenger": "传递员", "is_instructor": "指导员", "is_servant": "服务员"}


class NominationState(TextChoices):
    WAITING = "WAITING", "待审核"
    ACCEPTED = "ACCEPTED", "已同意"
    DECLINED = "DECLINED", "未采纳"


class ContactKind(TextChoices):
    """居民骨干: people of the grid who are no party members; and the grid's contacts of 条线 (R19)."""

    BUILDING_LEADER = "BUILDING_LEADER", "楼组长"
    VOLUNTEER = "VOLUNTEER", "志愿者"
    COMMITTEE = "COMMITTEE", "居民区两委成员"
    OFFICIAL = "OFFICIAL", "条线联系人"
    OTHER = "OTHER", "其他骨干"


class TeamKind(TextChoices):
    """R12, R13."""

    MANAGEMENT = "MANAGEMENT", "管理队伍"
    SERVICE = "SERVICE", "服务队伍"


class VenueKind(TextChoices):
    """R40: what a 阵地 is made from."""

    STATION = "STATION", "党建服务站"
    ACTIVITY_ROOM = "ACTIVITY_ROOM", "综合文化活动室"
    BOOK_ROOM = "BOOK_ROOM", "小巷书屋"
    CITIZEN_POST = "CITIZEN_POST", "市民驿站"
    COUNCIL_ROOM = "COUNCIL_ROOM", "议事厅"
    OTHER = "OTHER", "其他阵地"


class AccessKind(TextChoices):
    """What was done with somebody's personal data; the log of it is kept for at least 180 days (DOMAIN C1, C2)."""

    OPENED = "OPENED", "查看档案"
    REVEALED = "REVEALED", "查看完整信息"
    EXPORTED = "EXPORTED", "导出名单"
    PRINTED = "PRINTED", "打印函件"
    SUBJECT_COPY = "SUBJECT_COPY", "导出本人信息"
    CORRECTED = "CORRECTED", "应本人要求更正"
    ERASED = "ERASED", "应本人要求删除"


class ServiceKind(TextChoices):
    """What a 志愿服务 was about."""

    PATROL = "PATROL", "治安巡逻"
    ENVIRONMENT = "ENVIRONMENT", "环境整治"
    MEDIATION = "MEDIATION", "矛盾调解"
    CARE = "CARE", "敬老助残"
    PUBLICITY = "PUBLICITY", "宣传动员"
    PROFESSIONAL = "PROFESSIONAL", "专业服务"
    EMERGENCY = "EMERGENCY", "应急保障"
    OTHER = "OTHER", "其他"


class ServiceState(TextChoices):
    """Only what the grid has confirmed counts in figures."""

    WAITING = "WAITING", "待确认"
    CONFIRMED = "CONFIRMED", "已确认"
    REFUSED = "REFUSED", "不予确认"


class OfferKind(TextChoices):
    """认领事项: a case that wants help, or a need of the neighbourhood."""

    CASE = "CASE", "案件协助"
    WISH = "WISH", "微心愿"
    POST = "POST", "服务岗位"
    PROJECT = "PROJECT", "微项目"


class OfferState(TextChoices):
    OPEN = "OPEN", "可认领"
    FILLED = "FILLED", "已认满"
    CLOSED = "CLOSED", "已结束"
    CANCELLED = "CANCELLED", "已撤回"


class ClaimState(TextChoices):
    CLAIMED = "CLAIMED", "进行中"
    DONE = "DONE", "已完成"
    GIVEN_UP = "GIVEN_UP", "已放弃"


class RegistrationKind(TextChoices):
    """双报到 (R22): a unit's party organization with the 居民区, a member in service with the micro-unit."""

    UNIT = "UNIT", "单位党组织报到"
    MEMBER = "MEMBER", "在职党员报到"


class RegistrationState(TextChoices):
    WAITING = "WAITING", "待核实"
    CONFIRMED = "CONFIRMED", "已报到"
    REFUSED = "REFUSED", "未通过"
    WITHDRAWN = "WITHDRAWN", "已撤回"


class RegistrationSource(TextChoices):
    LINK = "LINK", "链接填报"
    QR = "QR", "扫码填报"
    DESK = "DESK", "联络员登记"


class RegistrationTie(TextChoices):
    """R21: where they live or where they work."""

    LIVES = "LIVES", "居住在这里"
    WORKS = "WORKS", "工作在这里"


class LetterKind(TextChoices):
    """双报告 (R23): what the community tells the unit."""

    RESULT = "RESULT", "报到回执"
    YEARLY = "YEARLY", "年度表现反馈"


class Delivery(TextChoices):
    HAND = "HAND", "当面送交"
    MESSENGER = "MESSENGER", "传递员转交"
    POST = "POST", "邮寄"
    MAIL = "MAIL", "电子邮件"
    OTHER = "OTHER", "其他方式"


class LeaveReason(TextChoices):
    """Why a member's record is no longer in use (停用)."""

    MOVED_AWAY = "MOVED_AWAY", "迁出本街道"
    RELATION_LEFT = "RELATION_LEFT", "组织关系转出本街道"
    DECEASED = "DECEASED", "去世"
    NO_LONGER = "NO_LONGER", "不再是党员"
    MISTAKE = "MISTAKE", "登记有误"
    OTHER = "OTHER", "其他"


class TransferState(TextChoices):
    """A 转接 into a foreign grid or organization waits for its desk; others are done at once."""

    WAITING = "WAITING", "待接收"
    DONE = "DONE", "已转接"
    REFUSED = "REFUSED", "未接收"
    CANCELLED = "CANCELLED", "已撤回"
