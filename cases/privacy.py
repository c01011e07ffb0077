"""Reporters' names and numbers: handed out and erased on request (members/privacy.py), and forgotten after some years.

The case, its history and its figures stay. What somebody has written into a case's text nobody can pick out by
machine: the page that erases says so.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F, Q, QuerySet

from cases.choices import InviteeKind
from cases.models import Case, Invitee, JointReport
from grids.authority import office_condition
from grids.models import GridAnchored
from liangcheng.common.clock import now
from liangcheng.common.text import mask_name, mask_phone
from members.holders import links
from members.models import PartyMember
from members.privacy import Fact, Holder, Subject, register_forgetter, register_holder
from members.scrubbing import ERASED

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_NOBODY = {"reporter_name": "", "reporter_phone": ""}
_BATCH = 500
_NAMED = ~Q(reporter_name="") | ~Q(reporter_phone="")


def _of(subject: Subject) -> Q:
    """By the number, or by the name where no number was left."""
    return Q(reporter_name=subject.name, reporter_phone__in=[*subject.phones, ""])


def _who(row: Any) -> str:
    return f"{mask_name(row.reporter_name)} {mask_phone(row.reporter_phone)}".strip()


class ReporterHolder(Holder):
    """案件反映人."""

    key = "case"
    label = "案件反映人"
    goes = "已办结案件的反映人姓名和电话"
    stays = "案件本身、办理记录和统计；未办结的案件还要联系反映人，办结后再来删除"
    may_wait = True

    def find(self, actor: "User", subject: Subject) -> Iterator[tuple[Case, bool]]:
        rows = Case.objects.visible_to(actor).filter(office_condition(actor)).filter(_of(subject))
        for row in rows.select_related("grid", "merged_into").order_by("pk"):
            yield row, bool(row.reporter_phone)

    def lock(self, row: Any) -> Any:
        return Case.objects.select_for_update(of=("self",)).select_related("grid", "merged_into").get(pk=row.pk)

    def title(self, row: Case) -> str:
        return f"{row.number} {_who(row)}（{row.get_status_display()}）"

    def pages(self, row: Case) -> list[tuple[str, str]]:
        return links(("查看", "cases:detail", row.number))

    def copy(self, row: Case, subject: Subject) -> list[Fact]:
        return [
            ("案件编号", row.number),
            ("姓名", row.reporter_name),
            ("电话", row.reporter_phone),
            ("要求回复", "是" if row.wants_reply else "否"),
            ("上报时间", f"{row.reported_at:%Y-%m-%d}"),
            ("情况描述", row.description),
            ("地址", row.address),
            ("状态", row.get_status_display()),
            ("处置结果", row.result),
        ]

    def refusal(self, row: Case) -> str:
        return _still_open(row)

    def erase(self, row: Case, subject: Subject) -> None:
        _forget(Case.objects.filter(pk=row.pk))


class JointReporterHolder(Holder):
    """我也遇到: who joined somebody else's case."""

    key = "jointreport"
    label = "共同反映人"
    goes = "已办结案件里共同反映人的姓名和电话"
    stays = "反映次数和补充的情况；未办结的案件办结后再来删除"
    may_wait = True

    def find(self, actor: "User", subject: Subject) -> Iterator[tuple[JointReport, bool]]:
        cases = Case.objects.visible_to(actor).filter(office_condition(actor)).order_by().values("pk")
        rows = JointReport.objects.filter(_of(subject), case__in=cases).select_related("case__merged_into")
        for row in rows.order_by("pk"):
            yield row, bool(row.reporter_phone)

    def lock(self, row: Any) -> Any:
        return JointReport.objects.select_for_update(of=("self",)).select_related("case__merged_into").get(pk=row.pk)

    def place(self, row: JointReport) -> GridAnchored:
        return row.case

    def title(self, row: JointReport) -> str:
        return f"{row.case.number} {_who(row)}（{row.case.get_status_display()}）"

    def pages(self, row: JointReport) -> list[tuple[str, str]]:
        return links(("查看", "cases:detail", row.case.number))

    def copy(self, row: JointReport, subject: Subject) -> list[Fact]:
        values = (row.case.number, row.reporter_name, row.reporter_phone, row.text)
        return list(zip(("案件编号", "姓名", "电话", "补充情况"), values, strict=True))

    def refusal(self, row: JointReport) -> str:
        return _still_open(row.case)

    def erase(self, row: JointReport, subject: Subject) -> None:
        JointReport.objects.filter(pk=row.pk).update(**_NOBODY)


class InviteeHolder(Holder):
    """居民代表 at a 约请协调: names as they were typed, no number. An invited member goes with the member."""

    key = "invitee"
    label = "约请的居民代表"
    goes = "已办结案件里居民代表的姓名"
    stays = "约请的时间、地点和结果；办理记录只增不改，其中写到的名字保留；未办结的案件办结后再来删除"
    may_wait = True

    def find(self, actor: "User", subject: Subject) -> Iterator[tuple[Invitee, bool]]:
        cases = Case.objects.visible_to(actor).filter(office_condition(actor)).order_by().values("pk")
        rows = Invitee.objects.filter(
            kind=InviteeKind.RESIDENT, name__contains=subject.name, coordination__case__in=cases
        )
        for row in rows.select_related("coordination__case__merged_into").order_by("pk"):
            yield row, False

    def lock(self, row: Any) -> Any:
        rows = Invitee.objects.select_for_update(of=("self",)).select_related("coordination__case__merged_into")
        return rows.get(pk=row.pk)

    def place(self, row: Invitee) -> GridAnchored:
        return row.coordination.case

    def title(self, row: Invitee) -> str:
        case = row.coordination.case
        return f"{case.number} {mask_name(row.name)}（{case.get_status_display()}）"

    def pages(self, row: Invitee) -> list[tuple[str, str]]:
        return links(("查看", "cases:detail", row.coordination.case.number))

    def copy(self, row: Invitee, subject: Subject) -> list[Fact]:
        attended = {True: "是", False: "否", None: ""}[row.attended]
        return [("案件编号", row.coordination.case.number), ("姓名", row.name), ("到场", attended)]

    def refusal(self, row: Invitee) -> str:
        return _still_open(row.coordination.case)

    def erase(self, row: Invitee, subject: Subject) -> None:
        Invitee.objects.filter(pk=row.pk).update(name=ERASED)


def forget_invitee(person: Any) -> None:
    """An erased member's masked name goes from the 约请 they were asked to."""
    if isinstance(person, PartyMember):
        Invitee.objects.filter(member=person).update(name=ERASED)


def _still_open(case: Case) -> str:
    """A merged case is answered together with its main case, so it waits for that one."""
    main = case.merged_into or case
    return f"{main.number} 还没有办结，要联系反映人" if main.is_open else ""


def _forget(rows: "QuerySet[Case]") -> int:
    """Without an event: nothing happened to the case. Who follows it by version hears that it has changed."""
    return rows.update(**_NOBODY, version=F("version") + 1, updated_at=now())


def forget_reporters() -> int:
    """Every night, where the street has set REPORTER_KEEP_YEARS: reporters of what ended longer ago."""
    if settings.REPORTER_KEEP_YEARS < 1:
        return 0
    return forget_before(now() - timedelta(days=365.25 * settings.REPORTER_KEEP_YEARS))


def forget_before(moment: datetime) -> int:
    """Reporters of cases that ended before `moment`, and of what was merged into them. In batches: no long lock."""
    forgotten = 0
    cases = Case.objects.filter(_NAMED, _ended("", moment)).order_by("pk").values_list("pk", flat=True)
    while ids := list(cases[:_BATCH]):
        forgotten += _forget(Case.objects.filter(pk__in=ids))
    joint = JointReport.objects.filter(_NAMED, _ended("case__", moment)).order_by("pk").values_list("pk", flat=True)
    while ids := list(joint[:_BATCH]):
        forgotten += JointReport.objects.filter(pk__in=ids).update(**_NOBODY)
    return forgotten


def _ended(prefix: str, moment: datetime) -> Q:
    """Cases (reached by `prefix`) that ended before `moment`, and if they were merged, whose main case did."""
    by_then = {"is_open": False, "closed_at__lt": moment}
    ended = Q(**{f"{prefix}{name}": value for name, value in by_then.items()})
    main_ended = Q(**{f"{prefix}merged_into__{name}": value for name, value in by_then.items()})
    return ended & (Q(**{f"{prefix}merged_into__isnull": True}) | main_ended)


def register_all() -> None:
    register_holder(ReporterHolder())
    register_holder(JointReporterHolder())
    register_holder(InviteeHolder())
    register_forgetter(forget_invitee)
