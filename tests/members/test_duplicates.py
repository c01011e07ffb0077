"""疑似重复: found by what they share, told apart or made one; what points to the dropped record goes along."""

import threading
import time

import pytest
from django.db import close_old_connections, transaction
from django.urls import reverse
from django.utils import timezone

from cases.models import Invitee
from cases.workflow import convene
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from members import offers
from members import people as records
from members.choices import AccessKind
from members.duplicates import groups, tell_apart
from members.identity import identity_of, set_identity_number
from members.leaders import set_building_leader
from members.merging import merge_members
from members.models import (
    AccessLog,
    Claim,
    ClimbEntry,
    ClimbItem,
    NotSamePerson,
    Offer,
    PartyMember,
    TeamMember,
    Transfer,
)
from members.offers import Draft
from members.people import Facts, mark_of
from members.roll import Ref
from members.teams import put_in_team
from tests import factories
from tests import people as cast
from tests.common.together import together
from tests.factories import Tree
from tests.members.test_privacy import KEY, NUMBER, check_character
from tests.people import People

OTHER_NUMBER = "31010919860101001" + check_character("31010919860101001")


class World:
    """Two records of 欧阳明日, in two micro-units of 文苑一."""

    def __init__(self, tree: Tree) -> None:
        self.home = factories.organization(tree.wenyuan1, "文苑一支部", kind="BRANCH")
        self.keep = factories.member(tree.micro, self.home, "欧阳明日", phone="13000005678", skills=["电工"])
        self.drop = factories.member(
            tree.micro2, self.home, "欧阳明日", phone="13000005678", skills=["电工", "法律"], availability="周末"
        )

    def merge(self, actor, **more) -> PartyMember:
        return merge_members(actor=factories.fresh(actor), keep_id=self.keep.pk, drop_id=self.drop.pk, **more)


@pytest.fixture
def world(tree: Tree, people: People) -> World:
    return World(tree)


def found(user) -> list[tuple[list[str], list[int]]]:
    return [(group.reasons, [member.pk for member in group.members]) for group in groups(factories.fresh(user))[0]]


def refusal(act) -> str:
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value.code


class TestFinding:
    def test_by_what_they_share_the_strongest_reason_first(self, people: People, tree: Tree, world: World):
        other = factories.organization(tree.liangsan, "凉三支部", kind="BRANCH")
        phone_only = factories.member(tree.liangsan, other, "李大同", phone="13000005678")
        factories.member(tree.micro, world.home, "王小明")
        namesake = factories.member(tree.wenyuan1, other, "王小明")
        pair = [world.keep.pk, world.drop.pk]
        everything = ["姓名和手机相同", "姓名和党组织相同", "同一居民区里姓名相同"]
        assert found(people.liaison) == [(everything, pair), (["同一居民区里姓名相同"], [namesake.pk - 1, namesake.pk])]
        # Who sees more grids sees more: one telephone in two 居民区.
        assert (["手机相同"], [*pair, phone_only.pk]) in found(people.dispatcher)
        for who in ("stranger", "far_stranger", "officer", "viewer"):
            assert found(getattr(people, who)) == [], who
        # Records out of use, and of another street, are nobody's twin.
        PartyMember.objects.filter(pk=world.drop.pk).update(is_active=False)
        street = Tree("310109099")
        factories.member(street.micro, factories.organization(street.micro), "欧阳明日", phone="13000005678")
        boss = factories.user("boss", is_superuser=True)
        assert [reasons for reasons, _ in found(boss)] == [["手机相同"], ["同一居民区里姓名相同"]]

    def test_told_apart_they_are_not_shown_again(self, client, people: People, tree: Tree, world: World):
        third = factories.member(tree.micro, world.home, "欧阳明日")
        client.force_login(people.liaison)
        sent = {"first": world.drop.pk, "second": world.keep.pk}
        assert client.post(reverse("members:tell_apart"), {"first": "x"}).status_code == 404
        for _ in range(2):
            assert client.post(reverse("members:tell_apart"), sent).status_code == 302
        pair = NotSamePerson.objects.get()
        assert (pair.first, pair.second, pair.by) == (world.keep, world.drop, people.liaison)
        [(reasons, ids)] = found(people.liaison)
        assert (reasons[0], ids) == ("姓名和党组织相同", [world.keep.pk, world.drop.pk, third.pk])
        shown = groups(factories.fresh(people.liaison))[0][0].pairs
        assert [(one.pk, two.pk) for one, two in shown] == [(world.keep.pk, third.pk), (world.drop.pk, third.pk)]
        for first in (world.keep, world.drop):
            tell_apart(actor=people.liaison, member_ids=(third.pk, first.pk))
        assert found(people.liaison) == []
        # A pair that lies out of sight does not count for one that is seen: the street told two others apart.
        far = factories.member(tree.xiuyuan, world.home, "欧阳明日", phone="13811112222")
        factories.member(tree.micro, world.home, "欧阳明日", phone="13811112222")
        tell_apart(actor=people.dispatcher, member_ids=(far.pk, world.keep.pk))
        assert len(found(people.liaison)) == 1
        with pytest.raises(NotVisible):
            tell_apart(actor=people.stranger, member_ids=(world.keep.pk, world.drop.pk))
        with pytest.raises(InvalidInput):
            tell_apart(actor=people.liaison, member_ids=(third.pk, third.pk))

    @pytest.mark.parametrize("size", [3, 60])
    def test_costs_the_same_at_every_size(
        self, client, people: People, tree: Tree, world: World, statements, size: int
    ):
        path = {"grid_id": tree.micro.pk, **tree.micro.path_ids()}
        PartyMember.objects.bulk_create(
            PartyMember(
                name=f"同名{chr(0x4E00 + number // 2)}",
                phone=f"1390000{number // 2:04}",
                organization=world.home,
                **path,
            )
            for number in range(2 * size)
        )
        client.force_login(people.liaison)
        with statements(9):
            answer = client.get(reverse("members:duplicates"))
        assert answer.context["more"] is (size > 20)
        assert len(answer.context["groups"]) == min(size + 1, 20)


class TestMerging:
    def test_everything_goes_along(self, people: People, tree: Tree, world: World):
        keep, drop = world.keep, world.drop
        both, alone = factories.team(tree.micro, "甲队"), factories.team(tree.micro, "乙队")
        TeamMember.objects.create(team=both, member=keep)
        TeamMember.objects.create(team=both, member=drop, is_leader=True, duty="领队")
        TeamMember.objects.create(team=alone, member=drop)
        house = factories.building(tree.micro, factories.unit(tree.micro), leader_member=drop)
        moved = Transfer.objects.create(
            **{"member": drop, "from_organization": world.home, "to_organization": world.home, "by": people.liaison},
            **{"from_grid": tree.micro, "grid": tree.micro2, "on": factories.long_ago()},
        )
        older = factories.member(tree.micro, world.home, "更早的", is_active=False, merged_into=drop)
        third = factories.member(tree.micro, world.home, "李大同")
        tell_apart(actor=people.liaison, member_ids=(drop.pk, third.pk))
        case = factories.case(people.liaison, tree.wenyuan1)
        convene(
            **{"case_id": case.pk, "actor": people.liaison, "text": "商量", "place": "会议室"},
            **{"meets_at": timezone.now() + timezone.timedelta(days=1), "member_ids": [drop.pk]},
        )
        PartyMember.objects.filter(pk=drop.pk).update(user=people.officer)
        drop.refresh_from_db()
        marks = {keep.pk: mark_of(keep), drop.pk: mark_of(drop)}
        merged = world.merge(people.liaison, choose={"grid": "drop"}, expected=marks)

        assert (merged.grid, merged.micro_unit, merged.availability, merged.user) == (
            *(tree.micro2, tree.micro2),
            *("周末", people.officer),
        )
        assert sorted(skill.name for skill in merged.skills.all()) == ["法律", "电工"]
        assert [(row.team, row.is_leader, row.duty) for row in keep.teams.order_by("team__name")] == [
            (alone, False, ""),
            (both, True, "领队"),
        ]
        for row in (house, moved, older):
            row.refresh_from_db()
        assert (house.leader_member, moved.member, older.merged_into) == (keep, keep, keep)
        assert house.history.first().leader_member == keep
        assert Invitee.objects.get().member == keep
        pair = NotSamePerson.objects.get()
        assert {pair.first, pair.second} == {keep, third}
        drop.refresh_from_db()
        assert (drop.is_active, drop.merged_into, drop.user) == (False, keep, None)
        assert found(people.liaison) == []
        assert refusal(lambda: world.merge(people.liaison)) == "already_merged"
        # Nothing in any table points to it any more: there is nothing that would keep it, or go with it.
        assert drop.delete()[1] == {"members.PartyMember": 1}

    def test_how_far_they_have_climbed_and_their_number(self, people: People, tree: Tree, world: World, settings):
        settings.IDENTITY_NUMBERS, settings.IDENTITY_KEY, settings.IDENTITY_KEYS_OLD = True, KEY, []
        item = ClimbItem.objects.create(community=tree.street, position=1, name="学习", steps=5)
        for row, level, note in ((world.keep, 1, ""), (world.drop, 3, "读书会")):
            ClimbEntry.objects.create(member=row, item=item, level=level, note=note, by=people.liaison)
        set_identity_number(actor=people.liaison, member_id=world.drop.pk, number=NUMBER)
        other = factories.member(tree.micro, world.home, "李大同")
        set_identity_number(actor=people.liaison, member_id=other.pk, number=OTHER_NUMBER)
        two = {"actor": people.liaison, "keep_id": other.pk, "drop_id": world.drop.pk}
        assert refusal(lambda: merge_members(**two)) == "identity_differs"
        assert identity_of(world.drop.pk) == NUMBER
        world.merge(people.liaison)
        assert (identity_of(world.keep.pk), identity_of(world.drop.pk)) == (NUMBER, "")
        entry = ClimbEntry.objects.get()
        assert (entry.member, entry.level, entry.note) == (world.keep, 3, "读书会")

    def test_of_two_claims_or_climbs_the_further_one_counts(self, people: People, tree: Tree, world: World):
        done_at = timezone.now() - timezone.timedelta(days=1)
        over = {"ended_at": done_at, "entered_by": people.officer}
        #       places, the kept one's, the dropped one's → the one claim's, the offer's
        cases = [
            (1, {"state": "GIVEN_UP"} | over, {"state": "CLAIMED"}, ("CLAIMED", None), "FILLED"),
            (1, {"state": "CLAIMED"}, {"state": "GIVEN_UP", "dispatched": True} | over, ("CLAIMED", None), "FILLED"),
            (2, {"state": "CLAIMED"}, {"state": "DONE"} | over, ("DONE", done_at), "OPEN"),
        ]
        made = []
        for places, ours, theirs, *_ in cases:
            offer = Offer.objects.create(
                **{"grid": tree.wenyuan1, "kind": "WISH", "title": "换灯", "description": "换灯", "places": places},
                **{"closes_on": timezone.localdate(), "state": "FILLED", "made_by": people.liaison},
            )
            for member, values in ((world.keep, ours), (world.drop, theirs)):
                Claim.objects.create(**{"offer": offer, "member": member, "entered_by": people.liaison} | values)
            made.append(offer)
        own = {"title": "书法", "by": people.liaison}
        ClimbEntry.objects.create(member=world.keep, level=1, steps=3, **own)
        ClimbEntry.objects.create(member=world.drop, level=5, steps=9, **own)
        world.merge(people.liaison)
        for offer, (*_, claim, state) in zip(made, cases, strict=True):
            offer.refresh_from_db()
            left = offer.claims.get()
            assert (left.member, (left.state, left.ended_at), offer.state) == (world.keep, claim, state)
            assert not left.dispatched
        assert left.entered_by == people.officer
        entry = ClimbEntry.objects.get()
        assert (entry.level, entry.steps) == (5, 9)

    def test_what_is_refused(self, people: People, tree: Tree, world: World):
        keep, drop = world.keep, world.drop
        same = {"actor": people.liaison, "keep_id": keep.pk, "drop_id": keep.pk}
        assert refusal(lambda: merge_members(**same)) == "same_record"
        for wrong in ({"user": "drop"}, {"name": "both"}):
            assert refusal(lambda wrong=wrong: world.merge(people.liaison, choose=wrong)) == "unknown_choice"
        assert refusal(lambda: world.merge(people.liaison, expected={drop.pk: "older"})) == "stale_version"
        for who in ("stranger", "far_stranger", "viewer", "officer"):
            with pytest.raises(NotVisible):
                world.merge(getattr(people, who))
        people.inspector.postings.update(party_access="ALLOWED")
        with pytest.raises(NotPermitted):
            world.merge(people.inspector)
        street = Tree("310109099")
        foreign = factories.member(street.micro, factories.organization(street.micro), "欧阳明日")
        boss = factories.user("boss", is_superuser=True)
        across = {"actor": boss, "keep_id": keep.pk, "drop_id": foreign.pk}
        assert refusal(lambda: merge_members(**across)) == "merge_streets"
        for field, value, code in (
            ("user", people.officer2, "two_accounts"),
            ("erased_at", timezone.now(), "member_erased"),
        ):
            PartyMember.objects.filter(pk=keep.pk).update(user=people.officer)
            PartyMember.objects.filter(pk=drop.pk).update(**{field: value})
            assert refusal(lambda: world.merge(people.liaison)) == code
            PartyMember.objects.filter(pk=drop.pk).update(**{field: None})
        PartyMember.objects.filter(pk=keep.pk).update(is_active=False)
        assert refusal(lambda: world.merge(people.liaison)) == "keep_retired"
        drop.refresh_from_db()
        assert (drop.is_active, drop.merged_into) == (True, None)

    def test_side_by_side_on_the_page(self, client, people: People, tree: Tree, world: World):
        address = reverse("members:member_merge", args=[world.keep.pk, world.drop.pk])
        client.force_login(people.stranger)
        assert client.get(address).status_code == 404
        client.force_login(people.liaison)
        page = client.get(address)
        assert "欧阳明日" in page.content.decode()
        assert [row["name"] for row in page.context["rows"] if row["choose"]] == ["grid"]
        assert {(row.kind, row.object_id) for row in AccessLog.objects.all()} == {
            (AccessKind.REVEALED, world.keep.pk),
            (AccessKind.REVEALED, world.drop.pk),
        }
        sent = {"choose_grid": "drop", "seen_keep": mark_of(world.keep), "seen_drop": mark_of(world.drop)}
        assert client.post(address, sent | {"seen_drop": "older"}).status_code == 409
        assert client.post(address, sent)["Location"] == reverse("members:member_detail", args=[world.keep.pk])
        old = client.get(reverse("members:member_detail", args=[world.drop.pk]))
        assert old["Location"] == reverse("members:member_detail", args=[world.keep.pk])
        listed = client.get(reverse("members:member_list"), {"state": "false"})
        assert listed.context["page"].paginator.count == 0
        assert client.post(address, sent).status_code == 409


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
class TestAtOnce:
    def test_merged_both_ways_at_once_one_is_left(self):
        tree = Tree()
        people, world = cast.settle(tree), World(tree)
        ways = [(world.keep.pk, world.drop.pk), (world.drop.pk, world.keep.pk)] * 2
        refused: list[str] = []

        def merge() -> None:
            close_old_connections()
            keep, drop = ways.pop()
            try:
                merge_members(actor=factories.fresh(people.liaison), keep_id=keep, drop_id=drop)
            except DomainError as error:
                refused.append(error.code)

        together(merge, times=4)
        assert refused == ["already_merged"] * 3
        assert PartyMember.objects.active().count() == 1

    def test_nobody_refers_anew_to_who_is_being_merged(self):
        tree = Tree()
        people, world = cast.settle(tree), World(tree)
        team, house = factories.team(tree.wenyuan1), factories.building(tree.micro, factories.unit(tree.micro))
        need = Draft("WISH", "换灯", "换灯。", tree.wenyuan1.pk, timezone.localdate())
        offer = offers.make_offer(actor=people.liaison, draft=need)
        gone, held = world.drop.pk, threading.Event()

        def merge() -> None:
            with transaction.atomic():
                merge_members(actor=factories.fresh(people.liaison), keep_id=world.keep.pk, drop_id=gone)
                held.set()
                time.sleep(0.4)

        def later(act) -> None:
            held.wait(5)
            act(factories.fresh(people.liaison))

        acts = [
            lambda: later(lambda actor: put_in_team(actor=actor, team_id=team.pk, member_id=gone)),
            lambda: later(lambda actor: set_building_leader(actor=actor, building_id=house.pk, member_id=gone)),
            lambda: later(lambda actor: offers.claim(actor=actor, offer_id=offer.pk, person=Ref(True, gone))),
            merge,
        ]
        refused: list[str] = []

        def act() -> None:
            close_old_connections()
            try:
                acts.pop()()
            except DomainError as error:
                refused.append(error.code)

        together(act, times=4)
        assert sorted(refused) == ["not_eligible", "unknown_person", "unknown_person"]

    def test_an_edit_and_a_merge_do_not_overwrite_each_other(self):
        tree = Tree()
        people, world = cast.settle(tree), World(tree)
        marks = {row.pk: mark_of(row) for row in (world.keep, world.drop)}
        facts = Facts(name="欧阳明日", kind="REGISTERED", phone="13999999999", availability="每天")
        acts = [
            lambda actor: merge_members(actor=actor, keep_id=world.keep.pk, drop_id=world.drop.pk, expected=marks),
            lambda actor: records.correct_member(
                actor=actor, member_id=world.keep.pk, facts=facts, expected=marks[world.keep.pk], confirmed=True
            ),
        ]
        refused: list[str] = []

        def act() -> None:
            close_old_connections()
            mine = acts.pop()
            try:
                mine(factories.fresh(people.liaison))
            except DomainError as error:
                refused.append(error.code)

        together(act, times=2)
        # Whoever came second was told that the record had changed.
        assert refused == ["stale_version"]
        world.keep.refresh_from_db()
        world.drop.refresh_from_db()
        merged = world.drop.merged_into_id is not None
        assert (world.keep.availability, merged) in {("每天", False), ("周末", True)}
