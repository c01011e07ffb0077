"""Forms of the registers that the desks keep on the site. Shape and choices; what is right, the rules know."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import models

from grids.authority import desk_condition
from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common.web import PlainField
from members.choices import ContactKind, TeamKind
from members.keeping import seen_of
from members.models import PartyOrganization, ResidentContact, ResidentUnit, Skill, Team, Venue

_DATE = {"invalid": "日期请写成 2026-01-31。"}


def site_field(field: Any, **kwargs: Any) -> Any:
    """Text as the office types it; lengths and patterns are checked by the model, which keeps what was typed."""
    if isinstance(field, models.CharField) and not field.choices:
        widget = forms.Textarea({"rows": 3}) if (field.max_length or 0) > 200 else forms.TextInput()
        if field.name.endswith("phone"):
            widget = forms.TextInput({"inputmode": "tel", "autocomplete": "off"})
        return PlainField(
            label=field.verbose_name,
            required=not field.blank,
            help_text=field.help_text,
            widget=widget,
            error_messages={"required": f"请填写{field.verbose_name}。"},
        )
    if isinstance(field, models.DateField):
        kwargs |= {"widget": forms.DateInput({"type": "date"}, format="%Y-%m-%d"), "error_messages": _DATE}
    found = field.formfield(**kwargs)
    if isinstance(field, models.CharField):
        found.error_messages["required"] = f"请选择{field.verbose_name}。"
    return found


class GridChoice(forms.ModelChoiceField):
    """Grids in the order of the tree, the deeper the further in."""

    def label_from_instance(self, grid: Any) -> str:
        return f"{chr(0x3000) * grid.level}{grid.short_name}"


class RegisterForm(forms.ModelForm):
    """A row of a register. `seen` travels along, so that an edit made meanwhile is noticed (members/keeping.py)."""

    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["seen"].initial = seen_of(self.instance)
        self.fields["grid"] = GridChoice(
            Grid.objects.filter(desk_condition(user)).active().in_tree_order(),
            label="网格",
            empty_label="请选择",
            error_messages={"required": "请选择网格。", "invalid_choice": "请选择您值守的网格或它的下级网格。"},
        )
        if self.instance.pk is None:
            del self.fields["is_active"]
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelChoiceField) and name != "grid":
                field.error_messages["invalid_choice"] = "没有找到这一项，或不在您的网格范围内。"

    def offer(self, name: str, rows: Any, empty: str = "没有") -> None:
        """Let the relation `name` be chosen from `rows` or stay as it is."""
        field: Any = self.fields[name]
        field.queryset = rows | type(self.instance)._meta.get_field(name).related_model.objects.filter(
            pk=getattr(self.instance, f"{name}_id")
        )
        field.empty_label = empty

    def values(self) -> dict[str, Any]:
        """What the rule takes, out of the cleaned form."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class ContactForm(RegisterForm):
    class Meta:
        model = ResidentContact
        formfield_callback = staticmethod(site_field)
        fields: ClassVar[Any] = [
            "name",
            "kind",
            "title",
            "phone",
            "grid",
            "skills",
            "availability",
            "note",
            "is_active",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["skills"] = forms.ModelMultipleChoiceField(
            Skill.objects.filter(is_active=True), label="特长", required=False, widget=forms.CheckboxSelectMultiple()
        )
        self.fields["kind"].choices = ContactKind.choices  # type: ignore[attr-defined]


class TeamForm(RegisterForm):
    class Meta:
        model = Team
        formfield_callback = staticmethod(site_field)
        fields: ClassVar[Any] = [
            "name",
            "kind",
            "grid",
            "lead_organization",
            "duties",
            "founded_on",
            "note",
            "is_active",
        ]
        error_messages: ClassVar[Any] = {
            NON_FIELD_ERRORS: {"unique_together": "这个网格已有同名的队伍，请换一个名称。"}
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "请选择"), *TeamKind.choices]  # type: ignore[attr-defined]
        self.offer("lead_organization", PartyOrganization.objects.visible_to(self.user).active().order_by("name"))


class VenueForm(RegisterForm):
    class Meta:
        model = Venue
        formfield_callback = staticmethod(site_field)
        fields: ClassVar[Any] = [
            "name",
            "kind",
            "grid",
            "address",
            "unit",
            "capacity",
            "opening",
            "contact_name",
            "contact_phone",
            "note",
            "is_active",
        ]
        error_messages: ClassVar[Any] = {
            NON_FIELD_ERRORS: {"unique_together": "这个网格已有同名的阵地，请换一个名称。"}
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("unit", ResidentUnit.objects.visible_to(self.user).active().order_by("code"))


class ReasonForm(forms.Form):
    """Why somebody wants to see a whole name and number."""

    reason = PlainField(
        label="查看原因",
        help_text="如：核实案件、通知开会。会连同您的姓名记入个人信息使用记录。",
        error_messages={"required": "请填写查看原因。"},
    )


class ConfirmForm(forms.Form):
    """A page that only asks once more. `replaces`: the main venue that the user has seen."""

    replaces = forms.IntegerField(required=False, widget=forms.HiddenInput())


class PersonForm(forms.Form):
    """One person out of those whom the search has found: "member-12", "contact-5" (views/choosing.py)."""

    person = forms.CharField(required=False, max_length=30)

    def clean_person(self) -> tuple[str, int] | None:
        kind, _, number = self.cleaned_data["person"].partition("-")
        if not kind:
            return None
        if kind not in ("member", "contact") or not (number.isascii() and number.isdigit() and len(number) < 19):
            raise forms.ValidationError("请在列出的人员中选择。")
        return kind, int(number)

    def chosen(self) -> dict[str, int | None]:
        """What the rules take: member_id, contact_id."""
        kind, number = self.cleaned_data["person"] or ("", None)
        return {"member_id": number if kind == "member" else None, "contact_id": number if kind == "contact" else None}


class LeaderForm(PersonForm):
    """The 楼组长 of a building; nobody is an answer as well."""

    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput())
    instance: Any = None

    def inputs(self) -> dict[str, Any]:
        """What members.leaders.set_building_leader takes besides the building."""
        return {**self.chosen(), "seen": self.cleaned_data["seen"]}


class TeamPersonForm(PersonForm):
    """Somebody for a team."""

    is_leader = forms.BooleanField(label="任队长（原队长留在队里）", required=False)
    duty = PlainField(label="分工", required=False)

    def inputs(self) -> dict[str, Any]:
        """What members.teams.put_in_team takes besides the team."""
        return {
            **self.chosen(),
            "is_leader": self.cleaned_data["is_leader"],
            "duty": self.cleaned_data["duty"],
        }
