"""A person's rights in their data: shown whole for a reason, handed out, corrected, erased; and who used what."""

import logging
from base64 import b64encode
from datetime import timedelta
from io import StringIO
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grids.choices import PartyAccess
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.identity import check_character
from members import identity, privacy, revealing
from members.access import forget_old_uses
from members.choices import AccessKind
from members.models import AccessLog, IdentityNumber, PartyMember, ResidentContact
from tests import factories
from tests.factories import Tree
from tests.people import People

KEY, OTHER_KEY = (b64encode(Random(seed).randbytes(32)).decode() for seed in (1, 2))
NAME, PHONE, OLD_NAME, OLD_PHONE = "欧阳明日", "13000005678", "欧阳旧名", "13000004321"
NUMBER = "31010919850101001" + check_character("31010919850101001")
WHY = "本人持证件到街道申请"


@pytest.fixture
def numbers(settings) -> None:
    """Identity numbers switched on."""
    settings.IDENTITY_NUMBERS, settings.IDENTITY_KEY, settings.IDENTITY_KEYS_OLD = True, KEY, []


@pytest.fixture
def member(tree: Tree) -> PartyMember:
    """Somebody with a past: another name and number before."""
    branch = factories.organization(tree.wenyuan1)
    found = factories.member(tree.micro, branch, OLD_NAME, phone=OLD_PHONE, skills=["电工"], note=f"{NAME}的备注")
    found.name, found.phone, found.availability = NAME, PHONE, "周末"
    found.save()
    return found


@pytest.fixture
def contact(tree: Tree) -> ResidentContact:
    return factories.contact(tree.micro, "王阿妹", phone="13000001111")


def test_a_refusal_keeps_no_number(settings, people: People, member: PartyMember):
    """A shared exception keeps the frames of every raise, and what was typed in them."""
    settings.IDENTITY_NUMBERS, settings.IDENTITY_KEY, settings.IDENTITY_KEYS_OLD = False, KEY, []
    caught = []
    for on in (False, False, True, True):
        if on and not settings.IDENTITY_NUMBERS:
            settings.IDENTITY_NUMBERS = True
            twin = factories.member(member.grid, member.organization, "同号")
            identity.set_identity_number(actor=people.head, member_id=twin.pk, number=NUMBER)
        with pytest.raises(DomainError) as refused:
            identity.set_identity_number(actor=people.head, member_id=member.pk, number=NUMBER)
        caught.append(refused.value)
    assert len(set(map(id, caught))) == 4


def signed(client: Client, user: User) -> Client:
    client.force_login(factories.fresh(user))
    return client


def uses(kind: str = "") -> list[AccessLog]:
    rows = AccessLog.objects.order_by("pk")
    return list(rows.filter(kind=kind) if kind else rows)


class TestReveal:
    @pytest.mark.parametrize("who", ["liaison", "head", "area_liaison", "dispatcher"])
    def test_the_desk_sees_a_member_whole_once_and_on_record(self, client, people: People, member, who: str):
        signed(client, getattr(people, who))
        address = reverse("members:member_reveal", args=[member.pk])
        assert address in client.get(reverse("members:member_detail", args=[member.pk])).content.decode()
        assert NAME not in client.get(address).content.decode()
        shown = client.post(address, {"reason": "通知周六志愿服务"})
        assert NAME in shown.content.decode()
        assert PHONE in shown.content.decode()
        assert "no-store" in shown["Cache-Control"]
        # Having opened the page is noted as well.
        assert [use.kind for use in uses()] == [AccessKind.OPENED, AccessKind.REVEALED]
        (use,) = uses(AccessKind.REVEALED)
        assert (use.user, use.kind, use.register, use.object_id) == (
            getattr(people, who),
            AccessKind.REVEALED,
            "partymember",
            member.pk,
        )
        assert (use.reason, use.grid_id) == ("通知周六志愿服务", member.grid_id)

    @pytest.mark.parametrize(
        "reason", ["", "  ", "长" * 81, f"找{NAME}", f"打{PHONE}", f"查 {NUMBER}", "回电138 1234 5678"]
    )
    def test_no_reason_or_one_that_names_somebody_shows_nothing(self, client, people: People, member, reason: str):
        signed(client, people.liaison)
        answer = client.post(reverse("members:member_reveal", args=[member.pk]), {"reason": reason})
        assert PHONE not in answer.content.decode().replace(reason, "")
        assert answer.context["form"].errors
        assert uses() == []

    def test_who_may_not(self, client, people: People, member, contact):
        reader = people.viewer
        reader.postings.update(party_access=PartyAccess.ALLOWED)
        people.head.postings.update(party_access=PartyAccess.DENIED)
        for who, status in (("viewer", 403), ("officer", 404), ("head", 404), ("stranger", 404), ("staff", 404)):
            signed(client, getattr(people, who))
            assert (
                client.post(reverse("members:member_reveal", args=[member.pk]), {"reason": WHY}).status_code == status
            )
        # A contact: the desk, and the officers of the same micro-unit.
        for who, status in (("officer", 200), ("liaison", 200), ("officer2", 404), ("viewer", 403), ("inspector", 403)):
            signed(client, getattr(people, who))
            answer = client.post(reverse("members:contact_reveal", args=[contact.pk]), {"reason": WHY})
            assert answer.status_code == status, who
            assert ("13000001111" in answer.content.decode()) == (status == 200)
        for refused in (people.viewer, people.head, people.stranger):
            with pytest.raises((NotPermitted, NotVisible)):
                privacy.reveal(actor=factories.fresh(refused), person=member, reason=WHY)
        assert len(uses()) == 2


class TestIdentityNumber:
    def test_off_it_is_nowhere(self, client, people: People, member, settings):
        assert settings.IDENTITY_NUMBERS is False
        signed(client, people.head)
        assert client.get(reverse("members:member_identity", args=[member.pk])).status_code == 404
        assert client.post(reverse("members:member_identity", args=[member.pk]), {"number": NUMBER}).status_code == 404
        for address in (reverse("members:member_detail", args=[member.pk]), reverse("members:privacy")):
            assert "身份证" not in signed(client, people.street_head).get(address).content.decode()
        for act in (
            lambda: identity.set_identity_number(actor=people.head, member_id=member.pk, number=NUMBER),
            lambda: identity.read_identity_number(actor=people.head, member_id=member.pk, reason=WHY),
            lambda: privacy.reveal(actor=people.head, person=member, reason=WHY, with_identity=True),
        ):
            with pytest.raises(NotVisible):
                act()
        assert not IdentityNumber.objects.exists()
        assert uses(AccessKind.REVEALED) == []

    def test_written_by_the_desk_read_by_the_head(self, client, people: People, member, numbers, caplog):
        caplog.set_level(logging.DEBUG)
        page = reverse("members:member_identity", args=[member.pk])
        wrong = signed(client, people.liaison).post(page, {"number": NUMBER[:-1] + "X"})
        assert "校验位不符" in wrong.content.decode()
        assert client.post(page, {"number": NUMBER[:6] + " " + NUMBER[6:].lower()}).status_code == 302
        assert "310***********" in client.get(page).content.decode()
        assert NUMBER not in client.get(page).content.decode()
        stored = IdentityNumber.objects.get()
        assert NUMBER not in stored.sealed + stored.digest + str(stored) + repr(stored)
        assert not any("identity" in field.name for field in PartyMember.history.model._meta.fields)
        # The liaison is not even asked; who sends it all the same gets nothing.
        reveal = reverse("members:member_reveal", args=[member.pk])
        assert NUMBER not in client.post(reveal, {"reason": WHY, "with_identity": "on"}).content.decode()
        with pytest.raises(NotPermitted):
            identity.read_identity_number(actor=people.liaison, member_id=member.pk, reason=WHY)
        shown = signed(client, people.head).post(reveal, {"reason": WHY, "with_identity": "on"})
        assert NUMBER in shown.content.decode()
        assert [use.reason for use in uses(AccessKind.REVEALED)] == [WHY, WHY, f"身份证号：{WHY}"]
        assert NUMBER not in caplog.text
        for stranger in (people.stranger, people.viewer):
            with pytest.raises(NotVisible):
                identity.set_identity_number(actor=stranger, member_id=member.pk, number="")
        assert client.post(page, {"number": ""}).status_code == 302
        assert not IdentityNumber.objects.exists()

    def test_one_number_one_member_and_no_moving_between_rows(self, people: People, member, tree: Tree, numbers):
        twin = factories.member(tree.micro, member.organization, "另一位")
        identity.set_identity_number(actor=people.head, member_id=member.pk, number=NUMBER)
        with pytest.raises(InvalidInput, match="另一位党员名下") as refused:
            identity.set_identity_number(actor=people.head, member_id=twin.pk, number=NUMBER)
        assert NUMBER not in str(refused.value)
        assert list(identity.find_by_identity(NUMBER)) == [member]
        stolen = IdentityNumber.objects.get()
        IdentityNumber.objects.create(member=twin, sealed=stolen.sealed, digest="0" * 64)
        from liangcheng.common.sealing import CannotOpen

        with pytest.raises(CannotOpen):
            identity.identity_of(twin.pk)

    def test_keys_are_changed(self, people: People, member, numbers, settings):
        identity.set_identity_number(actor=people.head, member_id=member.pk, number=NUMBER)
        settings.IDENTITY_KEY, settings.IDENTITY_KEYS_OLD = OTHER_KEY, [KEY]
        assert list(identity.find_by_identity(NUMBER)) == [member]
        out = StringIO()
        call_command("rotate_identity_keys", stdout=out)
        call_command("rotate_identity_keys", stdout=out)
        assert "重新加密 1 条" in out.getvalue()
        assert "重新加密 0 条" in out.getvalue()
        settings.IDENTITY_KEYS_OLD = []
        assert identity.identity_of(member.pk) == NUMBER
        assert list(identity.find_by_identity(NUMBER)) == [member]
        settings.IDENTITY_KEY = KEY
        with pytest.raises(CommandError, match="1 条打不开"):
            call_command("rotate_identity_keys", stdout=out)


class TestLog:
    def test_the_office_reads_all_others_their_own(self, client, people: People, member, contact, statements):
        privacy.reveal(actor=people.liaison, person=member, reason="电话通知")
        revealing.reveal(actor=people.officer, model=ResidentContact, pk=contact.pk, reason="送通知单")
        address = reverse("members:access_log")

        def shown(user: User, **params: str) -> set[str]:
            answer = signed(client, user).get(address, params)
            assert NAME not in answer.content.decode()
            return {row.reason for row in answer.context["page"]}

        assert shown(people.dispatcher) == {"电话通知", "送通知单"}
        boss = User.objects.create_superuser("boss", full_name="系统管理员")
        assert shown(boss) == {"电话通知", "送通知单"}
        assert shown(people.liaison) == {"电话通知"}
        assert shown(people.stranger) == shown(people.viewer) == set()
        assert shown(people.dispatcher, who=people.officer.full_name) == {"送通知单"}
        assert shown(people.dispatcher, kind="ERASED") == set()
        today = str(timezone.localdate())
        assert len(shown(people.dispatcher, since=today, until=today)) == 2
        assert shown(people.dispatcher, until=str(timezone.localdate() - timedelta(days=1))) == set()
        assert shown(people.dispatcher, kind="NOSUCH") == set()
        assert shown(people.liaison, who=people.officer.full_name) == {"电话通知"}
        for number in (5, 60):
            AccessLog.objects.bulk_create(
                AccessLog(user=people.liaison, kind="OPENED", register="partymember", community=member.community)
                for _ in range(number)
            )
            client.force_login(people.dispatcher)
            with statements(7):
                client.get(address)

    def test_read_only_in_the_admin(self, client, people: People, member):
        privacy.reveal(actor=people.liaison, person=member, reason="电话通知")
        User.objects.update(is_staff=True)
        row = reverse("admin:members_accesslog_change", args=[AccessLog.objects.get().pk])
        for who, status in ((people.dispatcher, 200), (people.liaison, 200), (people.stranger, 404)):
            assert signed(client, who).get(row).status_code == status
            assert client.post(row, {"reason": "改"}).status_code in (403, 404)
            assert client.get(reverse("admin:members_accesslog_add")).status_code == 403

    def test_old_ones_go_but_never_the_last_180_days(self, people: People, member, settings):
        today = timezone.now()
        for days in (10, 179, 181, 1100):
            AccessLog.objects.create(user=people.liaison, kind="OPENED", register="x", at=today - timedelta(days=days))
        assert forget_old_uses() == 1
        settings.ACCESS_LOG_DAYS = 1
        assert forget_old_uses() == 1
        assert AccessLog.objects.count() == 2
        with pytest.raises(DomainError):
            AccessLog.objects.all().delete()
