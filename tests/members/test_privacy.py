"""A person's rights in their data: shown whole for a reason, handed out, corrected, erased; and who used what."""

import logging
from base64 import b64encode
from datetime import timedelta
from io import BytesIO, StringIO
from random import Random
from typing import Any

import openpyxl
import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import JointReport
from grids.choices import PartyAccess
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.identity import check_character
from members import identity, privacy
from members.access import forget_old_uses
from members.choices import AccessKind
from members.models import AccessLog, IdentityNumber, Nomination, PartyMember, ResidentContact, TeamMember, Transfer
from members.scrubbing import ERASED
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
        (use,) = uses()
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
        assert uses() == []

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


def everywhere(tree: Tree, people: People, member: PartyMember) -> dict[str, Any]:
    """The same person in every table that names people, and in what Django wrote down."""
    unit = factories.unit(tree.micro, "U001", contact_name=NAME, contact_phone=PHONE)
    unit.contact_name, unit.contact_phone = "新联系人", "13000009999"
    unit.save()
    factories.venue(tree.micro, contact_name=NAME, contact_phone=PHONE)
    member.organization.contact_name, member.organization.contact_phone = NAME, PHONE
    member.organization.save()
    contact = factories.contact(tree.micro, NAME, phone=PHONE, title=f"{NAME}的邻居")
    Nomination.objects.create(
        unit=unit,
        grid=tree.micro,
        nominee_name=NAME,
        nominee_phone=PHONE,
        statement=f"{NAME}愿意",
        state="ACCEPTED",
        entered_by=people.liaison,
    )
    LogEntry.objects.create(
        user=people.head,
        content_type_id=_type(PartyMember),
        object_id=str(member.pk),
        object_repr=NAME,
        action_flag=2,
        change_message="修改",
    )
    ended = factories.case(people.officer, tree.micro, reporter_name=NAME, reporter_phone=PHONE)
    factories.force_status(ended, "CLOSED", closed_at=timezone.now())
    JointReport.objects.create(case=ended, joined_by=people.officer, reporter_name=NAME, reporter_phone=PHONE)
    team = factories.team(tree.micro)
    TeamMember.objects.create(team=team, member=member, duty=f"{NAME}记录")
    Transfer.objects.create(
        member=member,
        grid=tree.micro,
        from_grid=tree.micro,
        from_organization=member.organization,
        to_organization=member.organization,
        on=timezone.localdate(),
        reason=f"{NAME}搬家",
        by=people.head,
    )
    merged = factories.member(tree.micro, member.organization, "重复", phone=PHONE)
    PartyMember.objects.filter(pk=merged.pk).update(merged_into=member, name=NAME, is_active=False)
    return {"case": ended, "unit": unit, "contact": contact, "team": team}


def _type(model: type[models.Model]) -> int:
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(model).pk


def holding(*secrets: str) -> list[str]:
    """Every text or JSON column of every table of the database that holds one of the secrets."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if not isinstance(field, models.CharField | models.TextField | models.JSONField | models.BinaryField):
                continue
            texts = "\n".join(map(str, model._base_manager.values_list(field.attname, flat=True)))
            if any(secret in texts for secret in secrets):
                found.append(f"{model._meta.label}.{field.name}")
    return sorted(set(found))


class TestOffice:
    def search(self, client: Client, **given: str) -> Any:
        return client.post(reverse("members:privacy"), {"name": NAME, "phone": PHONE, **given})

    def act(self, client: Client, page: str, rows: list[str], **given: str) -> Any:
        form = {"name": NAME, "phone": PHONE, "rows": rows, "reason": WHY, **given}
        return client.post(reverse(f"members:{page}"), form)

    def test_found_everywhere_handed_out_corrected_erased(self, client, people: People, tree: Tree, member, numbers):
        made = everywhere(tree, people, member)
        still = factories.case(people.officer, tree.micro, reporter_name=NAME, reporter_phone=PHONE)
        identity.set_identity_number(actor=people.head, member_id=member.pk, number=NUMBER)
        signed(client, people.dispatcher)
        found = self.search(client, phone="130 0000-5678")
        assert "no-store" in found["Cache-Control"]
        # The answer repeats what was typed into hidden fields; nothing else is whole.
        assert NAME not in found.content.decode().replace(f'value="{NAME}"', "")
        tokens = {row["found"].token: row for row in found.context["rows"]}
        kinds = {token.partition(":")[0] for token in tokens}
        assert kinds == {
            *("partymember", "residentcontact", "residentunit", "partyorganization"),
            *("venue", "nomination", "case", "jointreport"),
        }
        # The unit names somebody else by now: offered, not ticked.
        assert not tokens[f"residentunit:{made['unit'].pk}"]["ticked"]
        assert tokens[f"partymember:{member.pk}"]["ticked"]

        copy = self.act(client, "privacy_copy", list(tokens))
        lines = list(openpyxl.load_workbook(BytesIO(copy.content)).active.values)
        texts = {line[2] for line in lines}
        assert {NAME, PHONE, NUMBER, "电工", still.number, f"{OLD_NAME} {OLD_PHONE}"} <= texts
        assert "13000009999" not in texts
        assert NAME not in copy["Content-Disposition"]
        assert len(uses(AccessKind.SUBJECT_COPY)) == len(tokens)

        corrected = self.act(client, "privacy_correct", [f"partymember:{member.pk}"])
        assert reverse("admin:members_partymember_change", args=[member.pk]) in corrected.content.decode()
        assert [use.object_id for use in uses(AccessKind.CORRECTED)] == [member.pk]

        asked = self.act(client, "privacy_erase", list(tokens))
        assert f"case:{still.pk}" in [each.token for each in asked.context["waiting"]]
        assert PartyMember.objects.get(pk=member.pk).name == NAME
        done = self.act(client, "privacy_erase", list(tokens), confirmed="1")
        assert done.status_code == 302
        left = PartyMember.objects.get(pk=member.pk)
        assert (left.name, left.phone, left.is_active, left.kind) == (ERASED, "", False, "REGISTERED")
        assert (left.organization, left.grid) == (member.organization, member.grid)
        assert left.erased_at
        assert not IdentityNumber.objects.exists()
        # Only the case that is still open names them, and it can be asked for again.
        assert holding(NAME, PHONE, NUMBER) == ["cases.Case.reporter_name", "cases.Case.reporter_phone"]
        assert holding(OLD_NAME, OLD_PHONE) == []
        assert made["unit"].history.filter(contact_name="新联系人").exists()
        factories.force_status(still, "CLOSED", closed_at=timezone.now())
        assert self.act(client, "privacy_erase", [f"case:{still.pk}"], confirmed="1").status_code == 302
        assert holding(NAME, PHONE) == []
        again = self.search(client)
        assert again.context["rows"] == []
        assert "没有找到这个人" in again.content.decode()

    def test_figures_stay(self, people: People, tree: Tree, member):
        made = everywhere(tree, people, member)
        then = timezone.now()
        before = PartyMember.history.as_of(then).filter(kind="REGISTERED", is_active=True).count()
        privacy.erase(actor=people.street_head, person=member, reason=WHY)
        assert PartyMember.history.as_of(then).filter(kind="REGISTERED", is_active=True).count() == before
        assert made["case"].__class__.objects.filter(pk=made["case"].pk, community=tree.street).exists()
        with pytest.raises(DomainError):
            privacy.erase(actor=people.street_head, person=PartyMember.objects.get(pk=member.pk), reason=WHY)
        with pytest.raises(DomainError, match="已经应要求删除"):
            privacy.reveal(actor=people.street_head, person=member, reason=WHY)

    def test_what_must_end_first(self, client, people: People, tree: Tree, member):
        building = factories.building(tree.micro, factories.unit(tree.micro), leader_member=member)
        leads = TeamMember.objects.create(team=factories.team(tree.micro), member=member, is_leader=True)
        PartyMember.objects.filter(pk=member.pk).update(user=people.officer)
        held: list[str] = []
        privacy.register_obstacle(lambda person: "；".join(held))
        held.append("还有 1 件没有完成的认领")
        signed(client, people.dispatcher)
        refused = self.act(client, "privacy_erase", [f"partymember:{member.pk}"], confirmed="1").content.decode()
        for word in ("1 幢楼的楼组长", "“测试队伍”的队长", "登录账号还在使用", "还有岗位", "没有完成的认领"):
            assert word in refused
        assert "确认删除" not in self.act(client, "privacy_erase", [f"partymember:{member.pk}"]).content.decode()
        assert PartyMember.objects.get(pk=member.pk).name == NAME
        held.clear()
        building.leader_member = None
        building.save()
        leads.delete()
        people.officer.postings.all().delete()
        User.objects.filter(pk=people.officer.pk).update(is_active=False)
        privacy.erase(actor=people.dispatcher, person=member, reason=WHY)
        assert PartyMember.objects.get(pk=member.pk).user is None

    def test_accounts(self, people: People, tree: Tree):
        User.objects.filter(pk=people.officer.pk).update(full_name=NAME, phone=PHONE, email="a@b.cn")
        subject = privacy.subject_of(name=NAME, phone=PHONE)
        (found,) = privacy.find(actor=people.dispatcher, subject=subject)
        assert dict(found.holder.copy(found.row, subject))["邮箱"] == "a@b.cn"
        order = {"actor": people.dispatcher, "subject": subject, "tokens": [found.token], "reason": WHY}
        with pytest.raises(DomainError, match="请先停用"):
            privacy.erase_rows(**order)
        User.objects.filter(pk=people.officer.pk).update(is_active=False)
        privacy.erase_rows(**order)
        left = User.objects.get(pk=people.officer.pk)
        assert (left.full_name, left.phone, left.email) == (NAME, "", "")

    @pytest.mark.parametrize("who", ["area_head", "head", "liaison", "inspector", "viewer", "officer", "staff"])
    def test_others_are_sent_away(self, client, people: People, member, who: str):
        signed(client, getattr(people, who))
        assert client.get(reverse("members:privacy")).status_code == 403
        for name in ("privacy_copy", "privacy_correct", "privacy_erase"):
            assert self.act(client, name, [f"partymember:{member.pk}"], confirmed="1").status_code == 403
        with pytest.raises(NotPermitted):
            privacy.erase(actor=getattr(people, who), person=member, reason=WHY)
        assert uses() == []

    def test_another_street_finds_nobody(self, client, people: People, tree: Tree, member):
        everywhere(tree, people, member)
        other = Tree("310109017")
        boss = factories.posted("other_boss", other.street, "HEAD")
        signed(client, boss)
        assert self.search(client).context["rows"] == []
        self.act(client, "privacy_erase", [f"partymember:{member.pk}"], confirmed="1")
        assert PartyMember.objects.get(pk=member.pk).name == NAME
        people.dispatcher.postings.update(party_access=PartyAccess.DENIED)
        found = self.search(signed(client, people.dispatcher)).context["rows"]
        assert "partymember" not in {row["found"].holder.key for row in found}

    @pytest.mark.parametrize("given", [{"phone": ""}, {"phone": "123"}, {"name": "3"}, {"name": ""}, {"reason": ""}])
    def test_bad_input_keeps_what_was_typed(self, client, people: People, member, given: dict[str, str]):
        answer = self.act(signed(client, people.dispatcher), "privacy_erase", [f"partymember:{member.pk}"], **given)
        assert answer.status_code == 200
        assert answer.context["form"].errors or answer.context["refused"]
        assert PartyMember.objects.get(pk=member.pk).name == NAME
        assert self.act(client, "privacy_copy", ["nonsense", "x:y"]).context["refused"]


class TestLog:
    def test_the_office_reads_all_others_their_own(self, client, people: People, member, contact, statements):
        privacy.reveal(actor=people.liaison, person=member, reason="电话通知")
        privacy.reveal(actor=people.officer, person=contact, reason="送通知单")
        address = reverse("members:access_log")

        def shown(user: User, **params: str) -> set[str]:
            answer = signed(client, user).get(address, params)
            assert NAME not in answer.content.decode()
            return {row.reason for row in answer.context["page"]}

        assert shown(people.dispatcher) == {"电话通知", "送通知单"}
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
