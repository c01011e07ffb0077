"""认领: a grid offers a case or a need to its people; who claims it gets it, first come first served.

The row of the offer is locked before anything else, so that of two who tap at once one is first. What a claim means
for the offer's case the floor above knows (members/casework.py).
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from grids.authority import runs_desk, works_at
from grids.models import Grid
from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.models import OutboxMessage
from liangcheng.common.text import normalize
from members.casework import casework
from members.choices import ClaimState, OfferKind, OfferState
from members.models import Claim, Offer, PartyMember, ResidentContact, Skill
from members.models.offers import MOST_PLACES
from members.roll import Individual, Ref, columns, own_people, ref_of, still_there
from members.services import Deed, record_service

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# Told to the people whom an offer is made to, by the floor that has the inbox.
TOPIC = "offer.notice"
_NO_RECORD = "您的账号没有关联党员或居民骨干的档案，请联系所在网格登记。"
_DESK_ONLY = "认领事项由所在网格的联络员、网格长、派遣员办理。"


@dataclass(frozen=True)
class Draft:
    """What an offer says. `grid_id`: whose people; `place_id`: where it is, if that is another grid."""

    kind: str
    title: str
    description: str
    grid_id: int
    closes_on: date
    places: int = 1
    skill_id: int | None = None
    place_id: int | None = None


def make_offer(*, actor: "User", draft: Draft, case_id: int | None = None) -> Offer:
    """Offer something to the people of a grid's subtree, and tell those who have an account.

    A case is offered by the floor above only, which has looked at the case (`case_id`).
    """
    values = _checked(draft, case_id)
    with transaction.atomic():
        grid = Grid.objects.visible_to(actor).active().filter(pk=draft.grid_id).order_by().first()
        if grid is None:
            raise InvalidInput("unknown_grid", "请选择您负责的网格。", field="grid")
        # A need is offered by whoever works with the people there; a case by its desk, which the floor above has asked.
        if not (works_at(actor, grid) if case_id is None else runs_desk(actor, grid)):
            raise NotPermitted("not_permitted", "认领事项由所在网格的网格员、联络员、网格长、派遣员发布。")
        offer = Offer(grid=grid, made_by=actor, case_id=case_id, place_id=draft.place_id, **values)
        offer._history_user = actor  # type: ignore[attr-defined]
        offer.save()
        OutboxMessage.objects.create(
            topic=TOPIC,
            key=f"{TOPIC}:{offer.pk}",
            community_id=offer.community_id,
            payload={"offer": offer.pk},
            run_at=now(),
            created_at=now(),
        )
    return offer


def claim(*, actor: "User", offer_id: int, person: Ref | None = None) -> Claim:
    """认领: by the actor for themselves, or by the desk for `person`. Twice by the same one is once.

    Where the case has gone on meanwhile, the offer ends and the claim is refused with the reason (offer_gone).
    Raises NotVisible, NotPermitted, DomainError (taken, offer_over, offer_gone, not_eligible).
    """
    with transaction.atomic():
        offer = _locked(actor, offer_id)
        who = _claimer(actor, offer, person)
        known = Claim.objects.filter(offer=offer, **columns(who)).first()
        if known is not None and known.state != ClaimState.GIVEN_UP:
            return known
        _check_free(offer)
        row = known or Claim(offer=offer, **columns(who))
        row.state, row.at, row.ended_at, row.entered_by = ClaimState.CLAIMED, now(), None, actor
        row.dispatched = False
        refusal = _take(offer, row)
        if refusal is None and _taken(offer) >= offer.places:
            _change(offer, state=OfferState.FILLED)
    if refusal is not None:
        raise refusal
    return row


def give_up(*, actor: "User", claim_id: int) -> Claim:
    """放弃认领, by the claimer or the desk; the place is free again. A case that is on their plate goes back first."""
    with transaction.atomic():
        row = _locked_claim(actor, claim_id)
        case = row.offer.case
        user_id = row.person.user_id
        theirs = user_id is not None and case is not None and case.is_open and case.assignee_id == user_id
        if row.dispatched and theirs:
            raise DomainError("on_the_plate", "案件已派到本人名下，请先在案件里退单或办结。")
        _finished(row, ClaimState.GIVEN_UP)
        if row.offer.state == OfferState.FILLED:
            _change(row.offer, state=OfferState.OPEN)
    return row


def finish(*, actor: "User", claim_id: int, deed: Deed, sure: bool = False) -> Claim:
    """完成: what was done becomes a 志愿服务 that the grid confirms."""
    with transaction.atomic():
        row = _locked_claim(actor, claim_id)
        offer = row.offer
        case = offer.case
        if row.dispatched and case is not None and case.is_open and case.assignee_id in (row.person.user_id, actor.pk):
            raise DomainError("on_the_plate", "案件已派到本人名下，请先在案件里办结，再登记完成。")
        record_service(
            actor=actor, people=[ref_of(row.person)], deed=deed, case_id=offer.case_id, offer=offer, sure=sure
        )
        _finished(row, ClaimState.DONE)
        if offer.state == OfferState.FILLED and not offer.claims.filter(state=ClaimState.CLAIMED).exists():
            _end(offer, "全部完成")
    return row


def close_offer(*, actor: "User", offer_id: int, reason: str) -> Offer:
    """结束 (somebody has claimed it) or 撤回 (nobody has), with the reason. Claims that run go on."""
    because = normalize(reason)
    if not because or len(because) > 100:
        raise InvalidInput("bad_reason", "请写明原因，100 字以内。", field="reason")
    with transaction.atomic():
        offer = _locked(actor, offer_id)
        if offer.made_by_id != actor.pk and not runs_desk(actor, offer):
            raise NotPermitted("not_permitted", _DESK_ONLY)
        if offer.is_over:
            raise DomainError("offer_over", f"这个事项{offer.get_state_display()}。")
        _end(offer, because, OfferState.CLOSED if _taken(offer) else OfferState.CANCELLED)
    return offer


def close_lapsed() -> int:
    """The clock's part: offers past their day, or whose case has ended. Returns how many."""
    done = 0
    for pk in list(Offer.objects.lapsed().order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            offer = Offer.objects.lapsed().filter(pk=pk).select_for_update(of=("self",)).order_by().first()
            if offer is not None:
                _end(offer, "案件已办结" if offer.case_id else "已过截止日期")
                done += 1
    return done


def fits(offer: Offer, person: Individual) -> bool:
    """Whether the offer is made to this person: in its subtree, with its skill."""
    here = offer.grid_id in person.path_ids().values()
    return here and (offer.skill_id is None or person.skills.filter(pk=offer.skill_id).exists())


def accounts_to_tell(offer: Offer) -> set[int]:
    """Ids of the accounts of those whom the offer is made to, without whoever made it."""
    found: set[int] = set()
    for model in (PartyMember, ResidentContact):
        people = model.objects.active().within(offer.grid).filter(user__is_active=True)
        if offer.skill_id:
            people = people.filter(skills=offer.skill_id)
        found.update(people.order_by().values_list("user_id", flat=True))
    return found - {offer.made_by_id}


def running_claims_of(user_id: int) -> str:
    """认领事项 2 项, claimed and not finished by somebody whose account ends; empty if there are none."""
    theirs = Q(member__user=user_id) | Q(contact__user=user_id)
    number = Claim.objects.filter(theirs, state=ClaimState.CLAIMED).count()
    return f"未完成的认领事项 {number} 项" if number else ""


# -- inside


def _checked(draft: Draft, case_id: int | None) -> dict[str, Any]:
    title, description = normalize(draft.title), normalize(draft.description)
    today = timezone.localdate(now())
    if draft.kind not in OfferKind.values:
        raise InvalidInput("unknown_kind", "请选择类别。", field="kind")
    if (draft.kind == OfferKind.CASE) != (case_id is not None):
        raise InvalidInput("case_offer", "请党员认领案件，请在案件页面办理。", field="kind")
    if not title or len(title) > 40:
        raise InvalidInput("bad_title", "请写一个标题，40 字以内。", field="title")
    if not description or len(description) > 500:
        raise InvalidInput("bad_description", "请写明要做什么，500 字以内。", field="description")
    if not 1 <= draft.places <= (1 if case_id else MOST_PLACES):
        raise InvalidInput("bad_places", f"名额请填 1–{MOST_PLACES}；案件只能由一位认领。", field="places")
    if not today <= draft.closes_on <= today.replace(year=today.year + 1, day=min(today.day, 28)):
        raise InvalidInput("bad_day", "截止日期请选今天以后、一年以内。", field="closes_on")
    if draft.skill_id and not Skill.objects.filter(pk=draft.skill_id, is_active=True).exists():
        raise InvalidInput("unknown_skill", "请在列出的特长中选择。", field="skill")
    return {
        "kind": draft.kind,
        "title": title,
        "description": description,
        "places": draft.places,
        "closes_on": draft.closes_on,
        "skill_id": draft.skill_id,
    }


def _locked(actor: "User", offer_id: int) -> Offer:
    """Locked, among what the actor's postings show them and what is offered to themselves."""
    mine = Q(pk__in=Offer.objects.open_to(own_people(actor)).order_by().values("pk"))
    seen = Q(pk__in=Offer.objects.visible_to(actor).order_by().values("pk"))
    offer = Offer.objects.filter(mine | seen, pk=offer_id).select_for_update(of=("self",)).order_by().first()
    if offer is None:
        raise NotVisible("没有找到这个认领事项，或不是面向您的。")
    return offer


def _claimer(actor: "User", offer: Offer, person: Ref | None) -> Individual:
    if person is None:
        mine = own_people(actor)
        if not mine:
            raise NotPermitted("no_record", _NO_RECORD)
        candidates = mine
    else:
        if not runs_desk(actor, offer):
            raise NotPermitted("not_permitted", _DESK_ONLY)
        model: Any = PartyMember if person.is_member else ResidentContact
        candidates = list(model.objects.visible_to(actor).active().filter(pk=person.pk))
    fitting = next((each for each in candidates if fits(offer, each)), None)
    who: Individual | None = still_there(type(fitting).objects.filter(pk=fitting.pk)) if fitting else None
    if who is None:
        raise DomainError("not_eligible", "不在这个事项面向的网格内，或没有需要的特长。", field="names")
    return who


def _check_free(offer: Offer) -> None:
    if offer.state == OfferState.FILLED or _taken(offer) >= offer.places:
        raise DomainError("taken", "已被认领：名额刚刚认满，下次请早。")
    if offer.is_over or offer.closes_on < timezone.localdate(now()):
        raise DomainError("offer_over", "这个事项已经结束，不能再认领。")


def _taken(offer: Offer) -> int:
    return offer.claims.active().count()


def _take(offer: Offer, row: Claim) -> DomainError | None:
    """Write the claim and let the case know. If the case will not have it, the offer ends: why, is the answer."""
    try:
        with transaction.atomic():
            row.save()
            if offer.case_id:
                casework().claimed(offer, row)
                row.save(update_fields=["dispatched"])
    except DomainError as refusal:
        _end(offer, refusal.message)
        return DomainError("offer_gone", f"这个事项不能认领了：{refusal.message}")
    return None


def _locked_claim(actor: "User", claim_id: int) -> Claim:
    """The offer first, as everywhere; then the claim, which must still run."""
    seen = Q(pk__in=Claim.objects.visible_to(actor).order_by().values("pk"))
    mine = Q(pk__in=Claim.objects.own(actor).order_by().values("pk"))
    offer_id = Claim.objects.filter(mine | seen, pk=claim_id).order_by().values_list("offer_id", flat=True).first()
    if offer_id is None:
        raise NotVisible
    offer = Offer.objects.select_for_update(of=("self",)).order_by().get(pk=offer_id)
    rows = Claim.objects.select_related("member", "contact").select_for_update(of=("self",))
    row = rows.order_by().get(pk=claim_id)
    row.offer = offer
    if row.person.user_id != actor.pk and not runs_desk(actor, offer):
        raise NotPermitted("not_permitted", "认领由本人或所在网格的联络员、网格长、派遣员办理。")
    if row.state != ClaimState.CLAIMED:
        raise DomainError("claim_over", f"这条认领{row.get_state_display()}，不能再办理。")
    return row


def _finished(row: Claim, state: ClaimState) -> None:
    row.state, row.ended_at = state, now()
    row.save(update_fields=["state", "ended_at"])


def _end(offer: Offer, because: str, state: OfferState = OfferState.CLOSED) -> None:
    _change(offer, state=state, ended_because=because[:100])


def _change(offer: Offer, **values: Any) -> None:
    for name, value in values.items():
        setattr(offer, name, value)
    offer.save(update_fields=[*values, "updated_at"])
