"""队伍 and 阵地 in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from liangcheng.common.admin_base import FollowsParent
from liangcheng.common.exceptions import DomainError
from liangcheng.common.text import mask_name, mask_phone
from members.admin.base import DeskAdmin
from members.models import PartyMember, ResidentContact, Team, TeamMember, Venue
from members.teams import save_team
from members.venues import main_venue, save_venue, set_main_venue


class TeamMemberInline(FollowsParent, admin.TabularInline):
    """Rows that name a party member are shown to those only who may read members."""

    model = TeamMember
    extra = 0
    fields = ["member", "contact", "is_leader", "duty"]
    autocomplete_fields = ["member", "contact"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[TeamMember]":
        members = PartyMember.objects.visible_to(request.user).order_by().values("pk")
        contacts = ResidentContact.objects.visible_to(request.user).order_by().values("pk")
        rows: QuerySet[TeamMember] = super().get_queryset(request)  # type: ignore[misc]
        return rows.select_related("member", "contact").filter(Q(member__in=members) | Q(contact__in=contacts))


@admin.register(Team)
class TeamAdmin(DeskAdmin):
    list_display = ["name", "kind", "grid", "lead_organization", "is_active"]
    list_select_related = ["grid", "lead_organization"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "name_pinyin"]
    autocomplete_fields = ["grid", "lead_organization"]
    fields = ["name", "kind", "grid", "lead_organization", "duties", "founded_on", "note", "is_active"]
    inlines = [TeamMemberInline]

    def keep(self, **given: Any) -> Any:
        return save_team(actor=given["actor"], team_id=given["row_id"], values=given["values"])


@admin.register(Venue)
class VenueAdmin(DeskAdmin):
    list_display = ["name", "kind", "is_main", "grid", "address", "is_active"]
    list_filter = ["kind", "is_main", "is_active"]
    search_fields = ["name", "name_pinyin"]
    autocomplete_fields = ["grid", "unit"]
    readonly_fields = ["is_main"]
    fields = [
        "name",
        "kind",
        "is_main",
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
    masked = {"contact_name": "masked_name", "contact_phone": "masked_phone"}
    actions = ["make_main"]

    def keep(self, **given: Any) -> Any:
        return save_venue(actor=given["actor"], venue_id=given["row_id"], values=given["values"])

    @admin.display(description="联系人")
    def masked_name(self, venue: Venue) -> str:
        return mask_name(venue.contact_name)

    @admin.display(description="联系电话")
    def masked_phone(self, venue: Venue) -> str:
        return mask_phone(venue.contact_phone)

    @admin.action(description="设为主阵地（替换原来的）")
    def make_main(self, request: HttpRequest, queryset: "QuerySet[Venue]") -> None:
        """One per 居民区: two chosen of the same 居民区 would replace each other, so that is refused."""
        chosen = list(queryset)
        if len({venue.neighborhood_id for venue in chosen}) < len(chosen):
            self.message_user(request, "每个居民区只能选一处，请重新勾选。", messages.ERROR)
            return
        user: Any = request.user
        for venue in chosen:
            old = main_venue(venue.neighborhood_id)
            try:
                set_main_venue(actor=user, venue_id=venue.pk, replaces=old.pk if old else None)
            except DomainError as error:
                self.message_user(request, f"{venue}：{error.message}", messages.ERROR)
            else:
                self.message_user(request, f"“{venue}”已设为主阵地。", messages.SUCCESS)
