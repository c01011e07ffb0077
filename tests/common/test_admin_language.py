"""No stray English in the admin: every page is walked as a superuser and read as a person would."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import (
    Case,
    CaseLink,
    CaseReturn,
    CategoryOwner,
    ClockRule,
    Coordination,
    Instruction,
    JointReport,
    Notice,
)
from liangcheng.accounts.models import User
from liangcheng.common.models import CalendarDay, DeliveryChannel, OutboxMessage
from members import climbing
from members.models import (
    AccessLog,
    ChairTerm,
    Claim,
    ClimbEntry,
    ClimbItem,
    Letter,
    Nomination,
    Offer,
    PartyMember,
    Registration,
    RegistrationLink,
    ResidentUnit,
    ServiceRecord,
)
from tests import factories
from tests.factories import Tree
from tests.people import People

# Words that an office writes in Latin letters itself, and the codes of the test data.
ALLOWED = {"xlsx", "excel", "mb", "json", "wyy", "hotline", "app"}
_WORD = re.compile(r"[A-Za-z]{2,}")
_SHOWN_ATTRIBUTES = ("title", "placeholder", "alt", "aria-label")


class Reader(HTMLParser):
    """Collects what is shown: text outside scripts and codes, attributes that are read out, labels of buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "code"):
            self._silent.append(tag)
        given = dict(attrs)
        self.shown += [given[name] or "" for name in _SHOWN_ATTRIBUTES if given.get(name)]
        if tag == "input" and given.get("type") in ("submit", "button", "reset"):
            self.shown.append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.shown.append(data)


def foreign_words(html: str, allowed: set[str]) -> set[str]:
    reader = Reader()
    reader.feed(html)
    words = {word.lower() for text in reader.shown for word in _WORD.findall(text)}
    return words - ALLOWED - allowed


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员")


@pytest.fixture
def rows(tree: Tree, people: People) -> dict[str, Any]:
    """One row of every registered model, in Chinese as far as an office would write it so."""
    User.objects.exclude(username="boss").update(full_name="某某某")
    organization = factories.organization(tree.area)
    unit = factories.unit(tree.micro, code="310109")
    account = factories.service("hotline", tree.street)
    case = factories.case(people.officer, tree.micro, factories.category("0101"))
    made = {
        "grids.grid": tree.wenyuan1,
        "grids.department": people.chengguan,
        "grids.posting": people.officer.postings.get(),
        "grids.standin": factories.stand_in(people.officer, people.officer2),
        "accounts.user": people.officer,
        "accounts.serviceaccount": account.service_account,
        "members.accesslog": AccessLog.objects.create(user=people.officer, kind="OPENED", register="partymember"),
        "members.partyorganization": organization,
        "members.residentunit": unit,
        "members.building": factories.building(tree.micro, unit),
        "members.partymember": factories.member(tree.micro, organization),
        **_registers(tree, people, unit),
        "cases.category": case.category,
        "cases.categoryowner": CategoryOwner.objects.create(category=case.category, community=tree.street),
        "cases.timelimit": case.category.limits.get(),
        "cases.case": case,
        "cases.caseevent": case.events.get(),
        "cases.clockrule": ClockRule.objects.create(level="AREA", urgency="URGENT"),
        **_together(case, people),
        **_deeds(people),
        "common.calendarday": CalendarDay.objects.create(day="2026-10-01", note="国庆节"),
        "common.deliverychannel": DeliveryChannel.objects.create(code="wyy", name="企业微信", url="https://wyy/"),
        "common.outboxmessage": OutboxMessage.objects.create(topic="案件消息", key="1"),
    }
    made["cases.notice"] = Notice.objects.create(recipient=people.officer, event=case.events.get(), text="新案件")
    return made


def _together(case: Case, people: People) -> dict[str, Any]:
    """What hangs on a case."""
    other = factories.case(people.officer, case.grid)
    moment = case.reported_at
    meeting = Coordination.objects.create(
        case=case, topic="商量维修", place="居民区会议室", meets_at=moment, convened_by=people.liaison
    )
    meeting.invitees.create(kind="RESIDENT", name="王测试")
    return {
        "cases.coordination": meeting,
        "cases.instruction": Instruction.objects.create(
            case=case, kind="INSTRUCTION", text="请尽快办理", given_by=people.street_head, days=3, due_at=moment
        ),
        "cases.casereturn": CaseReturn.objects.create(
            community_id=case.community_id, case=case, person=people.officer, actor=people.officer, reason="NOT_MINE"
        ),
        "cases.jointreport": JointReport.objects.create(case=case, joined_by=people.officer, reporter_name="孙测试"),
        "cases.caselink": CaseLink.objects.create(case=case, other=other, kind="RELATED", created_by=people.officer),
    }


def _registers(tree: Tree, people: People, unit: ResidentUnit) -> dict[str, Any]:
    """People, teams, places and what units do besides."""
    day = timezone.localdate()
    by = people.liaison
    link = RegistrationLink.objects.create(
        grid=tree.micro, kind="MEMBER", token="310109", expires_on=day, created_by=by
    )
    return {
        "members.residentcontact": factories.contact(tree.micro),
        "members.team": factories.team(tree.micro),
        "members.venue": factories.venue(tree.micro),
        "members.skill": factories.skill(),
        "members.chairterm": ChairTerm.objects.create(grid=tree.street, unit=unit, starts_on=day, ends_on=day),
        "members.nomination": Nomination.objects.create(
            unit=unit, grid=tree.micro, nominee_name="王测试", statement="愿意出力", entered_by=by
        ),
        "members.registrationlink": link,
        "members.registration": Registration.objects.create(
            grid=tree.micro, number="310109", kind="MEMBER", source="DESK", name="王测试", consent_at=timezone.now()
        ),
        "members.letter": Letter.objects.create(
            grid=tree.micro,
            kind="RESULT",
            unit=unit,
            unit_name="某单位",
            number_year=2026,
            year=2026,
            serial=1,
            issued_on=day,
            issued_by=by,
        ),
    }


def _deeds(people: People) -> dict[str, Any]:
    """What a party member did, took on and climbed."""
    member, by = PartyMember.objects.get(), people.liaison
    day = timezone.localdate()
    offer = Offer.objects.create(
        grid=member.grid, kind="WISH", title="换灯", description="周末上门。", closes_on=day, made_by=by
    )
    climbing.seed_items(member.community)
    item = ClimbItem.objects.first()
    return {
        "members.offer": offer,
        "members.claim": Claim.objects.create(offer=offer, member=member, entered_by=by),
        "members.servicerecord": ServiceRecord.objects.create(
            grid=member.grid, member=member, on=day, hours=2, kind="PATROL", what="巡逻", entered_by=by
        ),
        "members.climbitem": item,
        "members.climbentry": ClimbEntry.objects.create(member=member, item=item, level=1, by=by),
    }


def pages(rows: dict[str, Any]) -> Iterator[str]:
    yield reverse("admin:index")
    for model, model_admin in admin.site._registry.items():
        info = f"{model._meta.app_label}_{model._meta.model_name}"
        yield reverse("admin:app_list", args=[model._meta.app_label])
        yield reverse(f"admin:{info}_changelist")
        yield reverse(f"admin:{info}_changelist") + "?q=没有这样的"
        row = rows[model._meta.label_lower]
        yield reverse(f"admin:{info}_change", args=[row.pk])
        yield reverse(f"admin:{info}_history", args=[row.pk])
        if model_admin.has_add_permission(_Request()):
            yield reverse(f"admin:{info}_add")
        # The registers' sheets go in on the site, and come out as a file at once.
        for extra in ("export", "import") if model._meta.app_label != "members" else ():
            if any(pattern.name == f"{info}_{extra}" for pattern in model_admin.get_urls()):
                yield reverse(f"admin:{info}_{extra}")
    yield reverse("admin:common_calendarday_delete", args=[rows["common.calendarday"].pk])
    for year in (2026, 2099):
        yield reverse("admin:common_calendarday_year", args=[year])
        yield reverse("admin:common_calendarday_notice", args=[year])
    yield reverse("admin:auth_user_password_change", args=[rows["accounts.user"].pk])
    yield reverse("admin:common_channel_test", args=[rows["common.deliverychannel"].pk])
    yield reverse("admin:common_outbox_resend")
    yield reverse("admin:accounts_service_tokens", args=[rows["accounts.serviceaccount"].pk])


class _Request:
    """Asks what a superuser may do."""

    @property
    def user(self) -> User:
        return User.objects.get(username="boss")


def test_every_page_is_in_chinese(client: Client, boss: User, rows: dict[str, Any]) -> None:
    client.force_login(boss)
    found = {}
    for address in pages(rows):
        answer = client.get(address, follow=True)
        assert answer.status_code == 200, (address, answer.status_code)
        words = foreign_words(answer.content.decode(), _codes(rows))
        if words:
            found[address] = sorted(words)
    assert found == {}


def test_every_registered_model_is_walked(rows: dict[str, Any]) -> None:
    assert {model._meta.label_lower for model in admin.site._registry} == set(rows)


def test_empty_forms_complain_in_chinese(client: Client, boss: User, rows: dict[str, Any]) -> None:
    client.force_login(boss)
    found = {}
    for model, model_admin in admin.site._registry.items():
        if not model_admin.has_add_permission(_Request()):
            continue
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        answer = client.post(address, {"_save": "1", **_empty_inlines(client.get(address))})
        assert answer.status_code == 200, address
        words = foreign_words(answer.content.decode(), _codes(rows))
        if words:
            found[address] = sorted(words)
    assert found == {}


def test_the_pasted_notice_is_answered_in_chinese(client: Client, boss: User) -> None:
    client.force_login(boss)
    address = reverse("admin:common_calendarday_notice", args=[2026])
    for text in ("", "元旦 1月1日（周五）", "元旦 1月1日至3日\n您好"):
        page = client.post(address, {"text": text, "preview": "1"}).content.decode()
        assert foreign_words(page, {"boss"}) == set()


def test_the_reader_sees_english() -> None:
    html = '<p title="Close">保存<script>var hidden</script></p><input type="submit" value="Save">'
    assert foreign_words(html, set()) == {"close", "save"}


def _empty_inlines(answer: Any) -> dict[str, str]:
    """What the page's inlines send when nothing was added."""
    sent = {}
    for inline in answer.context.get("inline_admin_formsets", []):
        sent |= {f"{inline.formset.prefix}-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return sent


def _codes(rows: dict[str, Any]) -> set[str]:
    """Sign-in names, system codes and case numbers are Latin by nature."""
    texts = [*User.objects.values_list("username", flat=True), *Case.objects.values_list("number", flat=True)]
    texts += [text for pair in OutboxMessage.objects.values_list("topic", "key") for text in pair]
    texts += [rows["grids.department"].code, rows["cases.caseevent"].request_id]
    return {word.lower() for text in texts for word in _WORD.findall(text)}
