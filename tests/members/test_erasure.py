"""A person is found in every table, handed their data, corrected, erased; figures stay."""

from base64 import b64encode
from io import BytesIO
from random import Random
from typing import Any

import openpyxl
import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import Coordination, Invitee, JointReport
from grids.choices import PartyAccess
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.identity import check_character
from members import identity, privacy
from members.access import log_access
from members.choices import AccessKind
from members.contacts import save_contact
from members.models import (
    AccessLog,
    ClimbEntry,
    IdentityNumber,
    Nomination,
    PartyMember,
    Registration,
    ResidentContact,
    ServiceRecord,
    TeamMember,
    Transfer,
)
from members.people import locked_member
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


def _deeds(tree: Tree, people: People, member: PartyMember) -> None:
    """What they did, and two registrations: one of the member's, one that never became a member."""
    ServiceRecord.objects.create(
        grid=tree.micro,
        member=member,
        on=timezone.localdate(),
        hours=2,
        kind="PATROL",
        what=f"{NAME}巡逻",
        state="CONFIRMED",
        entered_by=people.liaison,
    )
    entry = ClimbEntry.objects.create(member=member, title="读书", level=1, note=f"{NAME}领读", by=people.liaison)
    entry.note = ""
    entry.save()
    for known in (member, None):
        Registration.objects.create(
            grid=tree.micro,
            number=f"BD{known.pk if known else 0}",
            kind="MEMBER",
            source="DESK",
            state="CONFIRMED" if known else "REFUSED",
            name=NAME,
            phone=PHONE,
            remark=f"{NAME}愿意",
            member=known,
            consent_at=timezone.now(),
        )


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
    _deeds(tree, people, member)
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
            *("venue", "nomination", "case", "jointreport", "registration"),
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
        assert "没有找到这个人" in self.search(client).content.decode()

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

    def test_nothing_read_before_writes_it_back(self, people: People, tree: Tree, member):
        """A form or an import that has read the rows before finds them changed; what is erased is not edited."""
        made = everywhere(tree, people, member)
        rows = {"partymember": member, "residentcontact": made["contact"], "partyorganization": member.organization}
        seen = {key: row.updated_at for key, row in rows.items()}
        subject = privacy.subject_of(name=NAME, phone=PHONE)
        tokens = [f"{key}:{row.pk}" for key, row in rows.items()]
        privacy.erase_rows(actor=people.dispatcher, subject=subject, tokens=tokens, reason=WHY)
        for key, row in rows.items():
            row.refresh_from_db()
            assert row.updated_at > seen[key], key
        for change in (
            lambda: save_contact(actor=people.head, contact_id=made["contact"].pk, values={"name": NAME}),
            lambda: locked_member(people.head, member.pk),
        ):
            with pytest.raises(DomainError, match="已应本人要求删除"), transaction.atomic():
                change()

    def test_traces_elsewhere(self, people: People, tree: Tree, member):
        """A transfer that waits, and what was written of it; invitations; uses of records that were merged."""
        made = everywhere(tree, people, member)
        merged = PartyMember.objects.get(merged_into=member)
        log_access(people.head, AccessKind.PRINTED, merged)
        meeting = Coordination.objects.create(
            case=made["case"], topic="停车", place="居委会", meets_at=timezone.now(), convened_by=people.officer
        )
        for kind, name, who in (("MEMBER", "欧*** 130****5678", member), ("RESIDENT", f"{NAME}阿姨", None)):
            Invitee.objects.create(coordination=meeting, kind=kind, name=name, member=who)
        Transfer.objects.update(state="WAITING", decision_note=f"{NAME}没来")
        subject = privacy.subject_of(name=NAME, phone=PHONE)
        order: dict[str, Any] = {"actor": people.dispatcher, "subject": subject, "reason": WHY}
        rows = {found.holder.key: found for found in privacy.find(actor=people.dispatcher, subject=subject)}
        order["tokens"] = [f"partymember:{member.pk}", rows["invitee"].token]
        told = [text for _, facts in privacy.subject_copy(**order) for _, text in facts]
        assert any("打印" in text for text in told)
        assert any(f"{NAME}没来" in text for text in told)
        assert f"{NAME}阿姨" in told
        with pytest.raises(DomainError, match="待接收的转接"):
            privacy.erase_rows(**order)
        Transfer.objects.update(state="REFUSED")
        privacy.erase_rows(**order)
        assert set(Invitee.objects.values_list("name", flat=True)) == {ERASED}
        assert Transfer.objects.get().decision_note == ""

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
