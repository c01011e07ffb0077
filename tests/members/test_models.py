"""What the registers' rows refuse by themselves."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from liangcheng.common.exceptions import DomainError
from members.access import log_access, log_list
from members.choices import AccessKind, UnitKind
from members.models import (
    AccessLog,
    BuildingAlias,
    ChairTerm,
    Nomination,
    PartyMember,
    ResidentContact,
    ResidentUnit,
    Team,
    TeamMember,
    Transfer,
    Venue,
)
from tests import factories
from tests.factories import Tree
from tests.people import People

pytestmark = pytest.mark.django_db
USCC = "91310109MA1G5WXK21"


def with_check_digit(first: str) -> str:
    """17 characters and the right 18th (GB 32100-2015)."""
    alphabet, weights = (
        "0123456789ABCDEFGHJKLMNPQRTUWXY",
        (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28),
    )
    total = sum(alphabet.index(character) * weight for character, weight in zip(first, weights, strict=True))
    return first + alphabet[(31 - total % 31) % 31]


def test_a_unit_has_the_facts_of_its_kind_only(tree: Tree) -> None:
    shop = factories.unit(tree.micro, kind=UnitKind.SHOP, owners_committee="ELECTED")
    with pytest.raises(ValidationError) as refusal:
        shop.full_clean()
    assert list(refusal.value.message_dict) == ["owners_committee"]


def test_a_credit_code_is_checked_and_unique_in_a_street(tree: Tree) -> None:
    right = with_check_digit(USCC[:17])
    unit = factories.unit(tree.micro, kind=UnitKind.INSTITUTION, uscc=f" {right.lower()} ")
    assert unit.uscc == right
    unit.full_clean()
    unit.uscc = right[:-1] + ("0" if right[-1] != "0" else "1")
    with pytest.raises(ValidationError, match="校验位"):
        unit.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.unit(tree.xiuyuan, kind=UnitKind.SHOP, uscc=right)


def test_a_unit_on_the_border_is_seen_from_both_sides(tree: Tree, people: People) -> None:
    unit = factories.unit(tree.micro, second_grid=tree.liangsan)
    for who, sees in (("officer", True), ("stranger", True), ("officer2", False), ("far_stranger", False)):
        assert ResidentUnit.objects.visible_to(getattr(people, who)).filter(pk=unit.pk).exists() is sees, who


def test_one_person_per_line_one_leader_per_team(tree: Tree) -> None:
    team = factories.team(tree.micro)
    assert isinstance(team, Team)
    someone, other = factories.contact(tree.micro, "王阿姨"), factories.contact(tree.micro, "李阿姨")
    TeamMember.objects.create(team=team, contact=someone, is_leader=True)
    for wrong in ({"contact": other, "is_leader": True}, {"contact": someone}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            TeamMember.objects.create(team=team, **wrong)
    assert str(team.people.get()) == "王**"


def test_one_main_venue_per_neighbourhood(tree: Tree) -> None:
    first = factories.venue(tree.wenyuan1, is_main=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.venue(tree.micro, "另一处", is_main=True)
    Venue.objects.filter(pk=first.pk).update(is_active=False)
    factories.venue(tree.micro, "另一处", is_main=True)
    factories.venue(tree.liangsan, "凉三", is_main=True)


def test_an_alias_stands_once_in_a_street(tree: Tree) -> None:
    unit = factories.unit(tree.micro)
    one, two = factories.building(tree.micro, unit), factories.building(tree.micro, unit)
    alias = BuildingAlias.objects.create(building=one, road="水电路", lane="１２", number="3")
    assert (alias.lane, str(alias)) == ("12", "水电路12弄3号")
    with pytest.raises(IntegrityError), transaction.atomic():
        BuildingAlias.objects.create(building=two, road="水电路", lane="12", number="3")


def test_terms_and_nominations_hold_their_shape(tree: Tree, people: People) -> None:
    unit = factories.unit(tree.micro)
    with pytest.raises(IntegrityError), transaction.atomic():
        ChairTerm.objects.create(grid=tree.street, unit=unit, starts_on=date(2026, 2, 1), ends_on=date(2026, 1, 1))
    term = ChairTerm.objects.create(grid=tree.street, unit=unit, starts_on=date(2026, 1, 1), ends_on=date(2026, 6, 30))
    assert list(ChairTerm.objects.current(date(2026, 6, 30))) == [term]
    assert not ChairTerm.objects.current(date(2026, 7, 1)).exists()
    wanted = {"unit": unit, "grid": tree.micro, "nominee_name": "王小明", "entered_by": people.liaison}
    Nomination.objects.create(**wanted)
    with pytest.raises(IntegrityError), transaction.atomic():
        Nomination.objects.create(**wanted)


def test_the_access_log_is_only_added_to(tree: Tree, people: People) -> None:
    member = factories.member(tree.micro, factories.organization(tree.wenyuan1), "欧阳明日")
    entry = log_access(people.liaison, AccessKind.OPENED, member, reason="走访")
    log_list(people.liaison, AccessKind.EXPORTED, PartyMember, 3)
    assert (entry.community, entry.object_id) == (tree.street, member.pk)
    for wrong in (
        entry.save,
        entry.delete,
        AccessLog.objects.all().delete,
        lambda: AccessLog.objects.update(reason=""),
    ):
        with pytest.raises(DomainError):
            wrong()
    counts = {
        who: AccessLog.objects.visible_to(getattr(people, who)).count() for who in ("liaison", "head", "dispatcher")
    }
    assert counts == {"liaison": 2, "head": 0, "dispatcher": 2}


def test_transfers_are_read_with_the_right_to_members(tree: Tree, people: People) -> None:
    branch = factories.organization(tree.wenyuan1)
    member = factories.member(tree.micro, branch)
    Transfer.objects.create(
        grid=tree.micro,
        member=member,
        from_organization=branch,
        to_organization=branch,
        from_grid=tree.micro,
        on=date(2026, 1, 1),
        by=people.liaison,
    )
    assert Transfer.objects.visible_to(people.liaison).count() == 1
    assert Transfer.objects.visible_to(people.officer).count() == 0


@pytest.mark.parametrize("name", ["王", "王1", "", "a" * 31, "王 ·", "·王明", "13800138000"])
def test_what_is_no_name(tree: Tree, name: str) -> None:
    person = ResidentContact(grid=tree.micro, name=name)
    with pytest.raises(ValidationError) as refusal:
        person.full_clean()
    assert "name" in refusal.value.message_dict


@pytest.mark.parametrize("name", ["王明", "阿卜杜拉·买买提", "欧阳明日", "㐂田", "Anne-Marie Smith", "𠮷野"])
def test_what_is_a_name(tree: Tree, name: str) -> None:
    factories.contact(tree.micro, name).full_clean()
