"""双报到 behind the desk: who may read and decide, what the pages show, and what goes again."""

from datetime import timedelta

import pytest
from django.urls import reverse

from grids.choices import PartyAccess, Role
from grids.models import Posting
from liangcheng.common import clock
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.jobs import JOBS
from members import letters, privacy, reporting
from members.choices import AccessKind, RegistrationKind, RegistrationState
from members.confirmation import confirm_member
from members.links import create_link, revoke_link
from members.models import AccessLog, Registration, RegistrationAttempt
from members.reporting_panels import member_section, unit_section
from tests import factories
from tests.factories import Tree
from tests.members.reporting import NAME, PHONE, code_of, confirmed, given, handed_in, link
from tests.people import People


class TestLinks:
    def test_by_the_desk_of_a_grid_that_takes_such_registrations(self, people: People, tree: Tree):
        assert len(link(people.liaison, tree.micro).token) == 32
        link(people.liaison, tree.wenyuan1, RegistrationKind.UNIT)
        link(people.dispatcher, tree.academy, RegistrationKind.UNIT)
        for actor, grid, kind, code in (
            (people.officer, tree.micro, RegistrationKind.MEMBER, "not_permitted"),
            (people.viewer, tree.micro, RegistrationKind.MEMBER, "not_permitted"),
            (people.stranger, tree.micro, RegistrationKind.MEMBER, "unknown_grid"),
            (people.liaison, tree.micro, RegistrationKind.UNIT, "wrong_grid"),
            (people.dispatcher, tree.area, RegistrationKind.MEMBER, "wrong_grid"),
        ):
            assert code_of(lambda a=actor, g=grid, k=kind: link(a, g, k)) == code
        far = clock.now().date() + timedelta(days=400)
        with pytest.raises(InvalidInput, match="366"):
            create_link(actor=people.liaison, grid_code=tree.micro.code, kind="MEMBER", expires_on=far)

    def test_stopped_by_the_desk_once(self, people: People, tree: Tree):
        made = link(people.liaison, tree.micro)
        assert code_of(lambda: revoke_link(actor=people.stranger, link_id=made.pk)) == "not_found"
        assert code_of(lambda: revoke_link(actor=people.officer, link_id=made.pk)) == "not_permitted"
        first = revoke_link(actor=people.liaison, link_id=made.pk)
        again = revoke_link(actor=people.head, link_id=made.pk)
        assert (again.revoked_at, again.revoked_by) == (first.revoked_at, people.liaison)


class TestRights:
    @pytest.mark.parametrize("who", ["stranger", "far_stranger", "officer2", "staff"])
    def test_a_stranger_finds_nothing(self, client, people: People, tree: Tree, who: str):
        row = handed_in(link(people.liaison, tree.micro))
        made = link(people.liaison, tree.micro)
        user = getattr(people, who)
        for act in (reporting.refuse, reporting.withdraw, reporting.reveal):
            with pytest.raises(NotVisible):
                act(actor=user, registration_id=row.pk, reason="x")
        with pytest.raises(NotVisible):
            confirm_member(actor=user, registration_id=row.pk)
        client.force_login(user)
        assert client.get(reverse("members:registration_list")).context["page"].paginator.count == 0
        for name in ("detail", "confirm", "refuse", "withdraw"):
            assert client.get(reverse(f"members:registration_{name}", args=[row.pk])).status_code == 404
        for name in ("poster", "qr"):
            assert client.get(reverse(f"members:link_{name}", args=[made.pk])).status_code == 404

    def test_readers_read_and_do_not_decide(self, client, people: People, tree: Tree):
        row = handed_in(link(people.liaison, tree.micro))
        unit = handed_in(link(people.liaison, tree.wenyuan1, RegistrationKind.UNIT))
        # A unit's registration says nothing about a person's membership.
        assert list(Registration.objects.visible_to(people.viewer)) == [unit]
        Posting.objects.filter(user=people.viewer).update(party_access=PartyAccess.ALLOWED)
        reader = factories.fresh(people.viewer)
        for act in (reporting.refuse, reporting.withdraw, reporting.reveal):
            with pytest.raises(NotPermitted):
                act(actor=reader, registration_id=row.pk, reason="x")
        client.force_login(reader)
        shown = client.get(reverse("members:registration_detail", args=[row.pk])).content.decode()
        assert "欧***" in shown
        assert "核实报到" not in shown
        assert client.get(reverse("members:registration_confirm", args=[row.pk])).status_code == 403
        assert client.get(reverse("members:registration_new")).status_code == 403
        assert client.get(reverse("members:link_list")).status_code == 403

    def test_the_member_is_a_link_for_whoever_may_read_the_member(self, client, people: People, tree: Tree):
        row = handed_in(link(people.liaison, tree.micro))
        member = factories.member(tree.micro2, factories.organization(tree.wenyuan1), "欧阳明日")
        Registration.objects.filter(pk=row.pk).update(member=member)
        ann = factories.user("ann")
        here, there = (factories.posting(ann, grid, Role.VIEWER) for grid in (tree.micro, tree.micro2))
        Posting.objects.filter(pk=here.pk).update(party_access=PartyAccess.ALLOWED)
        page = reverse("members:registration_detail", args=[row.pk])
        address = reverse("members:member_detail", args=[member.pk])
        for access, linked in ((PartyAccess.DENIED, False), (PartyAccess.ALLOWED, True)):
            Posting.objects.filter(pk=there.pk).update(party_access=access)
            client.force_login(factories.fresh(ann))
            assert (f'"{address}"' in client.get(page).content.decode()) is linked
            assert client.get(address).status_code == (200 if linked else 404)

    def test_a_desk_without_the_right_to_read_members_enters_none(self, people: People, tree: Tree):
        Posting.objects.filter(user=people.liaison).update(party_access=PartyAccess.DENIED)
        liaison = factories.fresh(people.liaison)
        enter = {"actor": liaison, "grid_code": tree.micro.code, "given": given()}
        assert code_of(lambda: reporting.enter(kind="MEMBER", **enter)) == "not_permitted"
        enter |= {"grid_code": tree.wenyuan1.code}
        assert reporting.enter(kind="UNIT", **enter).entered_by == liaison

    def test_whole_name_only_after_a_reason_and_logged(self, client, people: People, tree: Tree):
        row = handed_in(link(people.liaison, tree.micro))
        client.force_login(people.liaison)
        pages = [client.get(reverse(f"members:registration_{name}")) for name in ("list",)]
        pages += [
            client.get(reverse(f"members:registration_{n}", args=[row.pk])) for n in ("detail", "confirm", "refuse")
        ]
        for page in pages:
            assert NAME not in page.content.decode()
            assert PHONE not in page.content.decode()
        address = reverse("members:registration_reveal", args=[row.pk])
        assert NAME not in client.post(address, {"reason": ""}).content.decode()
        assert not AccessLog.objects.exists()
        for reason in (f"打{PHONE}", f"找{NAME}"):
            assert "使用记录要长期保留" in client.post(address, {"reason": reason}).content.decode()
        assert not AccessLog.objects.exists()
        shown = client.post(address, {"reason": "电话核实"})
        assert PHONE in shown.content.decode()
        assert "no-store" in shown["Cache-Control"]
        log = AccessLog.objects.get()
        assert (log.kind, log.register, log.object_id) == (AccessKind.REVEALED, "registration", row.pk)


class TestEndings:
    def test_refused_and_withdrawn_with_a_reason(self, people: People, tree: Tree):
        at = link(people.liaison, tree.micro)
        row = handed_in(at)
        assert code_of(lambda: reporting.refuse(actor=people.liaison, registration_id=row.pk, reason=" ")) == (
            "missing_reason"
        )
        done = reporting.refuse(actor=people.liaison, registration_id=row.pk, reason="查无此人")
        assert (done.state, done.closed_by) == (RegistrationState.REFUSED, people.liaison)
        factories.organization(tree.wenyuan1)
        assert code_of(lambda: confirm_member(actor=people.liaison, registration_id=row.pk)) == "wrong_state"
        assert code_of(lambda: reporting.withdraw(actor=people.liaison, registration_id=row.pk, reason="x")) == (
            "wrong_state"
        )
        gone = confirmed(people.liaison, at)
        assert code_of(lambda: reporting.refuse(actor=people.liaison, registration_id=gone.pk, reason="x")) == (
            "wrong_state"
        )
        assert reporting.withdraw(actor=people.liaison, registration_id=gone.pk, reason="搬走").member is not None

    def test_personal_data_goes_after_the_days(self, people: People, tree: Tree, settings):
        settings.REGISTRATION_KEEP_DAYS = 90
        at = link(people.liaison, tree.micro)
        refused, kept, young = (
            handed_in(at, skills=(factories.skill().pk,)),
            confirmed(people.liaison, at),
            handed_in(at),
        )
        with clock.at(clock.now() - timedelta(days=91)):
            reporting.refuse(actor=people.liaison, registration_id=refused.pk, reason=f"{NAME}查无此人")
        reporting.withdraw(actor=people.liaison, registration_id=young.pk, reason="搬走")
        RegistrationAttempt.objects.update(at=clock.now() - timedelta(days=2))
        JOBS["members.forget_closed_registrations"].run()
        refused.refresh_from_db()
        personal = ("name", "phone", "unit_name", "organization_name", "availability", "remark", "reason")
        assert {getattr(refused, field) for field in personal} == {""}
        assert (refused.erased_at is not None, refused.skills.count()) == (True, 0)
        assert {row.name for row in Registration.objects.filter(pk__in=(kept.pk, young.pk))} == {NAME}
        assert not RegistrationAttempt.objects.exists()
        assert reporting.forget_closed() == 0
        assert reporting.erase_of_member(kept.member_id) == 1

    def test_an_erased_one_is_neither_confirmed_nor_reported(self, client, people: People, tree: Tree):
        at = link(people.liaison, tree.micro)
        told, erased = confirmed(people.liaison, at), handed_in(at, phone="13900000009")
        order = {
            "actor": people.street_head,
            "subject": privacy.subject_of(name=NAME, phone="13900000009"),
            "tokens": [f"registration:{erased.pk}"],
            "reason": "本人申请",
        }
        with pytest.raises(DomainError, match="请先核实或退回"):
            privacy.erase_rows(**order)
        reporting.erase([told.pk, erased.pk])
        assert Registration.objects.get(pk=erased.pk).updated_at > erased.updated_at
        assert code_of(lambda: confirm_member(actor=people.liaison, registration_id=erased.pk)) == "erased"
        assert letters.unreported(people.liaison) == []
        assert code_of(lambda: letters.issue_result(actor=people.liaison, registration_ids=[told.pk])) == "erased"
        client.force_login(people.liaison)
        page = client.get(reverse("members:registration_detail", args=[told.pk])).content.decode()
        assert "个人信息已删除" in page
        assert "（）" not in page
        # What still waits for the desk can be closed.
        reporting.refuse(actor=people.liaison, registration_id=erased.pk, reason="已删除")
        left = Registration.objects.get(pk=erased.pk)
        assert (left.state, left.name) == ("REFUSED", "")


class TestDesk:
    def test_entered_listed_found_confirmed_by_the_pages(self, client, people: People, tree: Tree):
        branch = factories.organization(tree.wenyuan1)
        client.force_login(people.liaison)
        address = reverse("members:registration_new")
        typed = {"name": NAME, "phone": "1390000", "tie": "LIVES", "unit_name": "某设计院", "grid": tree.micro.code}
        again = client.post(address, typed)
        assert again.context["form"].errors.keys() == {"phone", "consent"}
        assert 'value="某设计院"' in again.content.decode()
        made = client.post(address, typed | {"phone": "１３９００００５６７８", "consent": "on"})
        row = Registration.objects.get()
        assert made["Location"] == reverse("members:registration_detail", args=[row.pk])
        assert (row.phone, row.source, row.entered_by) == (PHONE, "DESK", people.liaison)
        todo = client.get(reverse("cases:workbench")).content.decode()
        assert "待核实报到" in todo
        confirm = reverse("members:registration_confirm", args=[row.pk])
        page = client.get(confirm)
        assert page.context["form"]["member"].initial == "new"
        done = client.post(confirm, {"member": "new", "grid": tree.micro.code, "organization": branch.pk})
        assert done.status_code == 302
        assert "待核实报到" not in client.get(reverse("cases:workbench")).content.decode()
        for params, count in (
            ({"state": "WAITING"}, 0),
            ({"state": "CONFIRMED", "kind": "MEMBER", "grid": tree.micro.code, "year": str(clock.now().year)}, 1),
            ({"q": row.number}, 1),
            ({"q": "设计院 欧阳"}, 1),
            ({"grid": tree.micro2.code}, 0),
            ({"year": "2001"}, 0),
        ):
            found = client.get(reverse("members:registration_list"), params)
            assert found.context["page"].paginator.count == count, params
        wrong = client.get(reverse("members:registration_list"), {"state": "NOSUCH"})
        assert wrong.context["errors"]
        assert list(wrong.context["page"]) == []

    def test_waiting_ones_stand_first(self, client, people: People, tree: Tree):
        at = link(people.liaison, tree.micro)
        waiting, done = handed_in(at), confirmed(people.liaison, at, name="另一位", phone="13900000002")
        client.force_login(people.liaison)
        assert list(client.get(reverse("members:registration_list")).context["page"]) == [waiting, done]

    def test_the_admin_only_shows(self, client, people: People, tree: Tree):
        row = handed_in(link(people.liaison, tree.micro))
        people.liaison.is_staff = True
        people.liaison.save()
        client.force_login(people.liaison)
        for model in ("registration", "registrationlink", "letter"):
            assert client.get(f"/admin/members/{model}/").status_code == 200
            assert client.get(f"/admin/members/{model}/add/").status_code == 403
        shown = client.get(f"/admin/members/registration/{row.pk}/change/").content.decode()
        assert PHONE not in shown
        link_page = client.get(f"/admin/members/registrationlink/{row.link_id}/change/").content.decode()
        assert row.link.token not in link_page


class TestSections:
    def test_of_a_unit_and_of_a_member(self, people: People, tree: Tree, statements):
        unit = factories.unit(tree.micro, "U1", "某设计院", kind="INSTITUTION")
        assert unit_section(people.liaison, unit) is None
        row = confirmed(people.liaison, link(people.liaison, tree.micro))
        Registration.objects.update(unit=unit)
        with statements(4):
            panel = unit_section(people.liaison, unit)
        assert (panel.context["registered"], panel.context["unreported"]) == (1, 1)
        with statements(2):
            panel = member_section(people.liaison, row.member)
        assert panel.context["registrations"] == [row]
        assert unit_section(people.viewer, unit) is None
        assert member_section(people.stranger, row.member) is None
        assert member_section(people.liaison, factories.contact(tree.micro)) is None


@pytest.mark.parametrize("size", [5, 60])
def test_pages_cost_the_same_at_every_size(client, people: People, tree: Tree, statements, size: int):
    branch = factories.organization(tree.wenyuan1)
    factories.member(tree.micro, branch, "测试一", phone=PHONE)
    row = handed_in(link(people.liaison, tree.micro))
    path = {"grid_id": tree.micro.pk, **row.path_ids()}
    Registration.objects.bulk_create(
        Registration(
            number=f"X{n}",
            kind="MEMBER",
            name="测试",
            phone=PHONE,
            unit_name=f"单位{n}",
            consent_at=clock.now(),
            **path,
        )
        for n in range(size)
    )
    client.force_login(people.liaison)
    for name, most, args in (
        ("members:registration_list", 8, []),
        ("members:registration_detail", 8, [row.pk]),
        ("members:registration_confirm", 13, [row.pk]),
        ("members:link_list", 8, []),
        ("cases:workbench", 12, []),
    ):
        with statements(most):
            assert client.get(reverse(name, args=args)).status_code == 200
