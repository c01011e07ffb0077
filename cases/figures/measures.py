"""What is counted: a moment that puts a case into the period, and a condition. Data, the same for figure and list.

The moment is the trade's: what "should" have happened counts by its deadline, what happened by when it did (DOMAIN
B6 of the standards). A deadline that has not come yet owes nothing, so figures of a running period go up to now.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.db.models import F, Q

from cases.choices import OPEN_STATUSES, RUNNING_STATUSES, RejectReason, Satisfaction, Source, Status
from cases.periods import Period
from grids.choices import GridKind


class Moment(Enum):
    """The column that puts a case into a period, and how that is said."""

    REPORTED = "reported_at"
    DUE = "due_at"
    PROMISED = "original_due_at"
    SOLVED = "resolved_at"
    CLOSED = "closed_at"
    CONTACT = "first_contact_due_at"

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def is_deadline(self) -> bool:
        return self in {Moment.DUE, Moment.PROMISED, Moment.CONTACT}

    def within(self, period: Period, now: datetime) -> Q:
        """Condition: it lies in the period; a deadline only once it has come."""
        end = min(period.end, now) if self.is_deadline else period.end
        return Q(**{f"{self.value}__gte": period.start, f"{self.value}__lt": end})


_WORDS = {
    Moment.REPORTED: "本期上报",
    Moment.DUE: "处置期限在本期且已到",
    Moment.PROMISED: "原处置期限在本期且已到",
    Moment.SOLVED: "本期处置完成",
    Moment.CLOSED: "本期结案",
    Moment.CONTACT: "先行联系期限在本期且已到",
}


@dataclass(frozen=True)
class Measure:
    """A number of cases. `key` is its word in addresses, `name` on the screen, `words` what it says exactly."""

    key: str
    name: str
    moment: Moment
    condition: Q
    words: str

    def of(self, period: Period, now: datetime) -> Q:
        """The condition on Case: the set that the figure counts and the list shows."""
        return self.moment.within(period, now) & self.condition


# Void cases leave every base that says how cases were handled; suspended ones those that run against a deadline.
_STANDING = Q(status__in=sorted({*OPEN_STATUSES, Status.CLOSED}))
_RUNS_OR_ENDED = Q(status__in=sorted({*OPEN_STATUSES, Status.CLOSED} - {Status.SUSPENDED}))
_CLOSED = Q(status=Status.CLOSED)
_ANSWERS = (Satisfaction.SATISFIED, Satisfaction.FAIRLY_SATISFIED, Satisfaction.DISSATISFIED)
_VISITED = _CLOSED & Q(satisfaction__in=_ANSWERS)
_REPEATED = Q(status=Status.MERGED) | Q(status=Status.REJECTED, reject_reason=RejectReason.DUPLICATE)
_IN_GRID = (GridKind.MICRO_UNIT, GridKind.NEIGHBORHOOD)

_ALL = (
    Measure("reported", "上报", Moment.REPORTED, Q(), "本期上报的全部案件"),
    Measure("self_found", "自行发现", Moment.REPORTED, Q(source=Source.PATROL), "本期上报的案件中，来源为网格巡查的"),
    Measure("repeated", "重复反映", Moment.REPORTED, _REPEATED, "本期上报的案件中，已并案或按重复反映不予受理的"),
    Measure(
        "dispatched",
        "派遣",
        Moment.REPORTED,
        _STANDING & Q(dispatch_count__gt=0),
        "本期上报的有效案件中，派遣过的（一案计一次）",
    ),
    Measure(
        "returned",
        "退单",
        Moment.REPORTED,
        _STANDING & Q(dispatch_count__gt=0, return_count__gt=0),
        "其中退过单的（一案计一次）",
    ),
    Measure("contact_due", "应联系", Moment.CONTACT, _STANDING, "先行联系期限在本期且已到的有效案件"),
    Measure(
        "contacted",
        "按时联系",
        Moment.CONTACT,
        _STANDING & Q(first_contact_at__lte=F("first_contact_due_at")),
        "其中在期限内联系了反映人的",
    ),
    Measure("due", "应结案", Moment.DUE, _RUNS_OR_ENDED, "处置期限（现时限）在本期且已到的案件，不含挂账和无效案件"),
    Measure("due_closed", "已结案", Moment.DUE, _CLOSED, "应结案中已经结案的"),
    Measure(
        "due_closed_in_time", "按期结案", Moment.DUE, _CLOSED & Q(on_time=True), "应结案中已经结案、且按现时限处置的"
    ),
    Measure("due_in_time", "按时处置", Moment.DUE, _RUNS_OR_ENDED & Q(on_time=True), "应结案中按现时限处置完成的"),
    Measure(
        "due_overdue",
        "超期",
        Moment.DUE,
        (_RUNS_OR_ENDED & Q(on_time=False)) | Q(status__in=sorted(RUNNING_STATUSES)),
        "应结案中超期处置的，和到期仍未处置的",
    ),
    Measure("due_extended", "延期", Moment.DUE, _RUNS_OR_ENDED & Q(extension_count__gt=0), "应结案中批准过延期的"),
    Measure("due_or_suspended", "应结案（含挂账）", Moment.DUE, _STANDING, "应结案，加上期限在本期、正在挂账的"),
    Measure("due_suspended", "挂账", Moment.DUE, _STANDING & Q(suspend_count__gt=0), "其中挂过账的"),
    Measure(
        "promised",
        "应结案（原时限）",
        Moment.PROMISED,
        _RUNS_OR_ENDED,
        "原处置期限在本期且已到的案件，不含挂账和无效案件",
    ),
    Measure(
        "promised_in_time",
        "按原时限结案",
        Moment.PROMISED,
        _CLOSED & Q(on_time_original=True),
        "其中已经结案、且按原时限处置的",
    ),
    Measure("solved", "处置完成", Moment.SOLVED, _STANDING, "本期处置完成的有效案件；返工或重新处置的按最后一次计"),
    Measure(
        "solved_in_grid",
        "网格解决",
        Moment.SOLVED,
        _STANDING & Q(resolved_level__in=_IN_GRID),
        "其中在微单元、居民区网格解决的",
    ),
    Measure(
        "solved_in_area", "片区解决", Moment.SOLVED, _STANDING & Q(resolved_level=GridKind.AREA), "其中在片区网格解决的"
    ),
    Measure(
        "solved_in_community",
        "街道解决",
        Moment.SOLVED,
        _STANDING & Q(resolved_level=GridKind.COMMUNITY),
        "其中在街道解决的",
    ),
    Measure("reworked", "返工", Moment.SOLVED, _STANDING & Q(rework_count__gt=0), "其中返过工的（一案计一次）"),
    Measure("closed", "结案", Moment.CLOSED, _CLOSED, "本期结案的案件"),
    Measure("visited", "有效回访", Moment.CLOSED, _VISITED, "本期结案、回访到反映人的（未联系上不算）"),
    Measure(
        "satisfied",
        "满意",
        Moment.CLOSED,
        _CLOSED & Q(satisfaction__in=_ANSWERS[:2]),
        "其中满意和基本满意的",
    ),
    Measure("asked", "问到是否解决", Moment.CLOSED, _VISITED & Q(solved__isnull=False), "有效回访中问到问题是否解决的"),
    Measure("really_solved", "认定解决", Moment.CLOSED, _VISITED & Q(solved=True), "其中反映人认为已解决的"),
)
MEASURES: dict[str, Measure] = {measure.key: measure for measure in _ALL}
