"""认领: what I can claim and have claimed; what our grid offers, and who took it on."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from grids.authority import runs_desk, works_at, works_condition
from grids.models import Grid
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.paging import with_params
from liangcheng.common.web import refuse
from members import offers
from members.casework import casework
from members.choices import ClaimState, OfferState
from members.models import Claim, Offer
from members.offer_forms import NameForm, OfferForm
from members.roll import named, own_people
from members.service_forms import DeedForm, ReasonForm

PAGE_SIZE = 20
# What is offered to one person at a time; beyond that the newest.
_MOST = 50


@login_required
def offer_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    people = own_people(user)
    mine = list(
        Claim.objects.own(user).select_related("offer__grid", "offer__place", "offer__skill").order_by("-at")[:_MOST]
    )
    claimed = {claim.offer_id for claim in mine if claim.state != ClaimState.GIVEN_UP}
    state = request.GET.get("state", "")
    ours = Offer.objects.visible_to(user).with_taken().select_related("grid", "place", "skill")
    if state in OfferState.values:
        ours = ours.filter(state=state)
    page = Paginator(ours.order_by("-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "people": people,
        "free": [offer for offer in _open_to(people) if offer.pk not in claimed and offer.taken < offer.places],
        "mine": mine,
        "page": page,
        "newer": with_params(request.GET, page=page.previous_page_number()) if page.has_previous() else "",
        "older": with_params(request.GET, page=page.next_page_number()) if page.has_next() else "",
        "chips": _state_chips(request),
        "serves": Grid.objects.visible_to(user).exists(),
        "keeps": works_at(user),
    }
    return render(request, "members/offer_list.html", context)


def _open_to(people: list[Any]) -> list[Any]:
    if not people:
        return []
    rows = Offer.objects.claimable().open_to(people).with_taken().select_related("grid", "place", "skill")
    return list(rows.order_by("closes_on", "pk")[:_MOST])


def _state_chips(request: HttpRequest) -> list[tuple[str, str, bool]]:
    chosen = request.GET.get("state", "")
    rest = request.GET.copy()
    for name in ("page", "state"):
        rest.pop(name, None)
    chips = [("全部", with_params(rest), chosen not in OfferState.values)]
    return chips + [(label, with_params(rest, state=value), value == chosen) for value, label in OfferState.choices]


@login_required
def offer_new(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not works_at(user):
        return refuse(request, NotPermitted("not_permitted", "认领事项由网格的网格员、联络员、网格长、派遣员发布。"))
    grids = Grid.objects.filter(works_condition(user)).active().in_tree_order()
    form = OfferForm(request.POST or None, grids=grids)
    if form.is_valid():
        try:
            offer = offers.make_offer(actor=user, draft=form.draft())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "已发布，符合条件且有账号的人员会收到消息。")
            return redirect("members:offer_detail", offer.pk)
    return render(request, "members/offer_new.html", {"form": form})


@login_required
def offer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    return _show(request, user, _reachable(user, pk))


def _reachable(user: User, pk: int) -> Offer:
    """Within the user's postings, offered to themselves, or claimed by them. Raises Http404."""
    if pk >= 2**63:
        raise Http404
    rows = Offer.objects.with_taken().select_related("grid", "place", "skill", "made_by").order_by()
    offer = rows.filter(pk__in=Offer.objects.visible_to(user).values("pk"), pk=pk).first()
    if offer is None:
        offered = Offer.objects.open_to(own_people(user)).values("pk")
        claimed = Claim.objects.own(user).values("offer_id")
        offer = rows.filter(pk=pk, pk__in=offered).first() or rows.filter(pk=pk, pk__in=claimed).first()
    if offer is None:
        raise Http404
    return offer


def _show(request: HttpRequest, user: User, offer: Offer, **forms: Any) -> HttpResponse:
    desk = runs_desk(user, offer)
    own_claim = Claim.objects.own(user).filter(offer=offer).exclude(state=ClaimState.GIVEN_UP).first()
    open_now = Offer.objects.claimable().filter(pk=offer.pk).exists()
    free = open_now and offer.taken < offer.places  # type: ignore[attr-defined]
    seen = Claim.objects.visible_to(user).filter(offer=offer).select_related("member", "contact", "entered_by")
    claims = list(seen.order_by("pk")) if desk else []
    context = {
        "offer": offer,
        "open_now": open_now,
        "free": free,
        "own_claim": own_claim,
        "may_claim": free and own_claim is None and any(offers.fits(offer, each) for each in own_people(user)),
        "desk": desk,
        "may_close": desk or offer.made_by_id == user.pk,
        "claims": claims,
        "hidden": offer.claims.count() - len(claims) if desk else 0,
        "name_form": NameForm(),
        "reason_form": ReasonForm(),
        "number": casework().numbers(user, [offer.case_id]).get(offer.case_id, "") if offer.case_id else "",
    } | forms
    return render(request, "members/offer_detail.html", context)


@login_required
@require_POST
def offer_claim(request: HttpRequest, pk: int) -> HttpResponse:
    """For oneself."""
    user = signed_in(request)
    try:
        claim = offers.claim(actor=user, offer_id=pk)
    except NotVisible:
        raise Http404 from None
    except DomainError as error:
        return refuse(request, error, retry="/offers/", retry_label="看看其他事项")
    word = "案件已派到您名下，请在“案件”里办理。" if claim.dispatched else "完成后请回来登记服务情况。"
    messages.success(request, f"认领成功。{word}")
    return redirect("members:offer_detail", pk)


@login_required
@require_POST
def offer_enter(request: HttpRequest, pk: int) -> HttpResponse:
    """The desk writes down who claimed it."""
    user = signed_in(request)
    offer = _reachable(user, pk)
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            refs = named(user, form.cleaned_data["names"])
            if len(refs) > 1:
                raise InvalidInput("one_by_one", "请一次登记一位。", field="names")
            offers.claim(actor=user, offer_id=pk, person=refs[0])
        except NotPermitted as error:
            return refuse(request, error)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "已登记认领。")
            return redirect("members:offer_detail", pk)
    return _show(request, user, _reachable(user, offer.pk), name_form=form)


@login_required
@require_POST
def offer_close(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    offer = _reachable(user, pk)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            offers.close_offer(actor=user, offer_id=pk, reason=form.cleaned_data["reason"])
        except NotPermitted as error:
            return refuse(request, error)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "已结束。")
            return redirect("members:offer_detail", pk)
    return _show(request, user, offer, reason_form=form)


def _claim(user: User, pk: int) -> Claim:
    """One's own, or one that the user's desk may read. Raises Http404."""
    if pk >= 2**63:
        raise Http404
    own, seen = (rows.order_by().values("pk") for rows in (Claim.objects.own(user), Claim.objects.visible_to(user)))
    rows = Claim.objects.select_related("offer__grid", "offer__place", "member", "contact").filter(pk=pk).order_by()
    claim = rows.filter(pk__in=own).first() or rows.filter(pk__in=seen).first()
    if claim is None:
        raise Http404
    return claim


@login_required
def claim_finish(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    claim = _claim(user, pk)
    form = DeedForm(request.POST or None, initial={"what": claim.offer.title})
    if form.is_valid():
        try:
            offers.finish(actor=user, claim_id=pk, deed=form.deed(), sure=form.cleaned_data["sure"])
        except NotPermitted as error:
            return refuse(request, error)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "已登记完成，服务时长待所在网格确认。")
            return redirect("members:offer_detail", claim.offer_id)
    return render(request, "members/claim_finish.html", {"claim": claim, "form": form})


@login_required
@require_POST
def claim_give_up(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    claim = _claim(user, pk)
    try:
        offers.give_up(actor=user, claim_id=pk)
    except DomainError as error:
        return refuse(request, error)
    messages.success(request, "已放弃认领，名额已空出。")
    return redirect("members:offer_list" if claim.person.user_id == user.pk else f"/offers/{claim.offer_id}/")
