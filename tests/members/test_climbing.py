"""登高计划: the seven items, levels within bounds, who sets and who reads them, roll-up to the 党总支."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from grids.choices import PartyAccess
from grids.models import Posting
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from members import climbing, deeds
from members.choices import AccessKind
from members.climb_report import overview
from members.climbing import Reached
from members.dossier import sections
from members.models import AccessLog, ClimbEntry, ClimbItem
from tests import factories
from tests.cases.web import browser, stray_english
from tests.factories import Tree
from tests.people import People


def reached(level: int, note: str = "", days: int = 0) -> Reached:
    return Reached(level, timezone.localdate() + timedelta(days=days), note)


@pytest.fixture
def folk(people: People, tree: Tree) -> People:
    """A 党总支 with a 党支部 that has two members, and one member of its own."""
    climbing.seed_items(tree.street)
    people.items = list(ClimbItem.objects.all())
    people.general = factories.organization(tree.wenyuan1)
    people.branch = factories.organization(tree.wenyuan1, "第一党支部", kind="BRANCH", parent=people.general)
    people.one = factories.member(tree.micro, people.branch, "欧阳明日", user=people.officer)
    people.two = factories.member(tree.micro2, people.branch, "李小测")
    people.three = factories.member(tree.micro, people.general, "孙三")
    return people


def climb(actor, member, item, level: int, **more) -> ClimbEntry:
    return climbing.set_level(
        actor=actor, member_id=member.pk, item_id=item.pk, reached=reached(level, more.pop("note", "")), **more
    )


class TestRules:
    def test_seven_items_once(self, folk: People, tree: Tree):
        assert [item.position for item in folk.items] == [1, 2, 3, 4, 5, 6, 7]
        assert all(item.assumed and item.meaning_of(item.steps) for item in folk.items)
        assert climbing.seed_items(tree.street) == 0

    def test_levels_stay_within_bounds_and_history_is_kept(self, folk: People):
        item = folk.items[0]
        for level in (-1, item.steps + 1):
            with pytest.raises(InvalidInput, match="级数请填"):
                climb(folk.liaison, folk.one, item, level)
        with pytest.raises(InvalidInput, match="不能晚于今天"):
            climbing.set_level(actor=folk.liaison, member_id=folk.one.pk, item_id=item.pk, reached=reached(1, days=1))
        entry = climb(folk.liaison, folk.one, item, 2)
        with pytest.raises(InvalidInput, match="写明原因"):
            climb(folk.liaison, folk.one, item, 1)
        climb(folk.liaison, folk.one, item, 1, note="登记有误", expected_version=1)
        with pytest.raises(StaleObject):
            climb(folk.liaison, folk.one, item, 3, expected_version=1)
        assert list(entry.history.order_by("history_id").values_list("level", flat=True)) == [2, 1]

    def test_by_the_desk_with_the_right_to_read_members(self, folk: People):
        item = folk.items[0]
        for stranger in (folk.stranger, folk.far_stranger, folk.viewer, folk.officer, folk.staff):
            with pytest.raises(NotVisible):
                climb(stranger, folk.two, item, 1)
        Posting.objects.filter(user=folk.inspector).update(party_access=PartyAccess.ALLOWED)
        with pytest.raises(NotPermitted):
            climb(folk.inspector, folk.two, item, 1)
        Posting.objects.filter(user=folk.head).update(party_access=PartyAccess.DENIED)
        with pytest.raises(NotVisible):
            climb(folk.head, folk.two, item, 1)
        assert climb(folk.area_head, folk.two, item, 1).by == folk.area_head

    def test_free_items(self, folk: People):
        entry = climbing.add_free_item(actor=folk.liaison, member_id=folk.one.pk, title="学急救", steps=2)
        with pytest.raises(InvalidInput, match="已有"):
            climbing.add_free_item(actor=folk.liaison, member_id=folk.one.pk, title="学急救")
        with pytest.raises(InvalidInput):
            climbing.set_free_level(actor=folk.liaison, entry_id=entry.pk, reached=reached(3))
        with pytest.raises(NotVisible):
            climbing.set_free_level(actor=folk.stranger, entry_id=entry.pk, reached=reached(1))
        assert climbing.set_free_level(actor=folk.liaison, entry_id=entry.pk, reached=reached(2)).level == 2
        assert not climbing.retire_free_item(actor=folk.liaison, entry_id=entry.pk).is_active
        assert climbing.add_free_item(actor=folk.liaison, member_id=folk.one.pk, title="学急救", steps=1).steps == 2
        for number in range(9):
            climbing.add_free_item(actor=folk.liaison, member_id=folk.one.pk, title=f"第{number}项")
        with pytest.raises(DomainError, match="最多"):
            climbing.add_free_item(actor=folk.liaison, member_id=folk.one.pk, title="再一项")

    def test_the_office_keeps_the_items(self, folk: People):
        item = folk.items[0]
        climb(folk.liaison, folk.one, item, 3)
        item.steps = 2
        item.meanings = ""
        with pytest.raises(ValidationError, match="已有党员登到第 3 级"):
            item.full_clean()
        item.steps, item.meanings = 3, "一\n二\n三\n四"
        with pytest.raises(ValidationError, match="多于级数"):
            item.full_clean()
        with pytest.raises(NotPermitted):
            climbing.retire_item(actor=folk.liaison, item_id=item.pk)
        climbing.retire_item(actor=folk.dispatcher, item_id=item.pk)
        assert len(overview(factories.fresh(folk.liaison))[0]) == 6
        with pytest.raises(InvalidInput, match="已停用"):
            climb(folk.liaison, folk.one, item, 3)

    def test_items_in_the_admin(self, folk: People):
        for person, status in ((folk.dispatcher, 200), (folk.liaison, 403)):
            person.is_staff = True
            person.save()
            assert browser(person).get("/admin/members/climbitem/add/").status_code == status
        for name in ("servicerecord", "offer", "claim", "climbentry"):
            assert browser(folk.dispatcher).get(f"/admin/members/{name}/").status_code == 200
            assert browser(folk.dispatcher).get(f"/admin/members/{name}/add/").status_code == 403


class TestNumbers:
    def test_roll_up_to_the_general_branch(self, folk: People, statements):
        first = folk.items[0]
        climb(folk.liaison, folk.one, first, 3)
        climb(folk.liaison, folk.two, first, 1)
        reader = factories.fresh(folk.liaison)
        with statements(5):
            items, lines = overview(reader)
        found = {line.organization: (line.members, line.depth, line.cells(items)[0][1:]) for line in lines}
        assert found[folk.general] == (3, 0, (2, Decimal("1.3")))
        assert found[folk.branch] == (2, 1, (2, Decimal("2.0")))

    def test_members_whose_organization_lies_elsewhere_are_not_lost(self, folk: People, tree: Tree):
        far = factories.organization(tree.xiuyuan)
        factories.member(tree.micro, far, "周外来")
        _, lines = overview(folk.liaison)
        assert [(line.organization, line.members) for line in lines][-1] == (None, 1)


class TestPages:
    def test_setting_a_level_by_page(self, folk: People):
        desk, item = browser(folk.liaison), folk.items[0]
        address = reverse("members:climb_member", args=[folk.one.pk])
        form = {"mark": f"item-{item.pk}", "version": "0", "level": "2", "on": timezone.localdate().isoformat()}
        assert desk.post(address, form).status_code == 302
        assert "刚刚被别人更新" in desk.post(address, form | {"level": "3"}).content.decode()
        assert "请选择级数" in desk.post(address, form | {"version": "1", "level": "9"}).content.decode()
        assert desk.post(address, {"mark": "free", "title": "学急救", "steps": "2"}).status_code == 302
        entry = ClimbEntry.objects.get(title="学急救")
        own = form | {"mark": f"entry-{entry.pk}", "version": "1", "level": "1"}
        assert desk.post(address, own).status_code == 302
        for mark in ("item-x", "nosuch-1", f"entry-{entry.pk + 99}", f"item-{10**17}"):
            assert desk.post(address, form | {"mark": mark}).status_code == 404
        for page in (address, reverse("members:climb"), reverse("members:climb_organization", args=[folk.general.pk])):
            seen = desk.get(page).content.decode()
            assert "欧阳明日" not in seen
            assert not stray_english(seen), page
        assert "2/3" in seen

    @pytest.mark.parametrize("who", ["stranger", "far_stranger", "viewer", "officer", "staff"])
    def test_a_stranger_finds_nothing(self, folk: People, who: str):
        strange = browser(getattr(folk, who))
        assert strange.get(reverse("members:climb")).context["lines"] == []
        for address in (
            reverse("members:climb_organization", args=[folk.branch.pk]),
            reverse("members:climb_member", args=[folk.one.pk]),
        ):
            assert strange.get(address).status_code == 404
            assert strange.post(address, {"mark": "free", "title": "x"}).status_code == 404

    def test_printing_is_written_down(self, folk: People):
        address = reverse("members:climb_organization", args=[folk.general.pk])
        assert browser(folk.liaison).get(address, {"print": "1"}).status_code == 200
        logged = AccessLog.objects.get(kind=AccessKind.PRINTED)
        assert (logged.user, logged.number_of_rows) == (folk.liaison, 3)

    def test_sections_of_a_persons_page(self, folk: People, statements):
        climb(folk.liaison, folk.one, folk.items[0], 1)
        reader = factories.fresh(folk.liaison)
        assert {"志愿服务", "登高计划"} <= {panel.title for panel in sections(reader, folk.one)}
        with statements(5):
            own = (deeds.services_section, deeds.claims_section, deeds.climb_section)
            shown = [panel.title for section in own if (panel := section(reader, folk.one))]
        assert shown == ["志愿服务", "登高计划"]

    @pytest.mark.parametrize("size", [5, 100])
    def test_the_price(self, folk: People, tree: Tree, statements, size: int):
        for number in range(size):
            each = factories.member(tree.micro, folk.branch, f"党员{number}")
            ClimbEntry.objects.create(member=each, item=folk.items[number % 7], level=1, by=folk.liaison)
        desk = browser(folk.liaison)
        for address, most in (
            (reverse("members:climb"), 7),
            (reverse("members:climb_organization", args=[folk.general.pk]), 10),
            (reverse("members:climb_member", args=[folk.one.pk]), 8),
        ):
            with statements(most):
                assert desk.get(address).status_code == 200
