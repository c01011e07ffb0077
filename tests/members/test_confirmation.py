"""核实报到: whom the desk finds, what it makes of it, and what happens when two desks decide at once."""

import pytest
from django.urls import reverse

from grids.choices import Role
from liangcheng.common.exceptions import DomainError
from members import reporting
from members.choices import MemberKind, RegistrationKind, RegistrationState
from members.confirmation import confirm_member, confirm_unit, matches
from members.models import AccessLog, PartyMember, PartyOrganization, Registration, ResidentUnit
from tests import factories
from tests.common.together import together
from tests.factories import Tree
from tests.members.reporting import NAME, PHONE, code_of, confirmed, handed_in, link
from tests.people import People

USCC = "91310000MA1FL0AB1X"


class TestConfirming:
    def test_makes_the_member_at_the_micro_unit(self, people: People, tree: Tree):
        skill = factories.skill("法律")
        row = confirmed(people.liaison, link(people.liaison, tree.micro), skills=(skill.pk,), availability="周末")
        member = row.member
        assert (row.state, row.confirmed_by, row.grid) == (RegistrationState.CONFIRMED, people.liaison, tree.micro)
        assert (member.kind, member.grid, member.phone) == (MemberKind.IN_SERVICE, tree.micro, PHONE)
        assert ([each.name for each in member.skills.all()], member.availability) == (["法律"], "周末")
        # Once more is no second member, and no refusal.
        assert confirm_member(actor=people.head, registration_id=row.pk).confirmed_by == people.liaison
        assert PartyMember.objects.count() == 1

    def test_handed_in_at_the_neighbourhood_goes_to_a_micro_unit(self, people: People, tree: Tree):
        row = handed_in(link(people.liaison, tree.wenyuan1))
        branch = factories.organization(tree.wenyuan1)

        def confirm(code: str = "", actor=people.liaison) -> Registration:
            return confirm_member(actor=actor, registration_id=row.pk, grid_code=code, organization_id=branch.pk)

        assert code_of(confirm) == "wrong_grid"
        assert code_of(lambda: confirm(tree.academy.code)) == "not_permitted"
        assert code_of(lambda: confirm("nosuch")) == "unknown_grid"
        assert confirm(tree.micro2.code).micro_unit == tree.micro2
        assert PartyMember.objects.get().grid == tree.micro2

    def test_without_an_organization_nobody_is_made(self, people: People, tree: Tree):
        row = handed_in(link(people.liaison, tree.micro))
        elsewhere = factories.organization(tree.xiuyuan, "秀苑党总支")
        for organization_id in (None, elsewhere.pk):
            refused = code_of(
                lambda pk=organization_id: confirm_member(
                    actor=people.liaison, registration_id=row.pk, organization_id=pk
                )
            )
            assert refused == "organization_required"
        row.refresh_from_db()
        assert (row.state, PartyMember.objects.count()) == (RegistrationState.WAITING, 0)

    def test_where_they_work_besides_where_they_live(self, people: People, tree: Tree):
        home = confirmed(people.liaison, link(people.liaison, tree.micro))
        work = handed_in(link(people.stranger, tree.liangsan), tie="WORKS")
        micro = factories.grid("MICRO_UNIT", f"{tree.liangsan.code}001", "凉三微1", tree.liangsan)
        # The other desk does not see that member's page, but is told, masked, and leaves a row in the log.
        [found] = matches(people.stranger, work)
        assert (found.member, found.certain, found.in_scope) == (home.member, True, False)
        assert AccessLog.objects.filter(user=people.stranger, object_id=home.member_id).count() == 1
        done = confirm_member(
            actor=people.stranger, registration_id=work.pk, grid_code=micro.code, member_id=home.member_id
        )
        assert (done.member, done.grid) == (home.member, micro)
        assert PartyMember.objects.get().grid == tree.micro
        for desk, own in ((people.liaison, home), (people.stranger, done)):
            assert list(Registration.objects.visible_to(factories.fresh(desk))) == [own]

    def test_the_register_gets_what_it_did_not_know(self, people: People, tree: Tree):
        unit = factories.unit(tree.micro, "U1", "某设计院", kind="INSTITUTION")
        known = factories.member(tree.micro, factories.organization(tree.wenyuan1), NAME, phone="13700000001")
        row = handed_in(link(people.liaison, tree.micro), availability="周末")
        confirm_member(actor=people.liaison, registration_id=row.pk, member_id=known.pk, unit_code="U1")
        known.refresh_from_db()
        assert (known.phone, known.availability, known.unit) == ("13700000001", "周末", unit)
        other = factories.member(tree.micro, known.organization, "别人")
        second = handed_in(link(people.liaison, tree.micro), phone="13700000009")
        refused = code_of(lambda: confirm_member(actor=people.liaison, registration_id=second.pk, member_id=other.pk))
        assert refused == "unknown_member"

    def test_a_unit_is_linked_or_added_by_who_keeps_units(self, people: People, tree: Tree):
        at = link(people.liaison, tree.wenyuan1, RegistrationKind.UNIT)
        row = handed_in(at, unit_name="上海某商业公司", uscc=USCC.lower())

        def confirm(actor=people.liaison, **choice) -> Registration:
            return confirm_unit(actor=actor, registration_id=row.pk, **choice)

        assert code_of(confirm) == "unit_required"
        assert code_of(lambda: confirm(create=True)) == "not_permitted"
        assert code_of(lambda: confirm(unit_code="NOSUCH")) == "unknown_unit"
        done = confirm(people.area_liaison, create=True)
        assert (done.unit.name, done.unit.uscc, done.organization.unit) == ("上海某商业公司", USCC, done.unit)
        assert done.organization.name == "某设计院党支部"
        again = handed_in(at, unit_name="上海某商业公司", uscc=USCC)
        assert confirm_unit(actor=people.liaison, registration_id=again.pk, unit_code=done.unit.code).unit == done.unit
        clash = handed_in(at, unit_name="换个名字", uscc=USCC)
        refused = code_of(lambda: confirm_unit(actor=people.area_liaison, registration_id=clash.pk, create=True))
        assert refused == "unit_clash"
        assert ResidentUnit.objects.count() == 1

    def test_a_unit_by_its_page(self, client, people: People, tree: Tree):
        known = factories.unit(tree.micro, "U1", "某商业", kind="INSTITUTION")
        other = factories.unit(tree.micro, "U2", "全不相干的名称", kind="INSTITUTION")
        at = link(people.liaison, tree.wenyuan1, RegistrationKind.UNIT)
        rows = [handed_in(at, unit_name=name) for name in ("上海某商业公司", "百年老店", "百年老店")]
        pages = [reverse("members:registration_confirm", args=[row.pk]) for row in rows]
        client.force_login(people.liaison)
        # A name that the typed one holds is offered; nothing is made up where there is none.
        assert [code for code, _ in client.get(pages[0]).context["form"].fields["unit"].choices] == ["U1"]
        assert client.post(pages[0], {"unit": "U1"}).status_code == 302
        assert "请选择底册里的单位" in client.post(pages[1], {}).content.decode()
        assert client.post(pages[1], {"code": "U2"}).status_code == 302
        assert [row.unit for row in Registration.objects.order_by("pk")] == [known, other, None]
        client.force_login(people.area_liaison)
        assert client.get(pages[2]).context["form"]["unit"].initial == ""
        assert client.post(pages[2], {"unit": "+new"}).status_code == 302
        assert ResidentUnit.objects.filter(name="百年老店").count() == 1

    def test_a_certain_match_is_offered_and_nobody_new(self, client, people: People, tree: Tree):
        branch = factories.organization(tree.wenyuan1)
        known = factories.member(tree.micro2, branch, NAME, phone=PHONE)
        row = handed_in(link(people.liaison, tree.micro))
        client.force_login(people.liaison)
        form = client.get(reverse("members:registration_confirm", args=[row.pk])).context["form"]
        assert [value for value, _ in form.fields["member"].choices] == [str(known.pk)]


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_desks_make_one_member(self):
        """Eight at once, four on each of two registrations of one person at two grids: one member, all confirmed."""
        tree = Tree()
        liaison = factories.posted("liaison", tree.wenyuan1, Role.LIAISON)
        branch = factories.organization(tree.wenyuan1)
        rows = [handed_in(link(liaison, grid)) for grid in (tree.micro, tree.micro2)]
        waiting = [row.pk for row in rows for _ in range(4)]

        def confirm() -> None:
            confirm_member(actor=factories.fresh(liaison), registration_id=waiting.pop(), organization_id=branch.pk)

        together(confirm, times=8)
        member = PartyMember.objects.get()
        assert {row.member for row in Registration.objects.filter(state="CONFIRMED")} == {member}
        assert {row.grid for row in member.registrations.all()} == {tree.micro, tree.micro2}
        assert PartyOrganization.objects.count() == 1

    def test_confirmed_or_refused_but_not_both(self):
        tree = Tree()
        liaison = factories.posted("liaison", tree.wenyuan1, Role.LIAISON)
        branch = factories.organization(tree.wenyuan1)
        row = handed_in(link(liaison, tree.micro))
        acts = [
            lambda: confirm_member(actor=factories.fresh(liaison), registration_id=row.pk, organization_id=branch.pk),
            lambda: reporting.refuse(actor=factories.fresh(liaison), registration_id=row.pk, reason="x"),
        ]
        refused: list[str] = []

        def act() -> None:
            try:
                acts.pop()()
            except DomainError as error:
                refused.append(error.code)

        together(act, times=2)
        row.refresh_from_db()
        assert refused == ["wrong_state"]
        assert PartyMember.objects.count() == (1 if row.state == RegistrationState.CONFIRMED else 0)
