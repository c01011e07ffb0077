"""Pages of teams: list, one team with its people, entering and changing by the desk."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from grids.authority import runs_desk
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.web import refuse
from members.choices import TeamKind
from members.filters import TeamFilterSet
from members.models import PartyMember, ResidentContact, Team, TeamMember
from members.register_forms import TeamForm, TeamPersonForm
from members.teams import put_in_team, save_team, take_out_of_team
from members.views.acting import ActPage, done, edit_page, perform
from members.views.choosing import candidates
from members.views.common import path_of, sees, visible
from members.views.listing import RegisterPage, show_list

_TEAMS = RegisterPage(
    Team,
    TeamFilterSet,
    "members/team_list.html",
    TeamKind,
    related=("grid", "lead_organization"),
    order=("grid__code", "name_pinyin", "pk"),
    add="members:team_add",
)
# People of a team that its page names; a 志愿队 may have hundreds.
_SHOWN = 100


@login_required
def team_list(request: HttpRequest) -> HttpResponse:
    return show_list(request, _TEAMS)


@login_required
def team_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    team = visible(user, Team, "lead_organization", pk=pk)
    context = {
        "team": team,
        "path": path_of(team),
        "sees_organization": sees(user, team.lead_organization),
        "may_edit": runs_desk(user, team),
        **_people(user, team),
    }
    return render(request, "members/team_detail.html", context)


def _people(user: User, team: Team) -> dict[str, Any]:
    """Whom the user may see by (masked) name; of the others only how many there are."""
    rows = list(team.people.select_related("member", "contact").order_by("-is_leader", "pk"))
    members = {row.member_id for row in rows if row.member_id}
    contacts = {row.contact_id for row in rows if row.contact_id}
    seen_members = _ids(PartyMember, user, members)
    seen_contacts = _ids(ResidentContact, user, contacts)
    shown = [row for row in rows if row.member_id in seen_members or row.contact_id in seen_contacts]
    return {
        "rows": shown[:_SHOWN],
        "more_rows": len(shown) > _SHOWN,
        "size": len(rows),
        "unnamed_members": len(members - seen_members),
        "unnamed_contacts": len(contacts - seen_contacts),
    }


def _ids(model: Any, user: User, ids: set[int]) -> set[int]:
    if not ids:
        return set()
    return set(model.objects.visible_to(user).filter(pk__in=ids).order_by().values_list("pk", flat=True))


def _address(team: Any) -> str:
    return reverse("members:team_detail", args=[team.pk])


def _save(user: Any, pk: int | None, values: dict[str, Any], seen: str | None) -> Team:
    return save_team(actor=user, team_id=pk, values=values, seen=seen)


@login_required
def team_add(request: HttpRequest) -> HttpResponse:
    page = ActPage("登记队伍", "登记", reverse("members:team_list"), "返回队伍")
    return edit_page(request, TeamForm, _save, None, page, _address)


@login_required
def team_edit(request: HttpRequest, pk: int) -> HttpResponse:
    team = visible(signed_in(request), Team, pk=pk)
    page = ActPage("修改队伍", "保存", _address(team), f"返回{team.name}")
    return edit_page(request, TeamForm, _save, team, page, _address)


@login_required
def team_people(request: HttpRequest, pk: int) -> HttpResponse:
    """Put somebody in: searched among the members (with the right to read them) and contacts of the team's grid."""
    user = signed_in(request)
    team = visible(user, Team, pk=pk)
    page = ActPage("添加队员", "加入队伍", _address(team), f"返回{team.name}", template="members/choose.html")
    if not runs_desk(user, team):
        error = NotPermitted("not_permitted", "队员由本网格或上级网格的网格长、联络员、派遣员登记。")
        return refuse(request, error, retry=page.back, retry_label="返回队伍")
    form = TeamPersonForm(request.POST if request.method == "POST" else None)

    def act(form: TeamPersonForm) -> HttpResponse:
        put_in_team(actor=user, team_id=team.pk, **form.inputs())
        return done(request, "队员已加入。", _address(team))

    here = TeamMember.objects.filter(team=team).order_by()
    found = candidates(
        user,
        request.GET.get("q", ""),
        PartyMember.objects.within(team.grid).exclude(pk__in=here.filter(member__isnull=False).values("member_id")),
        ResidentContact.objects.within(team.grid).exclude(
            pk__in=here.filter(contact__isnull=False).values("contact_id")
        ),
    )
    return perform(request, form, page, act, found=found, chosen=form["person"].value())


@login_required
@require_POST
def team_take_out(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    user = signed_in(request)
    team = visible(user, Team, pk=pk)
    try:
        take_out_of_team(actor=user, team_id=team.pk, row_id=row)
    except DomainError as error:
        return refuse(request, error, retry=_address(team), retry_label="返回队伍")
    return done(request, "已移出队伍。", _address(team))
