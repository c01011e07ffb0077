"""督办, 批示 and 催办: those above press on; and the answer they are owed."""

from collections.abc import Iterable

from cases import timekeeping
from cases.choices import Act, InstructionKind, Tick
from cases.deadlines import SUPERVISE_DAYS, days_later
from cases.models import Instruction
from cases.refusals import need_days, need_text
from cases.workflow.core import Step, act
from liangcheng.common.exceptions import InvalidInput

_LONGEST = 30


@act(Act.SUPERVISE)
def supervise(step: Step, *, text: str, days: int = SUPERVISE_DAYS) -> None:
    """督办: with a limit of its own, three working days (大宁路街道 2019) unless said otherwise."""
    step.case.supervised = True
    _instruct(step, InstructionKind.SUPERVISION, text, days)


@act(Act.INSTRUCT)
def instruct(step: Step, *, text: str, days: int = SUPERVISE_DAYS) -> None:
    """批示: stands on top of the case until it is answered."""
    _instruct(step, InstructionKind.INSTRUCTION, text, days)


def _instruct(step: Step, kind: InstructionKind, text: str, days: int) -> None:
    case = step.case
    step.text = need_text(text, "text", f"请写明{kind.label}内容。")
    days = need_days(days, most=_LONGEST)
    end = days_later(step.at, days, step.office.calendar)
    row = Instruction.objects.create(
        case=case, kind=kind, text=step.text, given_by=step.person, given_at=step.at, days=days, due_at=end
    )
    step.data = {"instruction": row.pk, "days": days, "answer_by": timekeeping.iso(row.due_at)}
    _await_answers(step, _waiting(step))


def _await_answers(step: Step, waiting: Iterable[Instruction]) -> None:
    """The case waits for the earliest of its answers."""
    case = step.case
    earliest = min((row.due_at for row in waiting), default=None)
    if earliest != case.instruction_due_at:
        timekeeping.forget(case, Tick.INSTRUCTION)
    case.instruction_due_at = earliest


def _waiting(step: Step) -> list[Instruction]:
    """Not answered yet, the oldest first. One statement."""
    return list(step.case.instructions.filter(answered_at__isnull=True).order_by("pk"))


@act(Act.ANSWER)
def answer(step: Step, *, text: str, instruction_id: int | None = None) -> None:
    """答复: to one 批示 or 督办, by default the oldest that waits. Who gave it is told."""
    step.text = need_text(text, "text", "请写明答复内容。")
    waiting = _waiting(step)
    row = next((each for each in waiting if instruction_id in (None, each.pk)), None)
    if row is None:
        raise InvalidInput("unknown_instruction", "没有待答复的批示或督办。", field="instruction_id")
    row.answer, row.answered_by, row.answered_at = step.text, step.actor, step.at
    row.save(update_fields=["answer", "answered_by", "answered_at"])
    step.data = {
        "instruction": row.pk,
        "kind": row.get_kind_display(),
        "given_by": row.given_by_id,
        "in_time": step.at <= row.due_at,
    }
    _await_answers(step, [each for each in waiting if each is not row])


@act(Act.URGE)
def urge(step: Step, *, text: str) -> None:
    """催办: told to whoever has the case on their plate or desk; counted."""
    step.text = need_text(text, "text", "请写明催办事项。")
    step.case.urge_count += 1
    step.data = {"count": step.case.urge_count}
