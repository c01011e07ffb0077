"""Pages of party organizations and members."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from grids.models import Grid
from liangcheng.accounts.current import signed_in
from members.choices import MemberKind, OrganizationKind
from members.filters import MemberFilterSet, OrganizationFilterSet
from members.models import PartyMember, PartyOrganization, Team
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
_MEMBERS = RegisterPage(
    PartyMember,
    MemberFilterSet,
    "members/member_list.html",
    MemberKind,
    related=("grid", "organization", "unit"),
    order=("name_pinyin", "pk"),
    carried=("organization", "unit"),
    name="member",
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
            PartyMember.objects.countable_by(user).active().filter(organization=organization), MemberKind.choices
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


@login_required
def member_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    member = visible(user, PartyMember, "organization", "unit", pk=pk)
    context = {
        "member": member,
        "path": path_of(member),
        "skills": list(member.skills.values_list("name", flat=True)),
        "sees_organization": sees(user, member.organization),
        "sees_unit": sees(user, member.unit),
    }
    return render(request, "members/member_detail.html", context)
