"""党组织 and 党员 in the admin."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common.text import mask_name, mask_phone
from members.access import keeps_members, log_once_a_day
from members.admin.base import RegisterAdmin, SeenForm
from members.choices import AccessKind
from members.models import PartyMember, PartyOrganization
from members.people import HOMES, Facts, accounts_of, correct_member, mark_of, organizations_for, register_member
from members.querysets import member_desk_condition

# Given when a member is entered; later it changes by 转接.
_PLACE = ("organization", "grid")
_FACTS = ("name", "kind", "unit", "phone", "joined_on", "skills", "availability", "user", "note")


@admin.register(PartyOrganization)
class OrganizationAdmin(RegisterAdmin):
    list_display = ["name", "kind", "grid", "parent", "is_active"]
    list_select_related = ["grid", "parent"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "name_pinyin"]
    autocomplete_fields = ["grid", "parent", "unit"]
    form = SeenForm
    fields = [
        "name",
        "kind",
        "grid",
        "parent",
        "unit",
        "founded_on",
        "contact_name",
        "contact_phone",
        "note",
        "is_active",
    ]
    masked = {"contact_name": "masked_name", "contact_phone": "masked_phone"}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = list(super().get_fields(request, obj))
        return [*fields, "seen"] if obj is not None and self.may_edit(request, obj) else fields

    @admin.display(description="联系人")
    def masked_name(self, organization: PartyOrganization) -> str:
        return mask_name(organization.contact_name)

    @admin.display(description="联系电话")
    def masked_phone(self, organization: PartyOrganization) -> str:
        return mask_phone(organization.contact_phone)


class MemberForm(forms.ModelForm):
    """As on the site: who looks like somebody known is named first, a change made meanwhile is noticed."""

    seen = forms.CharField(label="打开时间", required=False, widget=forms.HiddenInput)
    confirmed = forms.BooleanField(
        label="仍要登记", required=False, help_text="提示可能重复、已核对不是同一人的，勾选后再保存。"
    )

    class Meta:
        model = PartyMember
        fields = (*_PLACE, *_FACTS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = mark_of(self.instance)

    def facts(self) -> Facts:
        given = self.cleaned_data
        plain = {name: given[name] for name in ("name", "kind", "phone", "joined_on", "availability", "note")}
        unit, user = given["unit"], given["user"]
        return Facts(
            **plain,
            unit_id=unit.pk if unit else None,
            user_id=user.pk if user else None,
            skill_ids=tuple(skill.pk for skill in given["skills"]),
        )


@admin.register(PartyMember)
class MemberAdmin(RegisterAdmin):
    """Kept by the desk with the right to read members; masked in the list and in choices for everybody.

    Where a member belongs changes by 转接, on the site.
    """

    form = MemberForm
    list_display = ["shown_name", "kind", "organization", "grid", "masked_phone", "is_active"]
    list_select_related = ["grid", "organization"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "name_pinyin"]
    autocomplete_fields = ["grid", "organization", "unit"]
    fields = [*_FACTS[:2], *_PLACE, *_FACTS[2:], "is_active", "confirmed", "seen"]
    masked = {"name": "shown_name", "phone": "masked_phone"}

    @admin.display(description="姓名", ordering="name_pinyin")
    def shown_name(self, member: PartyMember) -> str:
        return member.masked_name

    @admin.display(description="手机")
    def masked_phone(self, member: PartyMember) -> str:
        return mask_phone(member.phone)

    def label_of(self, request: HttpRequest, row: Any) -> str:
        return f"{row.masked_name} {row.masked_phone}".strip()

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        return keeps_members(request.user, obj)

    def offered(self, field: Any, request: HttpRequest) -> "QuerySet[Any]":
        here = member_desk_condition(request.user)
        if field.name == "grid":
            return Grid.objects.filter(here, kind__in=HOMES).active()
        if field.name == "user":
            streets = Grid.objects.filter(here).order_by().values_list("community_id", flat=True).distinct()
            return User.objects.filter(pk__in=accounts_of(streets).values("user_id"))
        rows = super().offered(field, request)
        return organizations_for(rows) if field.name == "organization" else rows

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ["is_active"] if obj is None else ["is_active", *_PLACE]
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = list(super().get_fields(request, obj))
        if obj is None or self.may_edit(request, obj):
            return fields
        return [name for name in fields if name not in {"confirmed", "seen"}]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given, actor = form.cleaned_data, cast(User, request.user)
        if change:
            saved = correct_member(
                actor=actor,
                member_id=obj.pk,
                facts=form.facts(),
                expected=given["seen"] or None,
                confirmed=given["confirmed"],
            )
        else:
            saved = register_member(
                actor=actor,
                grid_id=given["grid"].pk,
                organization_id=given["organization"].pk,
                facts=form.facts(),
                confirmed=given["confirmed"],
            )
        obj.__dict__.update(saved.__dict__)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Whoever opens a record, its history included, has looked at it."""
        member = super().get_object(request, object_id, from_field)
        if member is not None:
            log_once_a_day(cast(User, request.user), AccessKind.OPENED, member)
        return member
