"""Endings other than closing and merging: reject, withdraw, transfer."""

from cases.choices import Act, RejectReason
from cases.refusals import need_choice, need_line, need_text, optional_text
from cases.workflow.core import Step, act


@act(Act.REJECT)
def reject(step: Step, *, reason: str, text: str) -> None:
    """不予受理: with a reason code, and words that the reporter may be told."""
    step.case.reject_reason = need_choice(reason, RejectReason, "reason", "请选择不予受理的原因。")
    step.text = need_text(text, "text", "请写明给反映人的说明。")
    step.data = {"reason": reason}
    step.case.closed_at = step.at


@act(Act.WITHDRAW)
def withdraw(step: Step, *, text: str) -> None:
    """撤案, by who reported it or the desk; kept for ever, like every case."""
    step.text = need_text(text, "text", "请写明撤案原因。")
    step.case.closed_at = step.at


@act(Act.TRANSFER)
def transfer(step: Step, *, body: str, number: str = "", text: str) -> None:
    """移送 beyond the street: to which body, under which number there."""
    case = step.case
    case.transfer_body = need_line(body, "body", "请填写接收单位。", most=60)
    case.transfer_number = optional_text(number, "number", most=60)
    step.text = need_text(text, "text", "请写明移送原因和给反映人的说明。")
    step.data = {"body": case.transfer_body, "number": case.transfer_number}
    case.closed_at = step.at
