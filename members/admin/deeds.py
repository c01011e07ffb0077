"""志愿服务, 认领事项, 认领记录: written by the rules, read here. 登高项目 and 特长 are kept by the office."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from grids.models import Grid
from liangcheng.common.admin_base import OfficeAdmin, ReadOnlyAdmin, office_communities
from members.models import Claim, ClimbEntry, ClimbItem, Offer, ServiceRecord, Skill


class _OfPerson(ReadOnlyAdmin):
    @admin.display(description="姓名")
    def masked_person(self, row: Any) -> str:
        return str(row.person.masked_name)


@admin.register(ServiceRecord)
class ServiceRecordAdmin(_OfPerson):
    list_display = ["on", "masked_person", "kind", "hours", "grid", "state", "confirmed_by"]
    list_select_related = ["member", "contact", "grid", "confirmed_by"]
    list_filter = ["state", "kind", "on"]
    search_fields = ["what"]
    search_help_text = "按服务内容查找"
    fields = [
        *("masked_person", "on", "hours", "kind", "what", "grid", "case", "offer", "state", "reason"),
        *("entered_by", "created_at", "confirmed_by", "confirmed_at"),
    ]
    readonly_fields = ["masked_person", "entered_by", "created_at", "confirmed_by", "confirmed_at"]

    def secret_fields(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        return frozenset({"member", "contact"})


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    list_display = ["title", "kind", "grid", "skill", "places", "closes_on", "state", "made_by"]
    list_select_related = ["grid", "skill", "made_by"]
    list_filter = ["state", "kind"]
    search_fields = ["title", "description"]
    search_help_text = "按标题或说明查找"
    fields = [
        *("kind", "title", "description", "grid", "place", "skill", "places", "closes_on", "state", "ended_because"),
        *("made_by", "created_at"),
    ]
    readonly_fields = ["made_by", "created_at"]


@admin.register(Claim)
class ClaimAdmin(_OfPerson):
    list_display = ["offer", "masked_person", "state", "at", "dispatched", "entered_by"]
    list_select_related = ["offer", "member", "contact", "entered_by"]
    list_filter = ["state", "at"]
    search_fields = ["offer__title"]
    search_help_text = "按事项标题查找"
    fields = ["offer", "masked_person", "state", "at", "dispatched", "entered_by", "ended_at"]
    readonly_fields = ["masked_person", "dispatched", "entered_by", "ended_at"]

    def secret_fields(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        return frozenset({"member", "contact"})


@admin.register(ClimbEntry)
class ClimbEntryAdmin(ReadOnlyAdmin):
    list_display = ["masked_member", "item_name", "level", "reached_on", "by", "is_active"]
    list_select_related = ["member", "item", "by"]
    list_filter = ["item", "is_active"]
    search_fields = ["title"]
    search_help_text = "按自选项目查找"
    fields = ["masked_member", "item", "title", "level", "reached_on", "note", "by", "is_active"]
    readonly_fields = ["masked_member", "by"]

    def secret_fields(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        return frozenset({"member"})

    @admin.display(description="项目")
    def item_name(self, entry: ClimbEntry) -> str:
        return entry.name

    @admin.display(description="姓名")
    def masked_member(self, entry: ClimbEntry) -> str:
        return entry.member.masked_name


@admin.register(ClimbItem)
class ClimbItemAdmin(OfficeAdmin):
    """The seven items: names, what each step means. Retired by “在用”."""

    list_display = ["position", "name", "steps", "description", "assumed", "is_active"]
    list_display_links = ["position", "name"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    search_help_text = "按名称查找"
    fields = ["community", "position", "name", "description", "steps", "meanings", "assumed", "is_active"]

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        streets = office_communities(request.user)
        return rows if streets is None else rows.filter(community_id__in=streets)

    def offered(self, field: Any, request: HttpRequest) -> "QuerySet[Any]":
        if field.remote_field.model is Grid:
            streets = office_communities(request.user)
            rows = Grid.objects.filter(parent=None)
            return rows if streets is None else rows.filter(pk__in=streets)
        return super().offered(field, request)


@admin.register(Skill)
class SkillAdmin(OfficeAdmin):
    """特长 that members and contacts have and that offers ask for. Shared by all streets; retired by “在用”."""

    list_display = ["name", "position", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    search_help_text = "按名称查找"
    fields = ["name", "position", "is_active"]
