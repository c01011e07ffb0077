"""底册: every register and page of work with people, with the numbers of the user's scope."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from liangcheng.accounts.current import signed_in
from members import units
from members.figures import numbers


@dataclass(frozen=True)
class Tile:
    label: str
    url: str
    icon: str
    number: int | None = None
    detail: str = ""


_REGISTERS = (
    ("成员单位", "unit_list", "building-2", "unit"),
    ("楼栋", "building_list", "house", "building"),
    ("党组织", "organization_list", "star", "organization"),
    ("党员", "member_list", "users", "member"),
    ("居民骨干", "contact_list", "contact", "contact"),
    ("队伍", "team_list", "flag", "team"),
    ("阵地", "venue_list", "map-pin-house", "venue"),
)
# Built on other floors or in parts that an installation may lack.
_WORK = (
    ("网格覆盖", "coverage", "clipboard-check"),
    ("双报到", "registration_list", "user-check"),
    ("志愿服务", "service_list", "heart-handshake"),
    ("认领", "offer_list", "hand-heart"),
    ("登高计划", "climb", "mountain"),
)


@login_required
def registers(request: HttpRequest) -> HttpResponse:
    """Two statements for all numbers, at any size of the scope."""
    user = signed_in(request)
    found = numbers(user)
    shown = [Tile(label, _url(name), icon, found[key]) for label, name, icon, key in _REGISTERS]
    work = [Tile(label, _url(name), icon) for label, name, icon in _WORK]
    waiting = units.waiting_for(user).order_by().count()
    work.append(Tile("自荐网格长", _url("nomination_list"), "award", waiting, "待办"))
    context = {
        "registers": [t for t in shown if t.url],
        "work": [t for t in work if t.url],
        "main": found["venue.main"],
    }
    return render(request, "members/registers.html", context)


def _url(name: str) -> str:
    try:
        return reverse(f"members:{name}")
    except NoReverseMatch:
        return ""
