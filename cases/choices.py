"""Closed lists of the case workflow."""

from django.db.models import TextChoices

# Of the grid; here as well because limits are kept by it.
from grids.choices import Grade as Grade


class Status(TextChoices):
    """Where a case rests. Escalation is an act, not a state."""

    PENDING = "PENDING", "待派遣"
    DISPATCHED = "DISPATCHED", "待接单"
    HANDLING = "HANDLING", "处置中"
    RESOLVED = "RESOLVED", "待核查"
    AWAITING_FEEDBACK = "AWAITING_FEEDBACK", "待回访"
    SUSPENDED = "SUSPENDED", "挂账"
    CLOSED = "CLOSED", "已结案"
    REJECTED = "REJECTED", "不予受理"
    WITHDRAWN = "WITHDRAWN", "已撤案"
    MERGED = "MERGED", "已并案"
    TRANSFERRED = "TRANSFERRED", "已移送"


OPEN_STATUSES = frozenset(
    {
        Status.PENDING,
        Status.DISPATCHED,
        Status.HANDLING,
        Status.RESOLVED,
        Status.AWAITING_FEEDBACK,
        Status.SUSPENDED,
    }
)
# The handlers' part: what runs against the deadline. After RESOLVED the clock has been met or missed.
RUNNING_STATUSES = frozenset({Status.PENDING, Status.DISPATCHED, Status.HANDLING})


class Act(TextChoices):
    """What can be done with a case; the value is the word in addresses and in the API."""

    DISCOVER = "discover", "上报"
    REJECT = "reject", "不予受理"
    DISPATCH = "dispatch", "派遣"
    ACCEPT = "accept", "接单"
    RETURN = "return", "退单"
    RESOLVE = "resolve", "处置完成"
    VERIFY = "verify", "核查通过"
    REWORK = "rework", "返工"
    CLOSE = "close", "结案"
    REOPEN = "reopen", "重新处置"
    ESCALATE = "escalate", "上报上级"
    HAND_DOWN = "hand-down", "交办下派"
    WITHDRAW = "withdraw", "撤案"
    CONTACT = "contact", "先行联系"
    EXTEND = "extend", "申请延期"
    GRANT_EXTENSION = "grant-extension", "同意延期"
    REFUSE_EXTENSION = "refuse-extension", "不同意延期"
    SUSPEND = "suspend", "挂账"
    RESUME = "resume", "恢复办理"
    URGE = "urge", "催办"
    SUPERVISE = "supervise", "督办"
    INSTRUCT = "instruct", "批示"
    ANSWER = "answer", "答复批示"
    CO_HANDLE = "co-handle", "请协办"
    CO_FINISH = "co-finish", "协办完成"
    CONVENE = "convene", "约请协调"
    CONCLUDE = "conclude", "登记协调结果"
    MERGE = "merge", "并案"
    UNMERGE = "unmerge", "取消并案"
    JOIN = "join", "我也遇到"
    LINK = "link", "关联案件"
    TRANSFER = "transfer", "移送"
    HAND_OVER = "hand-over", "工作交接"
    NOTE = "note", "补充说明"
    ATTACH = "attach", "上传照片"
    REVEAL = "reveal", "查看联系方式"
    # By the clock or in consequence of another act; no door offers them.
    ABSORB = "absorb", "并入案件"
    WARN = "warn", "临期提醒"
    OVERDUE = "overdue", "超期提醒"
    REMIND = "remind", "到期提醒"
    LAPSE = "lapse", "超时收回"
    RECALCULATE = "recalculate", "期限重算"


class Nature(TextChoices):
    COMPLAINT = "COMPLAINT", "投诉"
    HELP = "HELP", "求助"
    ENQUIRY = "ENQUIRY", "咨询"
    SUGGESTION = "SUGGESTION", "建议"
    REPORT = "REPORT", "举报"


class Source(TextChoices):
    PATROL = "PATROL", "网格巡查"
    RESIDENT = "RESIDENT", "居民反映"
    UNIT = "UNIT", "单位反映"
    MEETING = "MEETING", "会议议定"
    HOTLINE = "HOTLINE", "12345热线"
    PLATFORM = "PLATFORM", "一网统管"
    OPERATIONS = "OPERATIONS", "社区运维中心"
    OTHER = "OTHER", "其他"


class Urgency(TextChoices):
    NORMAL = "NORMAL", "一般"
    COMPLEX = "COMPLEX", "复杂"
    URGENT = "URGENT", "紧急"
    EMERGENCY = "EMERGENCY", "突发"


class LimitUnit(TextChoices):
    """DOMAIN B3: 工作日 end with the office's day, 工作时 run inside office hours, 紧急时 day and night."""

    WORKING_DAY = "WORKING_DAY", "工作日"
    WORKING_HOUR = "WORKING_HOUR", "工作时"
    CLOCK_HOUR = "CLOCK_HOUR", "紧急时"


class Satisfaction(TextChoices):
    SATISFIED = "SATISFIED", "满意"
    FAIRLY_SATISFIED = "FAIRLY_SATISFIED", "基本满意"
    DISSATISFIED = "DISSATISFIED", "不满意"
    NO_ANSWER = "NO_ANSWER", "未联系上"


class RejectReason(TextChoices):
    NOT_OURS = "NOT_OURS", "不属于街道职责"
    DUPLICATE = "DUPLICATE", "重复反映"
    UNCLEAR = "UNCLEAR", "内容不清且无法核实"
    IN_PROCEDURE = "IN_PROCEDURE", "已进入诉讼、仲裁或信访程序"
    OTHER = "OTHER", "其他"


class ReturnReason(TextChoices):
    NOT_MINE = "NOT_MINE", "不属于本岗位或本部门职责"
    WRONG_PLACE = "WRONG_PLACE", "不在管辖范围"
    NEEDS_HIGHER = "NEEDS_HIGHER", "需上级协调"
    INSUFFICIENT = "INSUFFICIENT", "信息不足，无法处置"
    OTHER = "OTHER", "其他"


class HelperRole(TextChoices):
    """How a department takes part in a case that is somebody else's."""

    HELPER = "HELPER", "协办"
    INVITED = "INVITED", "约请"


class InstructionKind(TextChoices):
    INSTRUCTION = "INSTRUCTION", "批示"
    SUPERVISION = "SUPERVISION", "督办"


class InviteeKind(TextChoices):
    """Whom a grid may invite when it cannot solve a case alone (R48)."""

    DEPARTMENT = "DEPARTMENT", "条线部门"
    UNIT = "UNIT", "成员单位"
    MEMBER = "MEMBER", "党员"
    RESIDENT = "RESIDENT", "居民代表"


class LinkKind(TextChoices):
    FOLLOW_UP = "FOLLOW_UP", "后续案件"
    RELATED = "RELATED", "相关案件"


class Tick(TextChoices):
    """What the clock does with a case when its moment has come (cases/agenda.py)."""

    WARN = "warn", "黄灯提醒"
    OVERDUE = "overdue", "红灯提醒"
    ESCALATE = "escalate", "自动上报上级"
    LAPSE = "lapse", "自动收回派单"
    CLOSE = "close", "自动结案"
    CONTACT = "contact", "先行联系提醒"
    REVIEW = "review", "挂账复核提醒"
    INSTRUCTION = "instruction", "批示督办提醒"


class PhotoKind(TextChoices):
    BEFORE = "BEFORE", "处置前"
    AFTER = "AFTER", "处置后"


class Light(TextChoices):
    """The deadline light, always shown with its word."""

    GREEN = "green", "正常"
    YELLOW = "yellow", "即将超期"
    RED = "red", "已超期"
    AT_ONCE = "at_once", "立即处置"
    PAUSED = "paused", "挂账中"
    DONE_IN_TIME = "done_in_time", "按时办结"
    DONE_LATE = "done_late", "超期办结"
    NONE = "none", "无时限"


class ContactLight(TextChoices):
    """先行联系 has a light of its own."""

    WAITING = "waiting", "待联系"
    LATE = "late", "联系已超时"
    IN_TIME = "in_time", "按时联系"
    DONE_LATE = "done_late", "联系超时"
    NONE = "none", "无须联系"
