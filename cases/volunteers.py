"""请党员认领: a case's desk offers it to the people of its grids, and what a claim means for the case.

Who claims it and serves in the handling grid's subtree is given the case, by a dispatch of whoever made the offer;
whoever does not, helps: the case stays where it is and its history says so. Both only as long as the case runs and
whoever made the offer still answers for it. Confidential cases are never offered.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from django.db import transaction

from cases import inbox, workflow
from cases.assignment import assignable_users
from cases.choices import RUNNING_STATUSES, Status
from cases.models import Case
from cases.scoping import parties_of
from cases.transitions import LIAISON_UP
from grids.choices import KINDS, PATH_FIELD, RANK
from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.models import OutboxMessage
from liangcheng.common.text import MOBILE, normalize
from members.models import Claim, Offer
from members.offers import Draft, accounts_to_tell, make_offer

if TYPE_CHECKING:
    from django.db.models import QuerySet


def offer_case(*, actor: User, case_id: int, draft: Draft) -> Offer:
    """Offer a case that runs. What the offer says its maker types; it must not say who reported the case.

    Raises NotVisible, NotPermitted, InvalidInput, DomainError (confidential, case_over, offered_already).
    """
    with transaction.atomic():
        visible = Case.objects.visible_to(actor).select_for_update(of=("self",)).select_related(*workflow.LOADED)
        case = visible.filter(pk=case_id).order_by().first()
        if case is None:
            raise NotVisible
        if refused := refusal(case, actor):
            raise refused
        if case.offers.filter(state__in=("OPEN", "FILLED")).exists():
            raise DomainError("offered_already", "这个案件已在请人认领，不必再发。")
        _check_text(case, draft)
        if draft.grid_id not in {grid.pk for grid in grids_to_ask(case)}:
            raise InvalidInput("unknown_grid", "请在列出的网格中选择。", field="grid")
        offer = make_offer(actor=actor, draft=draft, case_id=case.pk)
        workflow.note(case_id=case.pk, actor=actor, text=f"请党员认领：{offer.title}。")
    return offer


def refusal(case: Case, user: User) -> DomainError | None:
    """Why this user may not offer this case now; None when they may."""
    if case.confidential:
        return DomainError("confidential", "保密案件不能请人认领。")
    if case.status not in RUNNING_STATUSES:
        return DomainError("case_over", f"案件现在是“{case.get_status_display()}”，不需要再请人认领。")
    if not parties_of(case, user) & LIAISON_UP:
        return NotPermitted("not_permitted", "请党员认领由负责网格的联络员、网格长、派遣员办理。")
    return None


def grids_to_ask(case: Case) -> list[Grid]:
    """Whose people may be asked: from the grid where the case was found up to the one that answers, in that order."""
    names = [PATH_FIELD[kind] for kind in reversed(KINDS) if RANK[kind] >= RANK[case.handling_level]]
    return [grid for name in names if (grid := getattr(case, name)) is not None]


def offers_of(case: Case) -> "QuerySet[Offer]":
    """The case's offers, the newest first, with how many have claimed them."""
    return case.offers.with_taken().select_related("grid", "skill").order_by("-pk")


def deliver(message: OutboxMessage) -> None:
    """Put a new offer into the inboxes of those whom it is made to, as long as it can be claimed."""
    offers = Offer.objects.claimable().select_related("grid", "place")
    offer = offers.filter(pk=message.payload["offer"]).order_by().first()
    if offer is not None:
        inbox.tell_offer(offer, accounts_to_tell(offer), f"可认领：{offer.title}（{offer.where}）")


class Volunteers:
    """What members/casework.py asks of this floor."""

    def find(self, user: User, number: str) -> int:
        """The id of the case of that number that the user may see. Raises InvalidInput (field `case_number`)."""
        known = number.isascii() and number.isalnum()
        rows = Case.objects.visible_to(user).filter(number=number).order_by("-pk").values_list("pk", flat=True)
        found = rows.first() if known else None
        if found is None:
            message = "没有这个案件编号，或不在您的网格范围内。"
            raise InvalidInput("unknown_case", message, field="case_number")
        return found

    def numbers(self, user: User, case_ids: Collection[int]) -> Mapping[int, str]:
        """Case id → number, of those that the user may see; no statement for none."""
        rows = Case.objects.visible_to(user).filter(pk__in=case_ids).order_by()
        return dict(rows.values_list("pk", "number")) if case_ids else {}

    def claimed(self, offer: Offer, claim: Claim) -> None:
        """Put the case on the claimer's plate or note their help, as the act of whoever made the offer."""
        case = (
            Case.objects.select_for_update(of=("self",)).select_related(*workflow.LOADED).order_by().get(offers=offer)
        )
        maker, person = User.objects.get(pk=offer.made_by_id), claim.person
        if not case.is_open or case.status not in RUNNING_STATUSES or case.confidential:
            raise DomainError("case_over", "案件已不需要协助。")
        waits = case.status == Status.PENDING and person.user_id is not None
        try:
            if waits and assignable_users(case).filter(pk=person.user_id).exists():
                text = f"认领事项“{offer.title}”，由其本人认领。"
                workflow.dispatch(case_id=case.pk, actor=maker, assignee_id=person.user_id, text=text)
                claim.dispatched = True
            else:
                # Neither name nor register: every reader of the case reads this, party membership only who may.
                text = f"由志愿者认领协助：{offer.title}。"
                workflow.note(case_id=case.pk, actor=maker, text=text, claim_id=claim.pk)
        except (NotVisible, NotPermitted) as error:
            raise DomainError("maker_gone", "发布人现在不能派遣这个案件。") from error


def _check_text(case: Case, draft: Draft) -> None:
    """Whom the offer is made to does not see the case: nor, from its text, who reported it."""
    text = normalize(f"{draft.title}\n{draft.description}")
    told = [case.reporter_phone, case.reporter_name if len(case.reporter_name) > 1 else ""]
    if MOBILE.search(text) or any(word and word in text for word in told):
        raise InvalidInput("names_reporter", "说明里有反映人的姓名或电话号码，请删去。", field="description")
