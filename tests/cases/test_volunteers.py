"""请党员认领: what is offered of a case, what a claim does to it, and what nobody learns by it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from cases import workflow
from cases.choices import Act, Status
from cases.models import Case, CaseEvent
from cases.volunteers import offer_case, offers_of
from grids.models import Posting
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from members import offers
from members.choices import OfferState
from members.models import Claim, Offer, PartyMember, ServiceRecord
from members.offers import Draft
from members.services import Deed
from tests import factories
from tests.cases.web import browser, stray_english
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def folk(people: People, tree: Tree) -> People:
    """A case of 文苑一微1; the officer of 微2 is a member, and so is somebody with an account and no posting."""
    factories.category("0201")
    branch = factories.organization(tree.wenyuan1)
    people.ann = factories.user("ann")
    factories.member(tree.micro, branch, "欧阳明日", user=people.ann)
    factories.member(tree.micro2, branch, "郑网格", user=people.officer2)
    people.case = factories.case(
        people.officer,
        tree.micro,
        reporter_name="王小明",
        reporter_phone="13000001234",
        description="301室王小明家漏水。",
    )
    assert people.case.handling_grid == tree.wenyuan1
    return people


def draft(grid, **more) -> Draft:
    values = {
        "kind": "CASE",
        "title": "楼道渗水，请党员协助",
        "description": "请有空的党员上门看看。",
        "closes_on": timezone.localdate() + timedelta(days=5),
    }
    return Draft(**(values | {"grid_id": grid.pk} | more))


def made(folk: People, tree: Tree, **more) -> Offer:
    return offer_case(actor=folk.liaison, case_id=folk.case.pk, draft=draft(tree.wenyuan1, **more))


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


class TestOffering:
    def test_by_the_cases_desk(self, folk: People, tree: Tree):
        for stranger in (folk.stranger, folk.far_stranger, folk.ann):
            with pytest.raises(NotVisible):
                offer_case(actor=stranger, case_id=folk.case.pk, draft=draft(tree.wenyuan1))
        for actor in (folk.officer, folk.viewer, folk.inspector):
            with pytest.raises(NotPermitted):
                offer_case(actor=actor, case_id=folk.case.pk, draft=draft(tree.wenyuan1))
        with pytest.raises(InvalidInput):
            made(folk, tree, grid_id=tree.area.pk)
        offer = made(folk, tree)
        assert offers_of(folk.case).get() == offer
        assert CaseEvent.objects.filter(case=folk.case, act=Act.NOTE, text__contains="请党员认领").exists()
        with pytest.raises(DomainError, match="已在请人认领"):
            made(folk, tree)

    def test_neither_confidential_nor_done(self, folk: People, tree: Tree):
        for change in ({"confidential": True}, {"status": Status.RESOLVED}, {"status": Status.CLOSED}):
            Case.objects.filter(pk=folk.case.pk).update(**({"confidential": False} | change))
            with pytest.raises(DomainError):
                made(folk, tree)
        assert not Offer.objects.exists()

    @pytest.mark.parametrize("text", ["王小明家漏水", "联系 13000001234", "联系１３００００００００９"])
    def test_the_text_does_not_say_who_reported_it(self, folk: People, tree: Tree, text: str):
        with pytest.raises(InvalidInput, match="反映人"):
            made(folk, tree, description=text)


class TestClaiming:
    def test_who_serves_there_is_given_the_case(self, folk: People, tree: Tree):
        offer = made(folk, tree)
        claim = offers.claim(actor=folk.officer2, offer_id=offer.pk)
        case = fresh(folk.case)
        assert (claim.dispatched, case.status, case.assignee) == (True, Status.DISPATCHED, folk.officer2)
        event = case.events.order_by("-pk").first()
        assert (event.act, event.actor) == (Act.DISPATCH, folk.liaison)
        # Whether somebody is a party member is not for the case's history.
        assert "党员" not in event.text.replace(offer.title, "")
        with pytest.raises(DomainError, match="已派到本人名下"):
            offers.give_up(actor=folk.officer2, claim_id=claim.pk)
        workflow.return_(case_id=case.pk, actor=folk.officer2, reason="NOT_MINE", text="办不了。")
        offers.give_up(actor=folk.officer2, claim_id=claim.pk)
        # And free again: the next one helps.
        Claim.objects.filter(pk=claim.pk).update(state="CLAIMED")
        PartyMember.objects.filter(user=folk.officer2).update(user=None)
        # Neither the case nor the record names an account: that is nobody's plate.
        assert offers.give_up(actor=folk.liaison, claim_id=claim.pk).state == "GIVEN_UP"
        assert not offers.claim(actor=folk.ann, offer_id=offer.pk).dispatched

    def test_who_does_not_serve_there_helps(self, folk: People, tree: Tree):
        offer = made(folk, tree)
        claim = offers.claim(actor=folk.ann, offer_id=offer.pk)
        case = fresh(folk.case)
        assert (claim.dispatched, case.status, case.assignee) == (False, Status.PENDING, None)
        note = case.events.order_by("-pk").first()
        # Every reader of the case reads it, other systems too: neither who helps, nor from which register.
        assert note.text == "由志愿者认领协助：楼道渗水，请党员协助。"
        assert note.data == {"photos": 0, "claim": claim.pk}
        offers.finish(
            actor=folk.ann,
            claim_id=claim.pk,
            deed=Deed(timezone.localdate(), Decimal("1.5"), "PROFESSIONAL", "上门查看。"),
        )
        assert ServiceRecord.objects.get().case == case

    def test_a_case_on_somebodys_plate_stays_there(self, folk: People, tree: Tree):
        offer = made(folk, tree)
        workflow.dispatch(case_id=folk.case.pk, actor=folk.liaison, assignee_id=folk.officer.pk)
        assert not offers.claim(actor=folk.officer2, offer_id=offer.pk).dispatched
        assert fresh(folk.case).assignee == folk.officer

    @pytest.mark.parametrize("change", ["withdrawn", "confidential", "maker"])
    def test_where_the_case_has_gone_on_the_offer_ends(self, folk: People, tree: Tree, change: str):
        offer = made(folk, tree)
        if change == "withdrawn":
            workflow.withdraw(case_id=folk.case.pk, actor=folk.liaison, text="已解决。")
        elif change == "confidential":
            Case.objects.filter(pk=folk.case.pk).update(confidential=True)
        else:
            Posting.objects.filter(user=folk.liaison).delete()
        assert offer in Offer.objects.claimable() or change != "maker"
        with pytest.raises(DomainError) as refused:
            offers.claim(actor=folk.officer2, offer_id=offer.pk)
        assert refused.value.code == "offer_gone"
        offer.refresh_from_db()
        assert offer.state == OfferState.CLOSED
        assert offer.ended_because in refused.value.message
        assert not Claim.objects.exists()
        assert fresh(folk.case).assignee is None

    def test_the_clock_closes_what_has_ended(self, folk: People, tree: Tree):
        offer = made(folk, tree)
        assert offers.close_lapsed() == 0
        workflow.withdraw(case_id=folk.case.pk, actor=folk.liaison, text="已解决。")
        assert not Offer.objects.claimable().exists()
        assert offers.close_lapsed() == 1
        offer.refresh_from_db()
        assert (offer.state, offer.ended_because) == (OfferState.CLOSED, "案件已办结")


class TestPages:
    def test_from_the_case_page(self, folk: People, tree: Tree):
        desk, number = browser(folk.liaison), folk.case.number
        detail, address = reverse("cases:detail", args=[number]), reverse("cases:volunteers", args=[number])
        assert address in desk.get(detail).content.decode()
        assert address not in browser(folk.officer).get(detail).content.decode()
        form = desk.get(address).content.decode()
        prefilled = form.rpartition("<form")[2]
        assert "王小明" not in prefilled
        assert "漏水" not in prefilled
        assert "请党员协助" in prefilled
        assert not stray_english(form)
        sent = {
            "title": "请党员协助",
            "description": "王小明家请看看",
            "grid": tree.wenyuan1.pk,
            "closes_on": (timezone.localdate() + timedelta(days=3)).isoformat(),
        }
        assert "请删去" in desk.post(address, sent).content.decode()
        offer = desk.post(address, sent | {"description": "请看看渗水"}).url
        assert "请党员协助" in desk.get(detail).content.decode()
        # Before claiming only the text and the micro-unit; after it no more of the case than they may see anyway.
        mine = browser(folk.ann)
        for _ in range(2):
            seen = mine.get(offer).content.decode()
            assert "文苑一微1" in seen
            for secret in (number, "王小明", "301室", folk.case.title):
                assert secret not in seen
            mine.post(f"{offer}claim/")
        assert mine.get(detail).status_code == 404

    def test_the_case_page_reads_offers_in_one_statement_where_there_are_any(
        self, folk: People, tree: Tree, statements
    ):
        desk, detail = browser(folk.liaison), reverse("cases:detail", args=[folk.case.number])
        for extra in (0, 1):
            with statements(9 + extra) as seen:
                desk.get(detail)
            assert len([sql for sql in seen if 'FROM "members_offer"' in sql and "EXISTS" not in sql]) == extra
            if not extra:
                made(folk, tree)

    @pytest.mark.parametrize("who", ["stranger", "far_stranger", "ann", "staff"])
    def test_a_stranger_finds_nothing(self, folk: People, who: str):
        assert browser(getattr(folk, who)).get(reverse("cases:volunteers", args=[folk.case.number])).status_code == 404

    def test_without_the_right(self, folk: People):
        for who in (folk.officer, folk.viewer):
            assert browser(who).post(reverse("cases:volunteers", args=[folk.case.number])).status_code == 403
