"""Forms of a member's record: enter and correct, retire, take back, transfer."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q

from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common.text import normalize
from liangcheng.common.web import PlainField, Segments
from members.choices import LeaveReason, MemberKind
from members.models import PartyMember, PartyOrganization, ResidentContact, ResidentUnit, Skill
from members.people import HOMES, Facts, accounts_of, mark_of, organizations_for
from members.querysets import member_desk_condition

_WRONG_DAY = "日期请写成 2026-01-31。"
Options = list[tuple[str, Any]]


def day_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": f"请填写{label}。", "invalid": _WRONG_DAY},
    )


def line_field(label: str, *, required: bool = True, help_text: str = "", **attrs: str) -> PlainField:
    """One line. No length limit here: the rule knows it, and an error keeps all that was typed."""
    field = PlainField(label=label, required=required, help_text=help_text, widget=forms.TextInput(attrs))
    field.error_messages["required"] = f"请填写{label}。"
    return field


def row_field(label: str, *, required: bool = True, help_text: str = "") -> forms.TypedChoiceField:
    """One row by id out of a select; `choices` are set by the form."""
    return forms.TypedChoiceField(
        label=label,
        required=required,
        help_text=help_text,
        coerce=int,
        empty_value=None,
        error_messages={"required": f"请选择{label}。", "invalid_choice": f"请在列出的{label}中选择。"},
    )


class SeenForm(forms.Form):
    """Knows which version of the record it was opened on."""

    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def refuse(self, error: Any) -> None:
        """Show a refusal where it can be mended, else above the form."""
        self.add_error(error.field if error.field in self.fields else None, error.message)


class MemberForm(SeenForm):
    """A member's facts. `member`: the record that is corrected; without one, a new one with organization and grid."""

    name = line_field("姓名", autocomplete="off")
    kind = forms.ChoiceField(
        label="类别",
        choices=MemberKind.choices,
        widget=Segments,
        error_messages={"required": "请选择类别。", "invalid_choice": "请选择在册党员或在职党员。"},
    )
    phone = line_field("手机", required=False, inputmode="tel", autocomplete="off")
    organization = row_field("所在党组织", help_text="党支部或党小组；未设支部的党总支也可以选。")
    grid = row_field("所在网格", help_text="在册党员填居住的微单元；在职党员填报到的微单元。")
    unit = line_field("工作单位", required=False, help_text="填成员单位的编号或名称；在职党员应填。")
    joined_on = day_field("入党日期", required=False)
    skills = forms.TypedMultipleChoiceField(
        label="特长",
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "请在列出的特长中选择。"},
    )
    availability = line_field("可服务时间", required=False, help_text="如：周末、工作日晚上、寒暑假。")
    user = row_field("登录账号", required=False, help_text="本人有系统账号的才选；只列出本街道在岗人员。")
    note = forms.CharField(label="备注", required=False, widget=forms.Textarea({"rows": 2}))
    confirmed = forms.BooleanField(label="已核对，不是同一人，仍要登记", required=False)

    def __init__(self, *args: Any, user: User, member: PartyMember | None = None, **kwargs: Any) -> None:
        initial = _facts_of(member) if member else {}
        super().__init__(*args, **kwargs | {"initial": initial | kwargs.get("initial", {})})
        self.actor, self.member = user, member
        self.suspected = False
        offered: dict[str, Options] = {
            "skills": skill_options(member),
            "user": [("", "没有"), *_accounts(user, member)],
        }
        if member:
            del self.fields["organization"], self.fields["grid"]
        else:
            offered["organization"] = [
                ("", "请选择"),
                *organization_options(PartyOrganization.objects.visible_to(user)),
            ]
            offered["grid"] = [("", "请选择"), *_homes(user)]
        for name, options in offered.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]

    def clean_unit(self) -> int | None:
        """The id of the unit with this code or name, which the user sees; what it already is may stay."""
        text = normalize(self.cleaned_data["unit"])
        if not text:
            return None
        if self.member and self.member.unit and text in _ways_to_say(self.member.unit):
            return self.member.unit_id
        return find_unit(self.actor, text).pk

    def refuse(self, error: Any) -> None:
        self.suspected = error.code == "suspected_duplicate"
        super().refuse(error)

    @property
    def asks_to_confirm(self) -> bool:
        return self.suspected or bool(self.data.get("confirmed"))

    def stored(self) -> list[tuple[str, str]]:
        """(label, what stands in the record now) of the fields where something else has been typed."""
        found = []
        for name in self.changed_data:
            if name in {"seen", "confirmed"}:
                continue
            value = self.initial.get(name)
            options = dict(getattr(self.fields[name], "choices", ()))
            values = value if isinstance(value, list) else [value]
            words = [str(options.get(each, each)) for each in values if each not in (None, "")]
            found.append((str(self.fields[name].label), "、".join(words) or "空"))
        return found

    def facts(self) -> Facts:
        given = self.cleaned_data
        return Facts(
            name=given["name"],
            kind=given["kind"],
            phone=given["phone"],
            unit_id=given["unit"],
            joined_on=given["joined_on"],
            skill_ids=tuple(given["skills"]),
            availability=given["availability"],
            note=given["note"],
            user_id=given["user"],
        )


class RetireForm(SeenForm):
    reason = forms.ChoiceField(
        label="原因",
        choices=LeaveReason.choices,
        widget=Segments,
        error_messages={"required": "请选择停用原因。", "invalid_choice": "请选择停用原因。"},
    )
    on = day_field("日期", help_text="迁出、去世等发生的日期。")
    note = line_field("说明", required=False)


class TransferForm(SeenForm):
    """Where a member goes: any organization and grid of the street; what stays is preselected."""

    organization = row_field("党组织")
    grid = forms.ChoiceField(
        label="网格", error_messages={"required": "请选择网格。", "invalid_choice": "请在列出的网格中选择。"}
    )
    on = day_field("转接日期")
    reason = line_field("原因", help_text="如：搬家、支部调整。不要写病情等隐私。")

    def __init__(self, *args: Any, member: PartyMember, **kwargs: Any) -> None:
        given = {"organization": member.organization_id, "grid": member.grid.code, "seen": mark_of(member)}
        super().__init__(*args, **kwargs | {"initial": given})
        street = Q(community_id=member.community_id)
        organizations = organization_options(PartyOrganization.objects.filter(street))
        if not any(member.organization_id == pk for _, rows in organizations for pk, _ in rows):
            organizations.insert(0, ("现在", [(member.organization_id, member.organization.name)]))
        self.fields["organization"].choices = organizations  # type: ignore[attr-defined]
        grids = Grid.objects.filter(street, kind__in=HOMES).active().in_tree_order()
        options = [(grid.code, f"{chr(0x3000) * max(0, grid.level - 2)}{grid.short_name}") for grid in grids]
        if member.grid.code not in dict(options):
            options.insert(0, (member.grid.code, member.grid.short_name))
        self.fields["grid"].choices = options  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why a transfer is not taken, or taken back."""

    reason = line_field("原因")


# -- what is offered


def organization_options(rows: Any) -> Options:
    """(grid, [(id, name)]) in the order of the tree: one statement."""
    groups: dict[str, list[tuple[int, str]]] = {}
    found = organizations_for(rows).select_related("grid").order_by("grid__tree_id", "grid__lft", "name", "pk")
    for row in found:
        groups.setdefault(row.grid.short_name, []).append((row.pk, row.name))
    return list(groups.items())


def skill_options(member: PartyMember | None = None) -> Options:
    """Skills in use, and those that the member has already."""
    own = member.skills.values("pk") if member else ()
    return [(str(row.pk), row.name) for row in Skill.objects.filter(Q(is_active=True) | Q(pk__in=own))]


def find_unit(user: User, text: str) -> ResidentUnit:
    """The unit with that code, or the only one of that name (or with the words in its name), in the user's sight."""
    rows = ResidentUnit.objects.visible_to(user).active()
    for found in (rows.filter(code=text.upper()), rows.filter(name=text), rows.search(text)):
        units = list(found.order_by("code")[:5])
        if len(units) == 1:
            return units[0]
        if units:
            several = "、".join(f"{unit.code} {unit.name}" for unit in units)
            raise forms.ValidationError(f"有几家单位都符合，请填编号：{several}。", code="several_units")
    raise forms.ValidationError("没有找到这个单位，请核对编号或名称。", code="unknown_unit")


def _homes(user: User) -> Options:
    rows = Grid.objects.filter(member_desk_condition(user), kind__in=HOMES).active().in_tree_order()
    return [(str(row.pk), f"{chr(0x3000) * max(0, row.level - 2)}{row.short_name}") for row in rows]


def _accounts(user: User, member: PartyMember | None) -> Options:
    """Accounts of people who serve in the street, without those that stand in another record; the own one stays."""
    streets: Iterable[int | None]
    if member:
        streets = [member.community_id]
    else:
        streets = Grid.objects.filter(member_desk_condition(user)).order_by().values_list("community_id", flat=True)
    taken = [model.objects.filter(user__isnull=False).values("user_id") for model in (PartyMember, ResidentContact)]
    own = member.user_id if member else None
    rows = accounts_of(streets).select_related("user", "grid", "department").order_by("user__full_name", "user_id")
    rows = rows.filter(Q(user_id=own) | ~Q(user_id__in=taken[0]) & ~Q(user_id__in=taken[1]))
    found: dict[int, str] = {}
    for row in rows:
        found.setdefault(row.user_id, f"{row.user}（{row.department or row.grid.short_name} {row.get_role_display()}）")
    if own and own not in found and member:
        found[own] = f"{member.user}（已没有岗位）"
    return list(found.items())  # type: ignore[arg-type]


def _ways_to_say(unit: ResidentUnit) -> tuple[str, ...]:
    return (unit.code, unit.name, f"{unit.code} {unit.name}")


def _facts_of(member: PartyMember) -> dict[str, Any]:
    return {
        "seen": mark_of(member),
        "name": member.name,
        "kind": member.kind,
        "phone": member.phone,
        "unit": f"{member.unit.code} {member.unit.name}" if member.unit else "",
        "joined_on": member.joined_on,
        "skills": [skill.pk for skill in member.skills.all()],
        "availability": member.availability,
        "note": member.note,
        "user": member.user_id,
    }
