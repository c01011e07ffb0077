"""Pages of 居民骨干: list, one person with what they do (一人一档), entering and changing by the desk."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from grids.authority import runs_desk
from liangcheng.accounts.current import signed_in
from members.access import log_access
from members.choices import AccessKind, ContactKind
from members.contacts import save_contact
from members.dossier import sections
from members.filters import ContactFilterSet
from members.models import Building, ResidentContact, Team
from members.register_forms import ContactForm
from members.revealing import has_contacts, may_reveal
from members.views.acting import ActPage, edit_page, reveal_page
from members.views.common import BUILDING_ORDER, first, path_of, visible
from members.views.listing import RegisterPage, show_list

_CONTACTS = RegisterPage(
    ResidentContact,
    ContactFilterSet,
    "members/contact_list.html",
    ContactKind,
    order=("name_pinyin", "pk"),
    add="members:contact_add",
)


@login_required
def contact_list(request: HttpRequest) -> HttpResponse:
    return show_list(request, _CONTACTS)


@login_required
def contact_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's page; who opens it, is noted."""
    user = signed_in(request)
    contact = visible(user, ResidentContact, pk=pk)
    log_access(user, AccessKind.OPENED, contact)
    buildings, more = first(
        Building.objects.visible_to(user).active().filter(leader_contact=contact).order_by(*BUILDING_ORDER)
    )
    teams = Team.objects.visible_to(user).active().filter(people__contact=contact).distinct().order_by("name_pinyin")
    context = {
        "contact": contact,
        "path": path_of(contact),
        "skills": list(contact.skills.values_list("name", flat=True)),
        "buildings": buildings,
        "more_buildings": more,
        "teams": first(teams)[0],
        "sections": [
            {"title": each.title, "html": render_to_string(each.template, dict(each.context), request)}
            for each in sections(user, contact)
        ],
        "may_edit": runs_desk(user, contact) and not contact.erased_at,
        "may_reveal": has_contacts(contact) and may_reveal(user, contact),
    }
    return render(request, "members/contact_detail.html", context)


def _address(contact: Any) -> str:
    return reverse("members:contact_detail", args=[contact.pk])


def _save(user: Any, pk: int | None, values: dict[str, Any], seen: str | None) -> ResidentContact:
    return save_contact(actor=user, contact_id=pk, values=values, seen=seen)


@login_required
def contact_add(request: HttpRequest) -> HttpResponse:
    page = ActPage("登记居民骨干", "登记", reverse("members:contact_list"), "返回居民骨干")
    return edit_page(request, ContactForm, _save, None, page, _address)


@login_required
def contact_edit(request: HttpRequest, pk: int) -> HttpResponse:
    contact = visible(signed_in(request), ResidentContact, pk=pk)
    page = ActPage("修改登记", "保存", _address(contact), "返回", "打开本页会显示完整信息，已记入个人信息使用记录。")
    return edit_page(request, ContactForm, _save, contact, page, _address)


@login_required
def contact_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    contact = visible(signed_in(request), ResidentContact, pk=pk)
    return reveal_page(request, contact, "居民骨干", _address(contact))
