"""The input of each act, by the word in the address. Shape only: state and right are the workflow's to judge."""

from typing import Any

from rest_framework import serializers

from cases.api.serializers import row_id
from cases.choices import Act, LinkKind, PhotoKind, RejectReason, ReturnReason, Satisfaction
from grids.choices import GridKind
from liangcheng.common.api import TextField

_MOST_TEXT = 2000
_LEVELS = [(kind.value, kind.label) for kind in GridKind if kind is not GridKind.MICRO_UNIT]


def _text(help_text: str) -> TextField:
    return TextField(max_length=_MOST_TEXT, help_text=help_text)


def _optional_text() -> TextField:
    return TextField(max_length=_MOST_TEXT, required=False, allow_blank=True, help_text="说明。")


def _days(help_text: str, *, required: bool = True) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=1000, required=required, help_text=help_text)


def _ids(help_text: str, *, required: bool = False) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=required,
        max_length=50,
        help_text=help_text,
    )


def _photos(help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.FileField(), required=False, max_length=9, help_text=f"{help_text}（multipart/form-data）。"
    )


class MomentField(serializers.DateTimeField):
    """The years 1 and 9999 overflow on their way to another time zone: a wrong date, not a fault of ours."""

    def enforce_timezone(self, value: Any) -> Any:
        try:
            return super().enforce_timezone(value)
        except OverflowError:
            self.fail("invalid", format="2026-11-23T14:00:00")


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
    solved = serializers.BooleanField(
        required=False, allow_null=True, help_text="反映人是否认为问题已解决；没有问到就不填，不计入实际解决率。"
    )
    text = _optional_text()


class ReopenInput(ActInput):
    text = _text("重新处置的原因。")


class EscalateInput(ActInput):
    text = _text("上报原因。")
    tried = _text("已经采取的措施。")
    to_level = serializers.ChoiceField(choices=_LEVELS, required=False, help_text="只有突发事件可以越级。")
    second_grid_code = TextField(
        max_length=20, required=False, allow_blank=True, help_text="交界案件的相邻网格编码；案件升到两边共同的上级。"
    )


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


class ContactInput(ActInput):
    text = _text("联系情况。")


class ExtendInput(ActInput):
    days = _days("申请延长几个工作日。")
    text = _text("延期原因。")


class GrantExtensionInput(ActInput):
    days = _days("同意延长几个工作日；不填为所申请的。", required=False)
    text = _optional_text()


class RefuseExtensionInput(ActInput):
    text = _text("不同意的理由。")


class SuspendInput(ActInput):
    review_on = serializers.DateField(help_text="复核日期。")
    text = _text("挂账原因。")


class ResumeInput(ActInput):
    text = _text("恢复办理的原因。")


class UrgeInput(ActInput):
    text = _text("催办事项。")


class InstructInput(ActInput):
    text = _text("内容。")
    days = _days("几个工作日内答复，默认 3。", required=False)


class AnswerInput(ActInput):
    instruction_id = row_id(help_text="答复哪一条批示或督办，见 instructions；不填为最早的一条。")
    text = _text("答复内容。")


class CoHandleInput(ActInput):
    co_department_ids = _ids("协办部门编号。", required=True)
    text = _text("需要协办什么。")


class CoFinishInput(ActInput):
    text = _text("协办情况。")


class ConveneInput(ActInput):
    text = _text("协调事项。")
    place = TextField(max_length=100, help_text="地点。")
    meets_at = MomentField(help_text="时间。")
    department_ids = _ids("约请的条线部门编号。")
    unit_ids = _ids("约请的成员单位编号，须在负责网格范围内。")
    member_ids = _ids("约请的党员编号，须在负责网格范围内。")
    residents = serializers.ListField(
        child=TextField(max_length=30), required=False, max_length=50, help_text="居民代表。"
    )


class ConcludeInput(ActInput):
    coordination_id = row_id(help_text="哪一次约请协调，见 coordinations；不填为最早的一次。")
    attended_ids = _ids("到场者编号，见 coordinations 的 invitees。")
    minutes = _text("协调经过。")
    outcome = _text("协调结果。")


class MergeInput(ActInput):
    main_number = TextField(max_length=20, help_text="主案件编号。")
    text = _optional_text()


class UnmergeInput(ActInput):
    text = _text("取消并案的原因。")


class JoinInput(ActInput):
    text = _optional_text()
    reporter_name = TextField(max_length=30, required=False, allow_blank=True, help_text="反映人。")
    reporter_phone = TextField(max_length=20, required=False, allow_blank=True, help_text="反映人电话。")
    wants_reply = serializers.BooleanField(default=False, help_text="要求回复。")


class LinkInput(ActInput):
    number = TextField(max_length=20, help_text="另一件案件的编号。")
    kind = serializers.ChoiceField(choices=LinkKind.choices, help_text="关系；后续：本案是那件案件的后续。")
    text = _optional_text()


class TransferInput(ActInput):
    body = TextField(max_length=60, help_text="接收单位。")
    number = TextField(max_length=60, required=False, allow_blank=True, help_text="对方编号。")
    text = _text("移送原因和给反映人的说明。")


class HandOverInput(ActInput):
    to_user_id = row_id(help_text="接手人编号，见 assignees；不填则交回派遣人。")
    text = _text("交接原因。")


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
    Act.CONTACT: ContactInput,
    Act.EXTEND: ExtendInput,
    Act.GRANT_EXTENSION: GrantExtensionInput,
    Act.REFUSE_EXTENSION: RefuseExtensionInput,
    Act.SUSPEND: SuspendInput,
    Act.RESUME: ResumeInput,
    Act.URGE: UrgeInput,
    Act.SUPERVISE: InstructInput,
    Act.INSTRUCT: InstructInput,
    Act.ANSWER: AnswerInput,
    Act.CO_HANDLE: CoHandleInput,
    Act.CO_FINISH: CoFinishInput,
    Act.CONVENE: ConveneInput,
    Act.CONCLUDE: ConcludeInput,
    Act.MERGE: MergeInput,
    Act.UNMERGE: UnmergeInput,
    Act.JOIN: JoinInput,
    Act.LINK: LinkInput,
    Act.TRANSFER: TransferInput,
    Act.HAND_OVER: HandOverInput,
}
