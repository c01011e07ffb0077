"""What is added to a case without moving it: notes, photos, and the logged look at the reporter's contact."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cases import attachments
from cases.choices import Act, PhotoKind
from cases.models import Case
from cases.photos import Photo
from cases.refusals import need_choice, need_text
from cases.workflow.core import Step, act
from liangcheng.common.exceptions import InvalidInput


@act(Act.NOTE)
def note(step: Step, *, text: str, photos: Sequence[Photo] = (), claim_id: int | None = None) -> None:
    """补充说明: into the timeline, without changing the state. `claim_id`: the 认领 it tells of, without its person."""
    step.text = need_text(text, "text", "请写明要补充的内容。")
    attachments.store(step.case, photos, actor=step.actor, at=step.at)
    step.data = {"photos": len(photos)} | ({} if claim_id is None else {"claim": claim_id})


@act(Act.ATTACH)
def attach(step: Step, *, kind: str = PhotoKind.BEFORE, photos: Sequence[Photo]) -> None:
    """上传照片."""
    need_choice(kind, PhotoKind, "kind", "请选择照片类型。")
    if not photos:
        raise InvalidInput("missing_photos", "请选择要上传的照片。", field="photos")
    attachments.store(step.case, photos, actor=step.actor, at=step.at)
    step.data = {"photos": len(photos), "kind": kind}


@act(Act.REVEAL)
def reveal(step: Step, *, text: str) -> None:
    """查看联系方式: written down with its reason before anything is shown (个人信息保护法)."""
    step.text = need_text(text, "text", "请写明查看原因。")


@dataclass(frozen=True)
class Contact:
    """One who is to be answered: where they are known from (a case's number, 我也遇到), and how to reach them."""

    source: str
    name: str
    phone: str
    wants_reply: bool


def contacts(case: Case) -> list[Contact]:
    """Everybody who reported the matter, since all are answered together: of the case, of those merged into it, and
    of 我也遇到. For the one answer after `reveal`, no other. No statement where only one reported, else two.

    A confidential report that was merged into an open one stays with who sees that one.
    """
    return [found for found in _contacts(case) if found.name or found.phone]


def _contacts(case: Case) -> Iterator[Contact]:
    reported = ("reporter_name", "reporter_phone", "wants_reply")
    yield Contact(case.number, case.reporter_name, case.reporter_phone, case.wants_reply)
    if case.heat == 1:
        return
    merged = case.merged_cases.order_by("pk")
    if not case.confidential:
        merged = merged.filter(confidential=False)
    for row in merged.values_list("number", *reported):
        yield Contact(*row)
    for name, phone, wants_reply in case.joint_reports.values_list(*reported):
        yield Contact(Act.JOIN.label, name, phone, wants_reply)
