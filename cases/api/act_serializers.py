"""The input of each act, by the word in the address. Shape only: state and right are the workflow's to judge."""

from typing import Any

from rest_framework import serializers

from cases.api.serializers import row_id
from cases.choices import Act, PhotoKind, RejectReason, ReturnReason, Satisfaction
from grids.choices import GridKind
from liangcheng.common.api import TextField

_MOST_TEXT = 2000
_LEVELS = [(kind.value, kind.label) for kind in GridKind if kind is not GridKind.MICRO_UNIT]


def _text(help_text: str) -> TextField:
    return TextField(max_length=_MOST_TEXT, help_text=help_text)


def _optional_text() -> TextField:
    return TextField(max_length=_MOST_TEXT, required=False, allow_blank=True, help_text="说明。")


def _photos(help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.FileField(), required=False, max_length=9, help_text=f"{help_text}（multipart/form-data）。"
    )


class ActInput(serializers.Serializer[Any]):
    """What every act may carry: the version that the caller had in hand (or If-Match)."""

    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, help_text="您看到的版本；已变化时不办理。"
    )


class AcceptInput(ActInput):
    text = _optional_text()


class RejectInput(ActInput):
    reason = serializers.ChoiceField(choices=RejectReason.choices, help_text="不予受理的原因。")
    text = _text("给反映人的说明。")


class DispatchInput(ActInput):
    assignee_id = row_id(help_text="处置人编号，见 assignees；与处置部门二选一。")
    department_id = row_id(help_text="处置部门编号，见 departments；与处置人二选一。")
    co_department_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        max_length=20,
        help_text="协办部门编号。",
    )
    binding = serializers.BooleanField(default=False, help_text="签派：不得退单，由街道派遣员办理。")
    text = _optional_text()


class ReturnInput(ActInput):
    reason = serializers.ChoiceField(choices=ReturnReason.choices, help_text="退单原因。")
    text = _text("退单理由。")


class ResolveInput(ActInput):
    text = _text("处置结果。")
    photos = _photos("处置后照片")


class VerifyInput(ActInput):
    text = _optional_text()


class ReworkInput(ActInput):
    text = _text("返工原因和要求。")


class CloseInput(ActInput):
    satisfaction = serializers.ChoiceField(choices=Satisfaction.choices, help_text="回访结果。")
    text = _optional_text()


class ReopenInput(ActInput):
    text = _text("重新处置的原因。")


class EscalateInput(ActInput):
    text = _text("上报原因。")
    tried = _text("已经采取的措施。")
    to_level = serializers.ChoiceField(choices=_LEVELS, required=False, help_text="只有突发事件可以越级。")


class HandDownInput(ActInput):
    grid_code = TextField(max_length=20, help_text="下级网格编码。")
    text = _text("交办要求。")


class WithdrawInput(ActInput):
    text = _text("撤案原因。")


class NoteInput(ActInput):
    text = _text("要补充的内容。")
    photos = _photos("照片")


class AttachInput(ActInput):
    kind = serializers.ChoiceField(choices=PhotoKind.choices, default=PhotoKind.BEFORE, help_text="照片类型。")
    photos = serializers.ListField(
        child=serializers.FileField(), min_length=1, max_length=9, help_text="照片（multipart/form-data）。"
    )


class RevealInput(ActInput):
    text = _text("查看原因，会记录在案。")


ACT_SERIALIZERS: dict[Act, type[ActInput]] = {
    Act.REJECT: RejectInput,
    Act.DISPATCH: DispatchInput,
    Act.ACCEPT: AcceptInput,
    Act.RETURN: ReturnInput,
    Act.RESOLVE: ResolveInput,
    Act.VERIFY: VerifyInput,
    Act.REWORK: ReworkInput,
    Act.CLOSE: CloseInput,
    Act.REOPEN: ReopenInput,
    Act.ESCALATE: EscalateInput,
    Act.HAND_DOWN: HandDownInput,
    Act.WITHDRAW: WithdrawInput,
    Act.NOTE: NoteInput,
    Act.ATTACH: AttachInput,
    Act.REVEAL: RevealInput,
}
