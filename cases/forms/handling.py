"""Forms of the acts that move a case: from the desk to the result, up, down and to its end."""

from typing import Any

from django import forms

from cases.assignment import owning_department
from cases.borders import neighbours
from cases.choices import PhotoKind, RejectReason, ReturnReason, Satisfaction, Urgency
from cases.forms.base import (
    ActForm,
    PhotosField,
    choice_field,
    is_id,
    line_field,
    several_field,
    text_field,
)
from cases.scoping import parties_of
from cases.transitions import Party
from cases.workflow import assignable_departments, assignable_users, hand_down_targets
from grids.choices import KINDS, RANK, SHORT_LEVEL
from liangcheng.common.exceptions import InvalidInput

# What the reporter says of the matter itself; not asked or not reached: neither.
_SOLVED = (("yes", "反映人认为已解决"), ("no", "反映人认为没有解决"))


class AcceptForm(ActForm):
    text = text_field("备注", required=False)
    hint = "接单后由您负责处置，时限不因接单重新计算。"


class ResolveForm(ActForm):
    text = text_field("处置结果", placeholder="做了什么，现在怎样")
    photos = PhotosField(label="处置后照片")
    photo_kind = PhotoKind.AFTER

    def prepare(self) -> None:
        category = self.case.category
        if category.photo_required:
            self.fields["photos"].help_text = f"“{category.name}”须附处置后照片。"
            self.fields["photos"].show_optional = False  # type: ignore[attr-defined]
        if category.close_condition:
            self.hint = f"结案条件：{category.close_condition}"


class DispatchForm(ActForm):
    target = forms.CharField(label="派给", widget=forms.Select, error_messages={"required": "请选择处置人或处置部门。"})
    co_department_ids = several_field("协办部门")
    binding = forms.BooleanField(label="签派（不得退单）", required=False)
    text = text_field("办理要求", required=False, placeholder="需要注意什么，先联系谁")
    shown_at = {"assignee_id": "target", "department_id": "target"}

    def prepare(self) -> None:
        self._departments: list[tuple[int, str]] | None = None
        self.fields["target"].widget.choices = self._targets  # type: ignore[attr-defined]
        # Asked for only when shown; the rule checks what comes back.
        self.fields["co_department_ids"].widget.choices = self._helpers  # type: ignore[attr-defined]
        if self.case.bounced:
            self.hint = f"已退单 {self.case.return_count} 次，由上级签派：派出后不得再退，时限不重新计算。"
        if self.case.bounced or Party.DISPATCHER not in parties_of(self.case, self.user):
            del self.fields["binding"]
        # What comes back is the user's own choice.
        suggested = None if self.is_bound else owning_department(self.case)
        if suggested:
            self.initial["target"] = f"d{suggested}"

    def _helpers(self) -> list[tuple[int, str]]:
        if self._departments is None:
            self._departments = [(row.pk, row.short_name) for row in assignable_departments(self.case)]
        return self._departments

    def _targets(self) -> list[Any]:
        people = [
            (f"u{row.pk}", f"{row.full_name}{f'（{row.title}）' if row.title else ''}")
            for row in assignable_users(self.case)
        ]
        groups = [("网格人员", people), ("条线部门", [(f"d{pk}", name) for pk, name in self._helpers()])]
        return [("", "请选择"), *(group for group in groups if group[1])]

    def inputs(self) -> dict[str, Any]:
        found = super().inputs()
        target = found.pop("target")
        kind, number = target[:1], target[1:]
        if kind not in {"u", "d"} or not is_id(number):
            raise InvalidInput("unknown_assignee", "请选择处置人或处置部门。", field="assignee_id")
        return found | {"assignee_id" if kind == "u" else "department_id": int(number)}


class HandDownForm(ActForm):
    grid_code = choice_field("交办给", ())
    text = text_field("交办要求")

    def prepare(self) -> None:
        self.fields["grid_code"].widget.choices = self._targets  # type: ignore[attr-defined]

    def _targets(self) -> list[tuple[str, str]]:
        return [(grid.code, f"{SHORT_LEVEL[grid.kind]}：{grid.short_name}") for grid in hand_down_targets(self.case)]


class VerifyForm(ActForm):
    text = text_field("核查意见", required=False)

    def prepare(self) -> None:
        if self.case.category.close_condition:
            self.hint = f"结案条件：{self.case.category.close_condition}"


class CloseForm(ActForm):
    satisfaction = choice_field("回访结果", Satisfaction.choices)
    solved = choice_field("问题是否解决", _SOLVED, required=False)
    text = text_field("回访情况", required=False, placeholder="不满意的，请写明原因")

    def inputs(self) -> dict[str, Any]:
        found = super().inputs()
        return found | {"solved": {"yes": True, "no": False}.get(found["solved"])}


class ReworkForm(ActForm):
    text = text_field("返工原因和要求")
    hint = "案件回到原处置人（已不在岗的回到派遣人），新的时限为 3 个工作日。"


class EscalateForm(ActForm):
    text = text_field("上报原因")
    tried = text_field("已采取的措施", placeholder="找过谁，做过什么，为什么解决不了")
    to_level = choice_field("上报到", (), required=False)
    second_grid_code = forms.CharField(
        label="相邻网格",
        required=False,
        widget=forms.Select,
        help_text="事情在两个网格交界处、互相推不清的，请选另一个网格：案件升到两边共同的上级，两边都能看到。",
    )
    hint = "由上一级网格接着办理，时限不重新计算。"

    def prepare(self) -> None:
        if self.case.second_grid_id:
            del self.fields["second_grid_code"]
        else:
            self.fields["second_grid_code"].widget.choices = self._neighbours  # type: ignore[attr-defined]
        self._offer_levels()

    def _neighbours(self) -> list[tuple[str, str]]:
        # Codes grow downwards: what its own begins with is the grid itself or above it.
        offered = neighbours([self.case.community_id], [self.case.grid])
        return [("", "没有"), *(row for row in offered if not self.case.grid.code.startswith(row[0]))]

    def _offer_levels(self) -> None:
        above = [kind for kind in KINDS[: RANK[self.case.handling_level]] if self.case.grid_id_at(kind)]
        if self.case.urgency != Urgency.EMERGENCY or len(above) < 2:
            del self.fields["to_level"]
            return
        self.fields["to_level"].widget.choices = [(kind, SHORT_LEVEL[kind]) for kind in reversed(above)]  # type: ignore[attr-defined]
        self.fields["to_level"].help_text = "突发事件可以越级上报；不选就报上一级。"


class ReturnForm(ActForm):
    reason = choice_field("退单原因", ReturnReason.choices)
    text = text_field("退单理由")
    hint = "退单后回到派遣人，时限继续计算。"


class RejectForm(ActForm):
    reason = choice_field("不予受理的原因", RejectReason.choices)
    text = text_field("给反映人的说明")


class ReopenForm(ActForm):
    text = text_field("重新处置的原因")


class NoteForm(ActForm):
    text = text_field("补充内容")
    photos = PhotosField()


class AttachForm(ActForm):
    kind = choice_field("照片类型", PhotoKind.choices)
    photos = PhotosField(required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"kind": PhotoKind.BEFORE}, **kwargs)

    def inputs(self) -> dict[str, Any]:
        if self.cleaned_data["kind"] not in PhotoKind.values:
            raise InvalidInput("unknown_kind", "请选择照片类型。", field="kind")
        return super().inputs()


class RevealForm(ActForm):
    text = text_field("查看原因", placeholder="如：联系反映人核实情况")
    hint = "查看会记入案件记录，写明谁在什么时候、为什么查看。"


class WithdrawForm(ActForm):
    text = text_field("撤案原因")


class TransferForm(ActForm):
    body = line_field("接收单位", placeholder="如 虹口区城管执法局")
    number = line_field("对方编号", required=False)
    text = text_field("移送原因和给反映人的说明")
    hint = "超出街道职责的，移送区级或其他单位；移送后本系统不再计时。"


class HandOverForm(ActForm):
    to_user_id = forms.CharField(label="交接给", required=False, widget=forms.Select)
    text = text_field("交接原因")
    hint = "状态和时限都不变，由接手的人继续办理。要一次交接某人的全部案件，请到“工作交接”页面。"

    def prepare(self) -> None:
        self.fields["to_user_id"].show_optional = False  # type: ignore[attr-defined]
        self.fields["to_user_id"].widget.choices = self._people  # type: ignore[attr-defined]

    def _people(self) -> list[tuple[str, str]]:
        people = assignable_users(self.case).exclude(pk=self.case.assignee_id)
        return [("", "交回派遣人"), *((str(row.pk), row.full_name) for row in people)]

    def inputs(self) -> dict[str, Any]:
        found = super().inputs()
        chosen = found["to_user_id"]
        if chosen and not is_id(chosen):
            raise InvalidInput("unknown_assignee", "请选择负责网格范围内的在岗人员。", field="assignee_id")
        return found | {"to_user_id": int(chosen) if chosen else None}

    shown_at = {"assignee_id": "to_user_id"}
