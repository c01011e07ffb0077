"""Forms of working on a case with others: 协办, 约请协调, 并案, 我也遇到, 关联."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from cases.choices import LinkKind
from cases.duplicates import likely_mains
from cases.forms.base import ActForm, choice_field, is_id, line_field, several_field, text_field
from cases.workflow import assignable_departments
from liangcheng.common.exceptions import InvalidInput
from members.models import PartyMember, ResidentUnit

# As many as a page can hold; who is not among them is named in words.
_MOST_OFFERED = 200


class CoHandleForm(ActForm):
    co_department_ids = several_field("协办部门", required=True)
    text = text_field("需要协办什么")
    hint = "案件仍由主办负责；协办部门完成自己的部分后单独登记。"

    def prepare(self) -> None:
        self.fields["co_department_ids"].widget.choices = lambda: [  # type: ignore[attr-defined]
            (row.pk, row.short_name) for row in assignable_departments(self.case)
        ]


class CoFinishForm(ActForm):
    text = text_field("协办情况", placeholder="本部门做了什么，还需要谁做什么")
    hint = "只登记本部门的协办部分；案件由主办处置完成。"


class ConveneForm(ActForm):
    text = text_field("协调事项")
    place = line_field("地点", placeholder="如 文苑一居民区会议室")
    meets_at = forms.DateTimeField(
        label="时间",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "请填写时间。", "invalid": "时间请写成 2026-11-23 14:00 这样。"},
    )
    department_ids = several_field("条线部门")
    unit_ids = several_field("成员单位")
    member_ids = several_field("党员")
    residents = text_field("居民代表", required=False, placeholder="一行写一个")
    hint = "约请的部门会收到消息，并能看到这个案件。"

    def prepare(self) -> None:
        grid = self.case.handling_grid
        offers: dict[str, Any] = {
            "department_ids": lambda: [(row.pk, row.short_name) for row in assignable_departments(self.case)],
            "unit_ids": lambda: _named(ResidentUnit.objects.active().visible_to(self.user).within(grid)),
            "member_ids": lambda: _masked(PartyMember.objects.active().visible_to(self.user).within(grid)),
        }
        for name, offer in offers.items():
            self.fields[name].widget.choices = offer  # type: ignore[attr-defined]

    def inputs(self) -> dict[str, Any]:
        found = super().inputs()
        return found | {"residents": found["residents"].split("\n")}


def _named(rows: Any) -> list[tuple[int, str]]:
    return list(rows.order_by("name").values_list("pk", "name")[:_MOST_OFFERED])


def _masked(members: Any) -> list[tuple[int, str]]:
    return [(row.pk, str(row)) for row in members.order_by("name_pinyin", "pk")[:_MOST_OFFERED]]


class ConcludeForm(ActForm):
    coordination_id = choice_field("哪一次协调", (), required=False)
    attended_ids = several_field("到场")
    minutes = text_field("协调经过")
    outcome = text_field("协调结果", placeholder="议定了什么，由谁在什么时候前完成")

    def prepare(self) -> None:
        waiting = list(self.case.coordinations.filter(concluded_at__isnull=True).prefetch_related("invitees"))
        self.fields["coordination_id"].show_optional = False  # type: ignore[attr-defined]
        if len(waiting) < 2:
            del self.fields["coordination_id"]
        else:
            named = [(str(row.pk), f"{_local(row.meets_at)} {row.place}") for row in waiting]
            self.fields["coordination_id"].widget.choices = named  # type: ignore[attr-defined]
            self.initial["coordination_id"] = named[0][0]
        self.fields["attended_ids"].widget.choices = [  # type: ignore[attr-defined]
            (invitee.pk, invitee.name if len(waiting) == 1 else f"{invitee.name}（{_local(row.meets_at)[:5]}）")
            for row in waiting
            for invitee in row.invitees.all()
        ]

    def inputs(self) -> dict[str, Any]:
        found = super().inputs()
        chosen = str(found.pop("coordination_id", ""))
        return found | ({"coordination_id": int(chosen)} if is_id(chosen) else {})


def _local(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%m-%d %H:%M")


class MergeForm(ActForm):
    likely = choice_field("可能是同一件事的案件", (), required=False)
    main_number = line_field(
        "主案件编号", required=False, placeholder="如 LC202611230001", autocapitalize="characters", autocomplete="off"
    )
    text = text_field("并案说明", required=False)
    hint = "并案后随主案件一起答复和结案，可以取消并案。"

    def prepare(self) -> None:
        self._found: list[tuple[str, str]] | None = None
        self.fields["likely"].show_optional = False  # type: ignore[attr-defined]
        self.fields["main_number"].show_optional = False  # type: ignore[attr-defined]
        if not self.is_bound and not self._likely():
            del self.fields["likely"]
            return
        # Of what was sent looked up only if it is shown again.
        self.fields["likely"].widget.choices = self._likely  # type: ignore[attr-defined]
        self.fields["main_number"].help_text = "上面没有的，在这里填写编号；填写了编号的，以编号为准。"

    def _likely(self) -> list[tuple[str, str]]:
        if self._found is None:
            self._found = [
                (row.number, f"{row.number} {row.title}（{row.get_status_display()}）")
                for row in likely_mains(self.case, self.user)
            ]
        return self._found

    def refuse(self, error: Any) -> None:
        super().refuse(error)
        if not self._likely():
            del self.fields["likely"]

    def inputs(self) -> dict[str, Any]:
        found = super().inputs()
        chosen = found["main_number"] or found.pop("likely", "")
        found.pop("likely", None)
        if not chosen:
            raise InvalidInput("missing_main_number", "请填写主案件编号。", field="main_number")
        return found | {"main_number": chosen}


class UnmergeForm(ActForm):
    text = text_field("取消并案的原因")
    hint = "案件回到并案前的状态；时限一直在计算，不重新起算。"


class JoinForm(ActForm):
    text = text_field("补充情况", required=False, placeholder="和这件案件有什么不同，或有什么新情况")
    reporter_name = line_field("反映人姓名", required=False, autocomplete="off")
    reporter_phone = line_field("反映人电话", required=False, type="tel", autocomplete="off")
    wants_reply = forms.BooleanField(label="要求回复", required=False)
    hint = "同一件事不再另立案件：记入反映次数，办结后一并答复。"


class LinkForm(ActForm):
    number = line_field("案件编号", placeholder="如 LC202611230001", autocapitalize="characters")
    kind = choice_field("关系", LinkKind.choices)
    text = text_field("说明", required=False)
    hint = "后续案件：本案是那件案件的后续。相关案件：两件有关，各办各的。"
