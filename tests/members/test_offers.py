"""认领: whom an offer is made to, who gets it, and what a stranger sees."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cases.models import Notice
from grids.choices import PartyAccess, Role
from grids.models import Posting
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.outbox import deliver_due
from members import offers
from members.choices import ClaimState, OfferState, ServiceState
from members.models import Claim, Offer, ServiceRecord
from members.offers import Draft
from members.roll import ref_of
from members.services import Deed
from tests import factories
from tests.cases.web import browser, stray_english
from tests.common.together import together
from tests.factories import Tree
from tests.people import People


def draft(grid, **more) -> Draft:
    values = {
        "kind": "WISH",
        "title": "为独居老人换灯",
        "description": "周末上门换灯。",
        "closes_on": timezone.localdate() + timedelta(days=7),
    }
    return Draft(**(values | {"grid_id": grid.pk} | more))


@pytest.fixture
def folk(people: People, tree: Tree) -> People:
    """Two electricians with accounts and no posting, one of them a contact; one without the skill; one elsewhere."""
    branch = factories.organization(tree.wenyuan1)
    people.ann, people.bob, people.carl, people.dora = (factories.user(name) for name in ("ann", "bob", "carl", "dora"))
    people.member = factories.member(tree.micro, branch, "欧阳明日", user=people.ann, skills=["电工"])
    people.contact = factories.contact(tree.micro2, "张阿姨", user=people.bob)
    people.contact.skills.add(factories.skill("电工"))
    factories.member(tree.micro, branch, "李无长", user=people.carl)
    factories.member(tree.xiuyuan, factories.organization(tree.xiuyuan), "钱外人", user=people.dora, skills=["电工"])
    return people


def made(folk: People, tree: Tree, **more) -> Offer:
    return offers.make_offer(
        actor=folk.liaison, draft=draft(tree.wenyuan1, **({"skill_id": factories.skill("电工").pk} | more))
    )


def deed() -> Deed:
    return Deed(timezone.localdate(), Decimal(2), "PROFESSIONAL", "换了灯。")


class TestOffering:
    def test_by_who_works_with_the_people_of_the_grid(self, folk: People, tree: Tree):
        assert made(folk, tree).state == OfferState.OPEN
        assert offers.make_offer(actor=folk.dispatcher, draft=draft(tree.micro))
        own = offers.make_offer(actor=folk.officer, draft=draft(tree.micro))
        assert offers.close_offer(actor=folk.officer, offer_id=own.pk, reason="不需要了").state == OfferState.CANCELLED
        other = offers.make_offer(actor=folk.dispatcher, draft=draft(tree.micro, title="另一件"))
        with pytest.raises(NotPermitted):
            offers.close_offer(actor=folk.officer, offer_id=other.pk, reason="不需要了")
        for actor, refusal in (
            (folk.officer2, InvalidInput),
            (folk.inspector, NotPermitted),
            (folk.stranger, InvalidInput),
        ):
            with pytest.raises(refusal):
                offers.make_offer(actor=actor, draft=draft(tree.micro))
        with pytest.raises(InvalidInput):
            offers.make_offer(actor=folk.liaison, draft=draft(tree.xiuyuan))

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"title": " "}, "title"),
            ({"description": "长" * 501}, "description"),
            ({"places": 0}, "places"),
            ({"places": 201}, "places"),
            ({"closes_on": timezone.localdate() - timedelta(days=1)}, "closes_on"),
            ({"closes_on": timezone.localdate() + timedelta(days=500)}, "closes_on"),
            ({"skill_id": 99999}, "skill"),
            ({"kind": "CASE"}, "kind"),
            ({"kind": "X"}, "kind"),
        ],
    )
    def test_wrong_input_is_told_at_its_field(self, folk: People, tree: Tree, wrong, field: str):
        with pytest.raises(InvalidInput) as refused:
            offers.make_offer(actor=folk.liaison, draft=draft(tree.wenyuan1, **wrong))
        assert refused.value.field == field

    def test_those_whom_it_is_made_to_are_told_once(self, folk: People, tree: Tree):
        offer = made(folk, tree)
        deliver_due()
        assert set(Notice.objects.values_list("recipient", flat=True)) == {folk.ann.pk, folk.bob.pk}
        assert factories.fresh(folk.ann).unread == 1
        notice = Notice.objects.get(recipient=folk.ann)
        assert notice.text == "可认领：为独居老人换灯（文苑一）"
        from cases.volunteers import deliver
        from liangcheng.common.models import OutboxMessage

        deliver(OutboxMessage.objects.get(topic=offers.TOPIC))
        assert Notice.objects.count() == 2
        assert browser(folk.ann).post(reverse("cases:notice", args=[notice.pk])).url == f"/offers/{offer.pk}/"
        assert factories.fresh(folk.ann).unread == 0


class TestClaiming:
    def test_first_come_first_served(self, folk: People, tree: Tree):
        offer = made(folk, tree)
        claim = offers.claim(actor=folk.ann, offer_id=offer.pk)
        assert (claim.member, claim.state) == (folk.member, ClaimState.CLAIMED)
        # Twice by the same one is once.
        assert offers.claim(actor=folk.ann, offer_id=offer.pk) == claim
        with pytest.raises(DomainError, match="已被认领") as late:
            offers.claim(actor=folk.bob, offer_id=offer.pk)
        assert "欧" not in late.value.message
        offers.give_up(actor=folk.ann, claim_id=claim.pk)
        assert offers.claim(actor=folk.bob, offer_id=offer.pk).contact == folk.contact
        offer.refresh_from_db()
        assert offer.state == OfferState.FILLED

    def test_only_with_the_skill_and_in_the_subtree(self, folk: People, tree: Tree):
        offer = made(folk, tree, places=5)
        for outside in (folk.carl, folk.dora, folk.stranger, folk.far_stranger):
            with pytest.raises(NotVisible):
                offers.claim(actor=outside, offer_id=offer.pk)
        # Who sees it as an officer still needs a record of their own.
        with pytest.raises(NotPermitted, match="没有关联"):
            offers.claim(actor=folk.viewer, offer_id=offer.pk)
        lacking = folk.member.organization.members.get(name="李无长")
        with pytest.raises(DomainError, match="没有需要的特长"):
            offers.claim(actor=folk.liaison, offer_id=offer.pk, person=ref_of(lacking))
        with pytest.raises(NotPermitted):
            offers.claim(actor=folk.viewer, offer_id=offer.pk, person=ref_of(folk.contact))
        assert not Claim.objects.exists()

    def test_the_desk_enters_a_claim_and_the_places_are_kept(self, folk: People, tree: Tree):
        offer = made(folk, tree, places=2)
        for person in (folk.member, folk.contact):
            offers.claim(actor=folk.liaison, offer_id=offer.pk, person=ref_of(person))
        offer.refresh_from_db()
        assert offer.state == OfferState.FILLED
        third = factories.contact(tree.micro, "孙第三")
        third.skills.add(factories.skill("电工"))
        with pytest.raises(DomainError, match="已被认领"):
            offers.claim(actor=folk.liaison, offer_id=offer.pk, person=ref_of(third))

    def test_finishing_makes_a_service_that_waits(self, folk: People, tree: Tree):
        offer = made(folk, tree)
        claim = offers.claim(actor=folk.ann, offer_id=offer.pk)
        with pytest.raises(NotVisible):
            offers.finish(actor=folk.bob, claim_id=claim.pk, deed=deed())
        offers.finish(actor=folk.ann, claim_id=claim.pk, deed=deed())
        record = ServiceRecord.objects.get()
        assert (record.member, record.offer, record.state) == (folk.member, offer, ServiceState.WAITING)
        offer.refresh_from_db()
        assert (offer.state, offer.ended_because) == (OfferState.CLOSED, "全部完成")
        for again in (offers.give_up,):
            with pytest.raises(DomainError, match="已完成"):
                again(actor=folk.ann, claim_id=claim.pk)

    def test_closing_by_the_desk_and_by_the_clock(self, folk: People, tree: Tree):
        nobody, somebody, late = made(folk, tree), made(folk, tree), made(folk, tree)
        offers.claim(actor=folk.ann, offer_id=somebody.pk)
        with pytest.raises(NotPermitted):
            offers.close_offer(actor=folk.viewer, offer_id=nobody.pk, reason="不需要了")
        with pytest.raises(InvalidInput):
            offers.close_offer(actor=folk.liaison, offer_id=nobody.pk, reason="")
        states = [
            offers.close_offer(actor=folk.liaison, offer_id=each.pk, reason="不需要了").state
            for each in (nobody, somebody)
        ]
        assert states == [OfferState.CANCELLED, OfferState.CLOSED]
        Offer.objects.filter(pk=late.pk).update(closes_on=timezone.localdate() - timedelta(days=1))
        with pytest.raises(DomainError, match="已经结束"):
            offers.claim(actor=folk.bob, offer_id=late.pk)
        assert (offers.close_lapsed(), offers.close_lapsed()) == (1, 0)
        late.refresh_from_db()
        assert (late.state, late.ended_because) == (OfferState.CLOSED, "已过截止日期")


class TestPages:
    def test_the_way_of_an_offer(self, folk: People, tree: Tree):
        desk = browser(folk.liaison)
        form = {
            "kind": "WISH",
            "title": "修楼道灯",
            "description": "二楼的灯坏了。",
            "grid": tree.wenyuan1.pk,
            "skill": factories.skill("电工").pk,
            "places": "2",
            "closes_on": (timezone.localdate() + timedelta(days=3)).isoformat(),
        }
        assert "请写一个标题" in desk.post(reverse("members:offer_new"), form | {"title": ""}).content.decode()
        address = desk.post(reverse("members:offer_new"), form).url
        mine = browser(folk.ann)
        assert "修楼道灯" in mine.get(reverse("members:offer_list")).content.decode()
        assert "我来认领" in mine.get(address).content.decode()
        assert mine.post(f"{address}claim/").status_code == 302
        seen = mine.get(address).content.decode()
        assert "登记完成" in seen
        assert "认领人员" not in seen
        assert "没有找到" in desk.post(f"{address}enter/", {"names": "没有人"}).content.decode()
        assert desk.post(f"{address}enter/", {"names": "张阿姨"}).status_code == 302
        full = desk.get(address).content.decode()
        assert "欧***" in full
        assert "欧阳明日" not in full
        # The desk's head without the right to read members sees how many, not who.
        Posting.objects.filter(user=folk.head).update(party_access=PartyAccess.DENIED)
        hidden = browser(folk.head).get(address).content.decode()
        assert "另有 1 位" in hidden
        assert "欧*" not in hidden
        claim = Claim.objects.get(member=folk.member)
        done = {"on": timezone.localdate().isoformat(), "hours": "1.5", "kind": "CARE", "what": "换好了"}
        assert mine.post(reverse("members:claim_finish", args=[claim.pk]), done).status_code == 302
        assert (
            browser(folk.bob)
            .post(reverse("members:claim_give_up", args=[Claim.objects.get(contact=folk.contact).pk]))
            .status_code
            == 302
        )
        assert desk.post(f"{address}close/", {"reason": "已解决"}).status_code == 302
        for client in (mine, desk):
            for page in (address, reverse("members:offer_list"), reverse("members:claim_finish", args=[claim.pk])):
                answer = client.get(page)
                assert answer.status_code == 200
                assert not stray_english(answer.content.decode()), page

    def test_taken_meanwhile_is_said_in_words(self, folk: People, tree: Tree):
        offer = made(folk, tree)
        offers.claim(actor=folk.ann, offer_id=offer.pk)
        late = browser(folk.bob).post(reverse("members:offer_claim", args=[offer.pk]))
        assert late.status_code == 409
        assert "已被认领" in late.content.decode()

    @pytest.mark.parametrize("who", ["stranger", "far_stranger", "carl", "dora", "staff"])
    def test_a_stranger_finds_nothing(self, folk: People, tree: Tree, who: str):
        offer = made(folk, tree)
        claim = offers.claim(actor=folk.ann, offer_id=offer.pk)
        strange = browser(getattr(folk, who))
        assert offer.title not in strange.get(reverse("members:offer_list")).content.decode()
        assert strange.get(reverse("members:offer_detail", args=[offer.pk])).status_code == 404
        for name, pk in (
            *(("offer_claim", offer.pk), ("offer_enter", offer.pk), ("offer_close", offer.pk)),
            *(("claim_finish", claim.pk), ("claim_give_up", claim.pk)),
        ):
            assert (
                strange.post(reverse(f"members:{name}", args=[pk]), {"names": "张阿姨", "reason": "无"}).status_code
                == 404
            )

    @pytest.mark.parametrize("size", [3, 30])
    def test_the_price(self, folk: People, tree: Tree, statements, size: int):
        for _ in range(size):
            offer = made(folk, tree, places=2)
        with transaction.atomic():
            offers.claim(actor=folk.ann, offer_id=offer.pk)
        for client, most in ((browser(folk.ann), 10), (browser(folk.liaison), 9)):
            with statements(most):
                client.get(reverse("members:offer_list"))
            with statements(14):
                client.get(reverse("members:offer_detail", args=[offer.pk]))


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_one_of_twenty_gets_it():
    tree = Tree()
    head = factories.posted("head", tree.wenyuan1, Role.HEAD)
    branch = factories.organization(tree.wenyuan1)
    accounts = [factories.user(f"u{number}") for number in range(20)]
    for number, account in enumerate(accounts):
        factories.member(tree.micro, branch, f"党员{'甲乙丙丁戊己庚辛壬癸'[number % 10]}", user=account)
    offer = offers.make_offer(actor=head, draft=draft(tree.wenyuan1))
    waiting, told = list(accounts), list[str]()

    def work() -> None:
        actor = factories.fresh(waiting.pop())
        try:
            offers.claim(actor=actor, offer_id=offer.pk)
        except DomainError as error:
            told.append(error.code)

    together(work, times=20)
    assert Claim.objects.count() == 1
    assert told == ["taken"] * 19
