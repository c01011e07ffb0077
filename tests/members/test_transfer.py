"""转接: at once where the desk runs both ends, else taken, refused or taken back by those whom it concerns."""

import threading
import time
from datetime import date, timedelta

import pytest
from django.db import close_old_connections, transaction
from django.urls import reverse
from django.utils import timezone

from grids.choices import PartyAccess
from grids.models import Posting
from grids.tree import locked, move_grid, tree_write_lock
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from members import people as records
from members.choices import TransferState
from members.merging import merge_members
from members.models import PartyMember, Transfer
from members.people import Facts, mark_of
from members.transfers import accept_transfer, cancel_transfer, refuse_transfer, transfer
from tests import factories
from tests import people as cast
from tests.common.together import together
from tests.factories import Tree
from tests.people import People

TODAY = timezone.localdate


class World:
    """A member of 文苑一's branch, and branches of 凉三 and 秀苑 they could go to."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.home = factories.organization(tree.wenyuan1, "文苑一支部", kind="BRANCH")
        self.near = factories.organization(tree.micro2, "文苑一小组", kind="GROUP", parent=self.home)
        self.there = factories.organization(tree.liangsan, "凉三支部", kind="BRANCH")
        self.far = factories.organization(tree.xiuyuan, "秀苑支部", kind="BRANCH")
        self.member = factories.member(tree.micro, self.home, "欧阳明日")

    def place(self) -> tuple[object, object]:
        self.member.refresh_from_db()
        return self.member.organization, self.member.grid

    def send(self, actor, organization=None, grid=None, **more) -> Transfer:
        return transfer(
            actor=factories.fresh(actor),
            member_id=self.member.pk,
            to_organization_id=organization.pk if organization else None,
            to_grid_code=grid.code if grid else None,
            **{"on": TODAY(), "reason": "搬家"} | more,
        )


@pytest.fixture
def world(tree: Tree, people: People) -> World:
    return World(tree)


def refusal(act) -> DomainError:
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value


class TestAtOnce:
    def test_inside_ones_own_grids(self, client, people: People, tree: Tree, world: World):
        client.force_login(people.liaison)
        address = reverse("members:member_transfer", args=[world.member.pk])
        sent = {"organization": world.near.pk, "grid": tree.micro2.code, "on": TODAY(), "reason": "搬家"}
        answer = client.post(address, sent | {"seen": mark_of(world.member)})
        assert answer["Location"] == reverse("members:member_detail", args=[world.member.pk])
        assert world.place() == (world.near, tree.micro2)
        row = Transfer.objects.get()
        assert (row.state, row.decided_by, row.from_grid, row.micro_unit) == (
            "DONE",
            people.liaison,
            tree.micro,
            tree.micro2,
        )
        seen = client.get(answer["Location"]).content.decode()
        assert "文苑一支部 → 文苑一小组；文苑一微1 → 文苑一微2；搬家" in seen
        # The page that was open before says so.
        assert "别人修改过" in client.post(address, sent | {"seen": "older"}).content.decode()
        assert refusal(lambda: world.send(people.liaison, world.home, expected="older")).code == "stale_version"

    def test_the_desk_above_both(self, people: People, tree: Tree, world: World):
        assert world.send(people.area_liaison, world.there, tree.liangsan).state == TransferState.DONE
        assert world.send(people.dispatcher, world.far, tree.xiuyuan).state == TransferState.DONE
        assert world.place() == (world.far, tree.xiuyuan)
        # What the 居民区 has let go it no longer sees, what it did it does.
        assert not PartyMember.objects.visible_to(factories.fresh(people.liaison)).exists()
        assert Transfer.objects.visible_to(people.liaison).count() == 1

    def test_what_is_refused(self, people: People, tree: Tree, world: World):
        working_committee = factories.organization(tree.wenyuan1, "党工委", kind="WORKING_COMMITTEE")
        other_street = Tree("310109099")
        foreign = factories.organization(other_street.wenyuan1, "外街道支部", kind="BRANCH")
        closed = factories.organization(tree.wenyuan1, "已停用支部", kind="BRANCH", is_active=False)
        tomorrow = TODAY() + timedelta(days=1)
        for code, field, given in (
            ("nothing_changes", "organization", {}),
            ("nothing_changes", "organization", {"organization": world.home, "grid": tree.micro}),
            ("organization_kind", "organization", {"organization": working_committee}),
            ("unknown_organization", "organization", {"organization": foreign}),
            ("unknown_organization", "organization", {"organization": closed}),
            ("unknown_grid", "grid", {"grid": other_street.micro}),
            ("unknown_grid", "grid", {"grid": tree.area}),
            ("future_date", "on", {"organization": world.near, "on": tomorrow}),
            ("reason_missing", "reason", {"organization": world.near, "reason": " "}),
            ("too_long", "reason", {"organization": world.near, "reason": "长" * 101}),
        ):
            error = refusal(lambda given=given: world.send(people.dispatcher, **given))
            assert (error.code, error.field) == (code, field), given
        world.send(people.liaison, world.near, on=date(2026, 3, 1))
        error = refusal(lambda: world.send(people.liaison, world.home, on=date(2026, 2, 28)))
        assert (error.code, error.field) == ("before_last", "on")
        PartyMember.objects.update(is_active=False)
        assert refusal(lambda: world.send(people.liaison, world.home)).code == "member_retired"

    def test_by_whom(self, people: People, tree: Tree, world: World):
        for who in ("officer", "viewer", "stranger", "far_stranger", "staff"):
            with pytest.raises(NotVisible):
                world.send(getattr(people, who), world.near)
        Posting.objects.filter(user=people.inspector).update(party_access=PartyAccess.ALLOWED)
        with pytest.raises(NotPermitted):
            world.send(people.inspector, world.near)


class TestIntoAForeignGrid:
    def test_it_waits_until_the_desk_there_takes_them(self, client, people: People, tree: Tree, world: World):
        row = world.send(people.liaison, world.there, tree.liangsan)
        assert (row.state, row.asks_grid, row.asks_organization) == ("WAITING", True, True)
        assert world.place() == (world.home, tree.micro)
        # Nothing else is done meanwhile.
        assert refusal(lambda: world.send(people.liaison, world.near)).code == "transfer_waits"
        retire = {"member_id": world.member.pk, "reason": "DECEASED", "on": TODAY()}
        assert refusal(lambda: records.retire_member(actor=people.liaison, **retire)).code == "transfer_waits"
        address = reverse("members:transfer_detail", args=[row.pk])
        client.force_login(people.liaison)
        listed = client.get(reverse("members:transfer_list"), {"tab": "sent"})
        assert [each.pk for each in listed.context["page"].rows] == [row.pk]
        assert not client.get(reverse("members:transfer_list")).context["page"].rows
        assert client.post(address, {"act": "accept"}).status_code == 403
        # The receiving desk finds it on its list; the member's page is not theirs yet.
        client.force_login(people.stranger)
        listed = client.get(reverse("members:transfer_list"))
        assert [each.pk for each in listed.context["page"].rows] == [row.pk]
        assert client.get(reverse("members:member_list")).context["transfers_waiting"] == 1
        assert "欧阳明日" not in client.get(address).content.decode()
        assert client.get(reverse("members:member_detail", args=[world.member.pk])).status_code == 404
        assert client.post(address, {"act": "accept"}).status_code == 302
        assert world.place() == (world.there, tree.liangsan)
        row.refresh_from_db()
        assert (row.state, row.decided_by) == ("DONE", people.stranger)
        assert client.get(reverse("members:member_detail", args=[world.member.pk])).status_code == 200
        assert client.post(address, {"act": "accept"}).status_code == 409

    @pytest.mark.parametrize(
        ("act", "who", "state"), [("refuse", "stranger", "REFUSED"), ("cancel", "head", "CANCELLED")]
    )
    def test_refused_and_taken_back_with_a_reason(self, client, people: People, tree, world: World, act, who, state):
        row = world.send(people.liaison, world.there, tree.liangsan)
        client.force_login(getattr(people, who))
        address = reverse("members:transfer_detail", args=[row.pk])
        assert "请填写原因" in client.post(address, {"act": act, "reason": ""}).content.decode()
        assert client.post(address, {"act": "NOSUCH"}).status_code == 200
        assert client.post(address, {"act": act, "reason": "查无此人"}).status_code == 302
        row.refresh_from_db()
        assert (row.state, row.decision_note, world.place()) == (state, "查无此人", (world.home, tree.micro))
        assert world.send(people.liaison, world.there).asks_grid is False

    def test_nobody_else_decides(self, client, people: People, tree: Tree, world: World):
        row = world.send(people.liaison, world.there, tree.liangsan)
        for who in ("far_stranger", "viewer", "officer", "staff"):
            user = getattr(people, who)
            for act in (
                lambda user=user: accept_transfer(actor=user, transfer_id=row.pk),
                lambda user=user: refuse_transfer(actor=user, transfer_id=row.pk, reason="不行"),
                lambda user=user: cancel_transfer(actor=user, transfer_id=row.pk, reason="不行"),
            ):
                with pytest.raises(NotVisible):
                    act()
            client.force_login(user)
            assert client.get(reverse("members:transfer_detail", args=[row.pk])).status_code == 404
        with pytest.raises(NotPermitted):
            refuse_transfer(actor=people.liaison, transfer_id=row.pk, reason="不行")
        with pytest.raises(NotPermitted):
            cancel_transfer(actor=people.stranger, transfer_id=row.pk, reason="不行")
        assert not Transfer.objects.awaiting(people.far_stranger).exists()

    def test_two_places_must_both_agree(self, people: People, tree: Tree, world: World):
        row = world.send(people.liaison, world.far, tree.liangsan)
        for who in (people.stranger, people.far_stranger):
            with pytest.raises(NotPermitted):
                accept_transfer(actor=who, transfer_id=row.pk)
            assert not Transfer.objects.awaiting(who).exists()
        boss = factories.user("boss", is_superuser=True)
        for who in (people.dispatcher, boss):
            assert Transfer.objects.awaiting(who).get() == row
        accept_transfer(actor=people.dispatcher, transfer_id=row.pk)
        assert world.place() == (world.far, tree.liangsan)

    def test_not_if_the_record_has_changed_meanwhile(self, people: People, tree: Tree, world: World):
        row = world.send(people.liaison, world.there, tree.liangsan)
        PartyMember.objects.filter(pk=world.member.pk).update(organization=world.near)
        assert refusal(lambda: accept_transfer(actor=people.stranger, transfer_id=row.pk)).code == "member_changed"
        PartyMember.objects.filter(pk=world.member.pk).update(organization=world.home)
        type(world.there).objects.filter(pk=world.there.pk).update(is_active=False)
        assert (
            refusal(lambda: accept_transfer(actor=people.stranger, transfer_id=row.pk)).code == "unknown_organization"
        )

    @pytest.mark.parametrize("size", [2, 25])
    def test_the_list_costs_the_same_at_every_size(self, client, people: People, tree, world, statements, size: int):
        for number in range(size):
            world.member = factories.member(tree.micro, world.home, f"党员{'甲乙丙丁'[number % 4]}")
            world.send(people.liaison, world.there, tree.liangsan)
        client.force_login(people.stranger)
        with statements(5):
            assert len(client.get(reverse("members:transfer_list")).context["page"].rows) == size


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_taken_once_however_many_take_it():
    tree = Tree()
    people, world = cast.settle(tree), None
    world = World(tree)
    row = world.send(people.liaison, world.there, tree.liangsan)
    refused: list[str] = []

    def take() -> None:
        close_old_connections()
        try:
            accept_transfer(actor=factories.fresh(people.stranger), transfer_id=row.pk)
        except DomainError as error:
            refused.append(error.code)

    together(take, times=3)
    assert refused == ["transfer_over"] * 2
    assert world.place() == (world.there, tree.liangsan)
    with pytest.raises(StaleObject):
        world.send(people.stranger, world.home, expected="older")
    with pytest.raises(InvalidInput):
        world.send(people.stranger, world.home, on=TODAY() + timedelta(days=1))


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_the_tree_moves_meanwhile():
    """Grids first, then rows, for everybody: else PostgreSQL finds a deadlock and one of them fails."""
    tree = Tree()
    people, world = cast.settle(tree), World(tree)
    corrected, keep, drop = (factories.member(tree.micro, world.home, f"李大{name}") for name in "甲乙丙")
    waits = transfer(
        **{"actor": people.stranger, "member_id": factories.member(tree.liangsan, world.there, "王小戊").pk},
        **{"to_organization_id": world.home.pk, "to_grid_code": tree.micro.code, "on": TODAY(), "reason": "搬家"},
    )
    held = threading.Event()

    def move() -> None:
        with transaction.atomic():
            tree_write_lock()
            locked(tree.wenyuan1.pk)
            held.set()
            time.sleep(0.4)
            move_grid(grid_id=tree.wenyuan1.pk, parent_id=tree.other_area.pk)

    facts = Facts(name="李大同", kind="REGISTERED")
    acts = [
        lambda actor: world.send(actor, grid=tree.micro2),
        lambda actor: accept_transfer(actor=actor, transfer_id=waits.pk),
        lambda actor: records.correct_member(actor=actor, member_id=corrected.pk, facts=facts, expected=None),
        lambda actor: merge_members(actor=actor, keep_id=keep.pk, drop_id=drop.pk, choose={"grid": "drop"}),
        lambda actor: move(),
    ]

    def act() -> None:
        close_old_connections()
        mine = acts.pop()
        if len(acts) < 4:
            held.wait(5)
        mine(factories.fresh(people.liaison))

    together(act, times=5)
    assert world.place()[1] == tree.micro2
    for row in (corrected, keep, drop):
        row.refresh_from_db()
    assert (corrected.name, drop.merged_into) == ("李大同", keep)
    assert set(PartyMember.objects.values_list("area", flat=True)) == {tree.other_area.pk}
