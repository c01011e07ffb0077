"""What is added to a case without moving it: notes, photos, and the logged look at the reporter's contact."""

from collections.abc import Sequence

from cases import attachments
from cases.choices import Act, PhotoKind
from cases.photos import Photo
from cases.refusals import need_choice, need_text
from cases.workflow.core import Step, act
from liangcheng.common.exceptions import InvalidInput


@act(Act.NOTE)
def note(step: Step, *, text: str, photos: Sequence[Photo] = ()) -> None:
    """补充说明: into the timeline, without changing the state."""
    step.text = need_text(text, "text", "请写明要补充的内容。")
    attachments.store(step.case, photos, actor=step.actor, at=step.at)
    step.data = {"photos": len(photos)}


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
