"""Pages of buildings: the address book, and who answers for each."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from grids.authority import runs_desk
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import NotPermitted
from liangcheng.common.web import refuse
from members.filters import BuildingFilterSet
from members.keeping import seen_of
from members.leaders import neighbours, set_building_leader
from members.models import Building, PartyMember, ResidentContact
from members.register_forms import LeaderForm
from members.views.acting import ActPage, done, perform
from members.views.choosing import candidates
from members.views.common import BUILDING_ORDER, path_of, sees, visible
from members.views.listing import RegisterPage, show_list

_BUILDINGS = RegisterPage(
    Building,
    BuildingFilterSet,
    "members/building_list.html",
    related=("grid", "unit"),
    order=BUILDING_ORDER,
    carried=("unit",),
    name="building",
)


@login_required
def building_list(request: HttpRequest) -> HttpResponse:
    return show_list(request, _BUILDINGS)


@login_required
def building_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    building = visible(user, Building, "unit", "leader_contact", pk=pk)
    member = PartyMember.objects.visible_to(user).filter(pk=building.leader_member_id).order_by().first()
    context = {
        "building": building,
        "path": path_of(building),
        "sees_unit": sees(user, building.unit),
        "aliases": list(building.aliases.all()),
        # Who the party member is, only readers of members see; others, that there is somebody.
        "leader_member": member,
        "sees_contact": sees(user, building.leader_contact),
        "may_lead": runs_desk(user, building),
    }
    return render(request, "members/building_detail.html", context)


@login_required
def building_leader(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the 楼组长 among the members (with the right to read them) and contacts of the 居民区; or nobody."""
    user = signed_in(request)
    building = visible(user, Building, pk=pk)
    back = reverse("members:building_detail", args=[building.pk])
    if not runs_desk(user, building):
        error = NotPermitted("not_permitted", "楼组长由本网格或上级网格的网格长、联络员、派遣员设定。")
        return refuse(request, error, retry=back, retry_label="返回楼栋")
    page = ActPage("设定楼组长", "保存", back, f"返回{building.name}", template="members/choose.html")
    form = LeaderForm(request.POST if request.method == "POST" else None, initial={"seen": seen_of(building)})
    form.instance = building

    def act(form: LeaderForm) -> HttpResponse:
        set_building_leader(actor=user, building_id=building.pk, **form.inputs())
        return done(request, "楼组长已保存。", back)

    near = neighbours(building)
    found = candidates(
        user, request.GET.get("q", ""), PartyMember.objects.filter(near), ResidentContact.objects.filter(near)
    )
    chosen = _chosen(building)
    return perform(request, form, page, act, found=found, chosen=form["person"].value() or chosen, nobody=True)


def _chosen(building: Building) -> str:
    if building.leader_member_id:
        return f"member-{building.leader_member_id}"
    return f"contact-{building.leader_contact_id}" if building.leader_contact_id else ""
