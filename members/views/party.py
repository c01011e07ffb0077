"""Pages of party organizations and members."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from grids.models import Grid
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from members.access import keeps_members, reads_members
from members.choices import MemberKind, OrganizationKind
from members.filters import MemberFilterSet, OrganizationFilterSet
from members.models import PartyMember, PartyOrganization, Skill, Team, Transfer
from members.revealing import has_contacts, may_reveal
from members.views.acting import reveal_page
from members.views.common import by_kind, first, path_of, sees, visible
from members.views.listing import RegisterPage, show_list

_ORGANIZATIONS = RegisterPage(
    PartyOrganization,
    OrganizationFilterSet,
    "members/organization_list.html",
    OrganizationKind,
    related=("grid", "parent"),
    order=("grid__code", "name", "pk"),
    name="organization",
)


def _member_list_context(user: User) -> dict[str, Any]:
    """What the filters offer, what the user may do, and how many transfers wait for them: four statements."""
    return {
        "organizations": PartyOrganization.objects.visible_to(user).active().order_by("grid__code", "kind", "name"),
        "skills": Skill.objects.filter(is_active=True),
        "keeps": keeps_members(user),
        "reads": reads_members(user),
        "transfers_waiting": Transfer.objects.awaiting(user).count() if keeps_members(user) else 0,
    }


_MEMBERS = RegisterPage(
    PartyMember,
    MemberFilterSet,
    "members/member_list.html",
    MemberKind,
    related=("grid", "organization", "unit"),
    order=("name_pinyin", "pk"),
    carried=("unit",),
    name="member",
    controls=("organization", "skill", "serves", "no_unit"),
    more=_member_list_context,
)


@login_required
def organization_list(request: HttpRequest) -> HttpResponse:
    return show_list(request, _ORGANIZATIONS)


@login_required
def organization_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    organization = visible(user, PartyOrganization, "parent__parent__parent", "unit", pk=pk)
    children, more = first(
        PartyOrganization.objects.visible_to(user).active().filter(parent=organization).order_by("name", "pk")
    )
    led_grids = Grid.objects.visible_to(user).active().filter(lead_organization=organization).in_tree_order()
    led_teams = Team.objects.visible_to(user).active().filter(lead_organization=organization).order_by("name_pinyin")
    context = {
        "organization": organization,
        "path": path_of(organization),
        "above": [(each, sees(user, each)) for each in organization.above()],
        "sees_unit": sees(user, organization.unit),
        "led_grids": first(led_grids)[0],
        "led_teams": first(led_teams)[0],
        "may_reveal": has_contacts(organization) and may_reveal(user, organization),
        "children": children,
        "more_children": more,
        "member_counts": by_kind(
            PartyMember.objects.countable_by(user).active().of_organization(organization.pk), MemberKind.choices
        ),
        "members_query": f"organization={organization.pk}",
    }
    return render(request, "members/organization_detail.html", context)


@login_required
def organization_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    organization = visible(signed_in(request), PartyOrganization, pk=pk)
    back = reverse("members:organization_detail", args=[pk])
    return reveal_page(request, organization, "党组织联系人", back)


@login_required
def member_list(request: HttpRequest) -> HttpResponse:
    return show_list(request, _MEMBERS)
