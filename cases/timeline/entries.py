"""A case's history in words: what happened when, by whom. Pure over rows already read."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cases.choices import Act, LinkKind, PhotoKind, RejectReason, ReturnReason, Satisfaction
from cases.models import CaseEvent
from cases.timeline import words

# Numbers of cases that the reader may see: others are told as 另一件案件.
Known = Collection[str]
Details = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Entry:
    """One event, as the timeline shows it."""

    act: str
    label: str
    who: str
    at: datetime
    change: str
    move: str
    text: str
    details: list[tuple[str, str]]


def entries(events: Iterable[CaseEvent], known: Known = ()) -> list[Entry]:
    """The events as the timeline shows them, newest first."""
    return [_entry(event, known) for event in events][::-1]


def numbers_in(events: Iterable[CaseEvent]) -> set[str]:
    """Numbers of other cases that the history names."""
    named = (event.data.get(key) for event in events for key in ("main", "number") if event.act != Act.TRANSFER)
    return {number for number in named if number}


def _entry(event: CaseEvent, known: Known) -> Entry:
    changed = event.from_status and event.from_status != event.to_status
    moved = event.from_grid is not None and event.from_grid_id != event.to_grid_id
    return Entry(
        act=event.act,
        label=event.get_act_display(),
        who=words.name(event.actor),
        at=event.created_at,
        change=f"{event.get_from_status_display()} → {event.get_to_status_display()}"
        if changed
        else ("" if event.from_status else event.get_to_status_display()),
        move=f"{event.from_grid.short_name} → {event.to_grid.short_name}" if moved and event.from_grid else "",
        text=event.text,
        details=[*_plate(event), *_particular(event, known), *_common(event.data)],
    )


def _plate(event: CaseEvent) -> Details:
    data: Mapping[str, Any] = event.data
    to = data.get("assignee") or data.get("department")
    if event.act == Act.HAND_OVER:
        if data.get("from"):
            yield "原处置人", str(data["from"])
        yield "接手", str(to or f"退回{event.to_grid.short_name}重新派遣")
    elif to:
        yield "派给", f"{to}{'（签派）' if data.get('binding') else ''}"
    if data.get("co_handlers"):
        yield "协办", "、".join(data["co_handlers"])


def _common(data: Mapping[str, Any]) -> Details:
    if data.get("satisfaction"):
        yield "回访结果", _label(Satisfaction, data["satisfaction"])
    if isinstance(data.get("solved"), bool):
        yield "问题是否解决", "反映人认为已解决" if data["solved"] else "反映人认为没有解决"
    if data.get("photos"):
        kind = f"{_label(PhotoKind, data['kind'])}，" if data.get("kind") in PhotoKind.values else ""
        yield "照片", f"{kind}{data['photos']} 张"


def _particular(event: CaseEvent, known: Known) -> Details:
    """What only this act has to say."""
    telling = _TELLING.get(Act(event.act))
    if telling:
        yield from telling(event.data)
    if event.act in {Act.MERGE, Act.UNMERGE} and event.data.get("main"):
        yield "主案件", _case(event.data["main"], known)
    if event.act == Act.ABSORB:
        undone = event.data.get("undone")
        yield "取消并案" if undone else "并入", _case(event.data.get("number", ""), known)
    if event.act == Act.LINK:
        yield _label(LinkKind, event.data.get("kind", "")), _case(event.data.get("number", ""), known)


def _case(number: str, known: Known) -> str:
    return number if number in known else "另一件案件"


def _reject(data: Mapping[str, Any]) -> Details:
    if data.get("reason"):
        yield "原因", _label(RejectReason, data["reason"])


def _return(data: Mapping[str, Any]) -> Details:
    if data.get("who"):
        yield "退单人", data["who"]
    if data.get("reason"):
        yield "原因", _label(ReturnReason, data["reason"])
    if data.get("bounced"):
        yield "下一步", "退单次数已满，由上级签派，不得再退"


def _lapse(data: Mapping[str, Any]) -> Details:
    if data.get("who"):
        yield "原派给", data["who"]


def _resolve(data: Mapping[str, Any]) -> Details:
    in_time, promised = data.get("on_time"), data.get("on_time_original")
    if in_time is not None:
        yield "时限", _kept(in_time) if promised in {None, in_time} else f"{_kept(in_time)}，按原时限{_kept(promised)}"


def _kept(in_time: object) -> str:
    return "按时" if in_time else "超期"


def _renewed(data: Mapping[str, Any]) -> Details:
    if data.get("due_at"):
        yield "新时限", words.stamp(data["due_at"])


def _contact(data: Mapping[str, Any]) -> Details:
    if "in_time" in data:
        yield "联系期限", "按时" if data["in_time"] else "超时"


def _extend(data: Mapping[str, Any]) -> Details:
    yield "申请", f"延长 {data.get('days')} 个工作日"


def _grant(data: Mapping[str, Any]) -> Details:
    asked, granted = data.get("asked"), data.get("days")
    yield "同意", f"延长 {granted} 个工作日{'' if asked == granted else f'（申请 {asked} 个）'}"
    if data.get("before") and data.get("due_at"):
        yield "时限", f"{words.stamp(data['before'])} → {words.stamp(data['due_at'])}"


def _refuse(data: Mapping[str, Any]) -> Details:
    if data.get("asked"):
        yield "申请", f"延长 {data['asked']} 个工作日，时限不变"


def _suspend(data: Mapping[str, Any]) -> Details:
    yield "复核日期", str(data.get("review_on", ""))


def _urge(data: Mapping[str, Any]) -> Details:
    if data.get("count"):
        yield "累计", f"第 {data['count']} 次催办"


def _instruct(data: Mapping[str, Any]) -> Details:
    if data.get("answer_by"):
        yield "答复期限", f"{words.stamp(data['answer_by'])}（{data.get('days')} 个工作日）"


def _answer(data: Mapping[str, Any]) -> Details:
    late = "" if data.get("in_time") else "，已超过答复期限"
    yield "答复", f"{data.get('kind', '批示')}{late}"


def _co_finish(data: Mapping[str, Any]) -> Details:
    if data.get("helper"):
        yield "协办部门", data["helper"]


def _convene(data: Mapping[str, Any]) -> Details:
    yield "时间", words.stamp(data.get("meets_at"))
    yield "地点", str(data.get("place", ""))
    members = [f"党员 {data['members']} 人"] if data.get("members") else []
    yield "约请", "、".join([*data.get("invited", []), *members])


def _conclude(data: Mapping[str, Any]) -> Details:
    if "attended" in data:
        yield "到场", f"{data['attended']} 个约请对象"
    if data.get("minutes"):
        yield "协调经过", data["minutes"]


def _heat(data: Mapping[str, Any]) -> Details:
    if data.get("heat"):
        yield "反映", f"累计 {data['heat']} 人次"


def _transfer(data: Mapping[str, Any]) -> Details:
    yield "接收单位", str(data.get("body", ""))
    if data.get("number"):
        yield "接收编号", data["number"]


def _escalate(data: Mapping[str, Any]) -> Details:
    if data.get("tried"):
        yield "已采取措施", str(data["tried"])
    if data.get("second_grid"):
        yield "相邻网格", data["second_grid"]


def _hand_down(data: Mapping[str, Any]) -> Details:
    if data.get("grid"):
        yield "交办", data["grid"]


def _recalculate(data: Mapping[str, Any]) -> Details:
    yield "时限", f"{words.stamp(data.get('before')) or '无'} → {words.stamp(data.get('due_at')) or '无'}"


_TELLING: dict[Act, Callable[[Mapping[str, Any]], Details]] = {
    Act.REJECT: _reject,
    Act.RETURN: _return,
    Act.LAPSE: _lapse,
    Act.RESOLVE: _resolve,
    Act.REWORK: _renewed,
    Act.REOPEN: _renewed,
    Act.RESUME: _renewed,
    Act.CONTACT: _contact,
    Act.EXTEND: _extend,
    Act.GRANT_EXTENSION: _grant,
    Act.REFUSE_EXTENSION: _refuse,
    Act.SUSPEND: _suspend,
    Act.URGE: _urge,
    Act.SUPERVISE: _instruct,
    Act.INSTRUCT: _instruct,
    Act.ANSWER: _answer,
    Act.CO_FINISH: _co_finish,
    Act.CONVENE: _convene,
    Act.CONCLUDE: _conclude,
    Act.JOIN: _heat,
    Act.ABSORB: _heat,
    Act.TRANSFER: _transfer,
    Act.ESCALATE: _escalate,
    Act.HAND_DOWN: _hand_down,
    Act.RECALCULATE: _recalculate,
}


def _label(choices: Any, value: str) -> str:
    return str(dict(choices.choices).get(value, value))
