"""Units: the facts of their kind, the chair in rotation, nominations for 网格长, the way to their numbers."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grids.choices import Role
from grids.models import Posting
from grids.postings import give_posting
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted, NotVisible
from members import units
from members.choices import AccessKind, NominationState, UnitKind
from members.models import AccessLog, ChairTerm, Nomination, PartyOrganization, ResidentUnit
from tests import factories
from tests.cases.test_concurrency import THREADS, at_once
from tests.factories import Tree
from tests.people import People, settle

UNITS = "/admin/members/residentunit/"
TODAY = timezone.localdate


@pytest.fixture
def school(tree: Tree) -> ResidentUnit:
    return factories.unit(
        tree.micro, "S1", "测试学校", kind="INSTITUTION", contact_name="王小明", contact_phone="13000001234"
    )


def page(client: Client, user: User, name: str, *args: object):
    client.force_login(user)
    return client.get(reverse(f"members:{name}", args=args))


def send(client: Client, who: User, name: str, /, *args: object, **data: object):
    client.force_login(who)
    return client.post(reverse(f"members:{name}", args=args), data)


# -- facts


def test_the_page_shows_the_facts_of_its_kind_masked(client, people: People, tree: Tree):
    estate = factories.unit(
        tree.micro, "E1", property_company="示例物业", property_phone="13000007777", second_grid=tree.micro2
    )
    seen = page(client, people.officer, "unit_detail", "E1").content.decode()
    assert "业委会" in seen
    assert "统一社会信用代码" not in seen
    assert "130****7777" in seen
    assert "13000007777" not in seen
    # From the other side of the border it is seen as well, but is not theirs to ring.
    assert page(client, people.officer2, "unit_detail", "E1").status_code == 200
    assert page(client, people.officer2, "unit_reveal", "E1").status_code == 403
    assert estate.facts == ("property_company", "property_phone", "owners_committee")


def test_lists_by_role_and_sector(client, people: People, tree: Tree, school: ResidentUnit):
    ResidentUnit.objects.update(is_messenger=True, sector="SCHOOL")
    factories.unit(tree.micro, "S2", kind="INSTITUTION", sector="HOSPITAL")
    client.force_login(people.head)
    for query, codes in (("role=messenger", ["S1"]), ("sector=HOSPITAL", ["S2"]), ("role=servant", [])):
        shown = client.get(f"/units/?{query}")
        assert [row.code for row in shown.context["page"]] == codes
    assert client.get("/units/?role=king").context["errors"]


def test_the_admin_shows_the_sections_of_the_kind(client, people: People, tree: Tree, school: ResidentUnit):
    User.objects.filter(pk__in=[people.area_liaison.pk, people.viewer.pk]).update(is_staff=True)
    client.force_login(people.area_liaison)
    new = client.get(f"{UNITS}add/").content.decode()
    for name in ("property_phone", "owners_committee", "tenants", "uscc", "trade"):
        assert new.count(f'name="{name}"') == 1, name
    known = client.get(f"{UNITS}{school.pk}/change/").content.decode()
    assert 'name="uscc"' in known
    assert 'name="trade"' not in known
    # Another kind: what it does not have must be emptied first, and is shown for that; its own facts come along.
    ResidentUnit.objects.update(staff_count=20)
    given = {"code": "S1", "name": "测试学校", "kind": "SHOP", "grid": tree.micro.pk, "is_active": "on"}
    refused = client.post(f"{UNITS}{school.pk}/change/", {**given, "staff_count": "20"})
    assert "沿街商铺不登记这一项" in refused.content.decode()
    assert 'name="trade"' in refused.content.decode()
    assert client.post(f"{UNITS}{school.pk}/change/", {**given, "trade": "早餐店"}).status_code == 302
    assert ResidentUnit.objects.get().kind == UnitKind.SHOP
    client.force_login(people.viewer)
    read = client.get(f"{UNITS}{school.pk}/change/").content.decode()
    assert "13000001234" not in read
    assert "王小明" not in read


# -- whole numbers


def test_whole_numbers_with_a_reason_and_a_trace(client, people: People, school: ResidentUnit):
    whole = send(client, people.officer, "unit_reveal", "S1", reason="通知开会")
    assert "13000001234" in whole.content.decode()
    assert whole["Cache-Control"] == "no-store"
    entry = AccessLog.objects.get()
    assert (entry.user, entry.kind, entry.object_id) == (people.officer, AccessKind.REVEALED, school.pk)
    missing = send(client, people.head, "unit_reveal", "S1", reason=" ")
    assert "请填写查看原因" in missing.content.decode()
    assert "13000001234" not in missing.content.decode()
    for who, status in (("viewer", 403), ("inspector", 403), ("officer2", 404), ("stranger", 404), ("staff", 404)):
        answer = send(client, getattr(people, who), "unit_reveal", "S1", reason="好奇")
        assert answer.status_code == status, who
        assert page(client, getattr(people, who), "unit_reveal", "S1").status_code == status, who
    assert AccessLog.objects.count() == 1


# -- 轮值主席


def term(actor: User, unit: ResidentUnit, grid, first: date, last: date, **more) -> ChairTerm:
    return units.set_term(actor=actor, unit_id=unit.pk, grid_id=grid.pk, starts_on=first, ends_on=last, **more)


def test_terms_do_not_overlap(people: People, tree: Tree, school: ResidentUnit):
    first = term(people.street_head, school, tree.street, date(2026, 1, 1), date(2026, 6, 30))
    with pytest.raises(DomainError) as refused:
        term(people.street_head, school, tree.street, date(2026, 6, 30), date(2026, 12, 31))
    assert (refused.value.code, refused.value.field) == ("term_overlap", "starts_on")
    second = term(people.street_head, school, tree.street, date(2026, 7, 1), date(2026, 12, 31))
    # Another grid has its own; a term may be corrected within its own days.
    term(people.area_head, school, tree.area, date(2026, 1, 1), date(2026, 12, 31))
    term(people.street_head, school, tree.street, date(2026, 1, 2), date(2026, 6, 1), term_id=first.pk)
    with pytest.raises(DomainError):
        term(people.street_head, school, tree.street, date(2026, 1, 2), date(2026, 7, 1), term_id=first.pk)
    with pytest.raises(DomainError) as refused:
        term(people.street_head, school, tree.other_area, date(2027, 1, 1), date(2027, 2, 1))
    assert refused.value.field == "grid"
    assert second.community_id == tree.street.pk


def test_who_keeps_terms(people: People, tree: Tree, school: ResidentUnit):
    for who in (people.area_head, people.liaison, people.viewer):
        with pytest.raises(NotPermitted if who is people.viewer else NotVisible):
            term(who, school, tree.street, date(2026, 1, 1), date(2026, 6, 30))
    made = term(people.dispatcher, school, tree.street, TODAY() - timedelta(9), TODAY() + timedelta(9))
    with pytest.raises(NotPermitted):
        units.end_term(actor=people.viewer, term_id=made.pk)
    with pytest.raises(NotVisible):
        units.end_term(actor=people.area_head, term_id=made.pk)
    with pytest.raises(DomainError):
        units.end_term(actor=people.dispatcher, term_id=made.pk, on=TODAY() + timedelta(10))
    assert units.end_term(actor=people.dispatcher, term_id=made.pk).ends_on == TODAY()


def test_the_chair_on_the_pages_and_in_the_admin(client, people: People, tree: Tree, school: ResidentUnit):
    days = {"starts_on": TODAY().isoformat(), "ends_on": (TODAY() + timedelta(30)).isoformat()}
    assert page(client, people.area_head, "unit_term", "S1").status_code == 200
    assert page(client, people.officer, "unit_term", "S1").status_code == 403
    assert page(client, people.stranger, "unit_term", "S1").status_code == 404
    done = send(client, people.street_head, "unit_term", "S1", grid=tree.street.pk, **days)
    assert done.status_code == 302
    again = send(client, people.street_head, "unit_term", "S1", grid=tree.street.pk, note="第二份", **days)
    assert "重叠" in again.content.decode()
    assert "第二份" in again.content.decode()
    # Who serves at a micro-unit reads it on the unit's page.
    assert "本届轮值主席（凉城）" in page(client, people.officer, "unit_detail", "S1").content.decode()
    client.force_login(people.viewer)
    assert "本届轮值主席" in client.get(f"/grids/{tree.street.code}/").content.decode()
    assert "本届轮值主席" not in client.get(f"/grids/{tree.area.code}/").content.decode()
    User.objects.filter(pk=people.street_head.pk).update(is_staff=True)
    client.force_login(people.street_head)
    given = {"unit": school.pk, "grid": tree.street.pk, "note": ""}
    refused = client.post("/admin/members/chairterm/add/", {**given, **days})
    assert "重叠" in refused.content.decode()
    late = {"starts_on": "2030-01-01", "ends_on": "2030-12-31"}
    assert client.post("/admin/members/chairterm/add/", {**given, **late}).status_code == 302
    ended = send(client, people.street_head, "unit_term_end", "S1", ChairTerm.objects.order_by("pk").first().pk)
    assert ended.status_code == 302
    assert ChairTerm.objects.order_by("pk").first().ends_on == TODAY()


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_of_many_terms_at_once_one_is_entered():
    tree = Tree()
    people = settle(tree)
    unit = factories.unit(tree.micro, "S1", kind="INSTITUTION")
    results = at_once(
        lambda i: term(factories.fresh(people.dispatcher), unit, tree.street, date(2026, 1, 1 + i), date(2026, 3, 1))
    )
    assert ChairTerm.objects.count() == 1
    assert sum(isinstance(r, DomainError) and r.code == "term_overlap" for r in results) == THREADS - 1


# -- 自我引荐


def nomination(actor: User, unit: ResidentUnit, grid, **more) -> Nomination:
    given = {"nominee_name": "李四光", "nominee_phone": "13000004444", "statement": "熟悉情况"} | more
    return units.nominate(actor=actor, unit_id=unit.pk, grid_id=grid.pk, **given)


def test_who_nominates(people: People, tree: Tree, school: ResidentUnit):
    for who, error in (("officer", NotPermitted), ("inspector", NotPermitted), ("stranger", NotVisible)):
        with pytest.raises(error):
            nomination(getattr(people, who), school, tree.micro)
    row = nomination(people.liaison, school, tree.micro)
    assert (row.state, row.neighborhood_id) == (NominationState.WAITING, tree.wenyuan1.pk)
    for wrong, code in (
        ({"grid": tree.micro}, "already_waiting"),
        ({"grid": tree.area, "actor": people.area_head}, "wrong_level"),
        ({"grid": tree.micro2, "nominee_name": "1"}, "invalid"),
        ({"grid": tree.micro2, "nominee_phone": "123"}, "invalid"),
    ):
        actor, grid = wrong.pop("actor", people.liaison), wrong.pop("grid")
        with pytest.raises(DomainError) as refused:
            nomination(actor, school, grid, **wrong)
        assert refused.value.code == code
    assert Nomination.objects.count() == 1


def test_who_decides(people: People, tree: Tree, school: ResidentUnit):
    row = nomination(people.liaison, school, tree.wenyuan1)

    def decide(actor: User, **more) -> Nomination:
        return units.decide_nomination(actor=actor, nomination_id=row.pk, **{"accept": True, **more})

    # The same level, who has entered it, who only reads, a neighbour.
    for who, code in (("head", "not_permitted"), ("liaison", "own_nomination"), ("viewer", "not_permitted")):
        with pytest.raises(NotPermitted) as refused:
            decide(getattr(people, who))
        assert refused.value.code == code
    with pytest.raises(NotVisible):
        decide(people.stranger)
    with pytest.raises(DomainError) as refused:
        decide(people.area_head, accept=False)
    assert refused.value.field == "note"
    # Four eyes also above: the area's own entry is another's to decide.
    own = nomination(people.area_head, school, tree.micro)
    assert not units.may_decide(people.area_head, own)
    assert units.may_decide(people.area_liaison, own)
    assert units.may_decide(people.liaison, own)
    assert decide(people.area_head, accept=False, note="人选另有安排").state == NominationState.DECLINED
    with pytest.raises(DomainError) as refused:
        decide(people.street_head)
    assert refused.value.code == "already_decided"
    # After a no the unit may try again.
    nomination(people.liaison, school, tree.wenyuan1)


def test_only_the_office_gives_the_posting(people: People, tree: Tree, school: ResidentUnit):
    account = factories.user("newhead")
    row = nomination(people.liaison, school, tree.micro)
    with pytest.raises(NotPermitted) as refused:
        units.decide_nomination(actor=people.area_head, nomination_id=row.pk, accept=True, user_id=account.pk)
    assert refused.value.code == "not_office"
    assert Nomination.objects.get().state == NominationState.WAITING
    accepted = units.decide_nomination(actor=people.area_head, nomination_id=row.pk, accept=True)
    assert not Posting.objects.filter(user=account).exists()
    assert not units.may_appoint(people.area_head, accepted)
    assert row in units.waiting_for(people.dispatcher)
    for actor, wanted, code in (
        (people.area_head, account, "not_office"),
        (people.dispatcher, factories.service("sys1", tree.street), "unknown_user"),
        (people.dispatcher, User.objects.create_superuser("boss", "Passw0rd-of-tests"), "unknown_user"),
    ):
        with pytest.raises(DomainError) as refused:
            units.appoint(actor=actor, nomination_id=row.pk, user_id=wanted.pk)
        assert refused.value.code == code
    assert units.appoint(actor=people.dispatcher, nomination_id=row.pk, user_id=account.pk).user == account
    posting = Posting.objects.current(user=account).get()
    assert (posting.grid, posting.role) == (tree.micro, Role.HEAD)
    with pytest.raises(DomainError) as refused:
        units.appoint(actor=people.dispatcher, nomination_id=row.pk, user_id=people.officer.pk)
    assert refused.value.code == "nothing_open"
    # In one step, for the office; whoever serves there already keeps that posting, and an ended one begins anew.
    other = nomination(people.liaison, school, tree.micro2)
    Posting.objects.create(user=account, grid=tree.micro2, role=Role.HEAD, valid_to=date(2020, 1, 1))
    units.decide_nomination(actor=people.street_head, nomination_id=other.pk, accept=True, user_id=account.pk)
    assert Posting.objects.current(user=account).count() == 2
    given = {"user_id": account.pk, "grid_id": tree.micro2.pk, "role": Role.HEAD}
    again = give_posting(actor=people.dispatcher, **given)
    assert again.valid_from == TODAY()
    with pytest.raises(NotPermitted):
        give_posting(actor=people.area_head, **given)


def test_nominations_on_the_site(client, people: People, tree: Tree, school: ResidentUnit):
    given = {"grid": tree.micro.pk, "nominee_name": "李四光", "nominee_phone": "1300", "statement": "热心"}
    bad = send(client, people.liaison, "unit_nominate", "S1", **given)
    assert "11 位手机号" in bad.content.decode()
    assert "热心" in bad.content.decode()
    done = send(client, people.liaison, "unit_nominate", "S1", **given | {"nominee_phone": "13000004444"})
    row = Nomination.objects.get()
    assert done["Location"] == reverse("members:nomination_detail", args=[row.pk])
    assert page(client, people.officer, "unit_nominate", "S1").status_code == 403
    for who, waits in (("stranger", 0), ("staff", 0), ("area_head", 1), ("officer", 1)):
        assert len(page(client, getattr(people, who), "nomination_list").context["waiting"]) == waits
    assert page(client, people.stranger, "nomination_detail", row.pk).status_code == 404
    assert send(client, people.stranger, "nomination_reveal", row.pk, reason="x").status_code == 404
    own = page(client, people.liaison, "nomination_detail", row.pk).content.decode()
    assert "您登记的自荐由另一位人员审核" in own
    assert "李四光" not in own
    assert "13000004444" not in own
    assert send(client, people.liaison, "nomination_detail", row.pk, accept="yes").status_code == 403
    shown = page(client, people.area_head, "nomination_detail", row.pk)
    assert "user" not in shown.context["form"].fields
    sent = send(
        client, people.area_head, "nomination_detail", row.pk, accept="yes", note="同意", user=people.officer.pk
    )
    assert sent.status_code == 302
    assert Nomination.objects.get().user is None
    client.force_login(people.officer)
    assert "网格长单位" in client.get(f"/grids/{tree.micro.code}/").content.decode()
    given_posting = send(client, people.dispatcher, "nomination_detail", row.pk, user=people.officer2.pk)
    assert given_posting.status_code == 302
    assert Posting.objects.current(user=people.officer2, grid=tree.micro, role=Role.HEAD).exists()


# -- 党组织


def test_organizations_stand_in_order(tree: Tree):
    top = factories.organization(tree.street, "党工委", kind="WORKING_COMMITTEE")
    general = factories.organization(tree.wenyuan1, parent=top)
    branch = factories.organization(tree.micro, "支部", kind="BRANCH", parent=general)
    far = factories.organization(Tree("310110007").street, "别处党工委", kind="WORKING_COMMITTEE")
    branch.full_clean()
    for row, change, field in (
        (branch, {"parent": branch}, "parent"),
        (general, {"parent": branch}, "parent"),
        (branch, {"parent": far}, "parent"),
        (general, {"kind": "GROUP", "parent": top}, "kind"),
        (top, {"parent": general}, "parent"),
    ):
        wrong = PartyOrganization.objects.get(pk=row.pk)
        for name, value in change.items():
            setattr(wrong, name, value)
        with pytest.raises(ValidationError) as refused:
            wrong.full_clean()
        assert list(refused.value.message_dict) == [field]
    assert branch.above() == [top, general]


def test_an_organizations_page_and_admin(client, people: People, tree: Tree, school: ResidentUnit):
    general = factories.organization(tree.wenyuan1, contact_name="赵六一", contact_phone="13000006666")
    own = factories.organization(tree.micro, "学校党支部", kind="BRANCH", parent=general, unit=school)
    team = factories.team(tree.micro, "调解队", lead_organization=general)
    type(tree.micro).objects.filter(pk=tree.micro.pk).update(lead_organization=general)
    seen = page(client, people.liaison, "organization_detail", general.pk).content.decode()
    for words in ("学校党支部", tree.micro.name, team.name, "130****6666"):
        assert words in seen
    assert "13000006666" not in seen
    assert "学校党支部" in page(client, people.officer, "unit_detail", "S1").content.decode()
    assert "测试学校" in page(client, people.liaison, "organization_detail", own.pk).content.decode()
    whole = send(client, people.liaison, "organization_reveal", general.pk, reason="通知")
    assert "13000006666" in whole.content.decode()
    assert send(client, people.stranger, "organization_reveal", general.pk, reason="通知").status_code == 404
    User.objects.filter(pk=people.area_liaison.pk).update(is_staff=True)
    client.force_login(people.area_liaison)
    given = {"name": "党总支", "kind": "GENERAL_BRANCH", "grid": tree.wenyuan1.pk, "parent": own.pk, "is_active": "on"}
    refused = client.post(f"/admin/members/partyorganization/{general.pk}/change/", given)
    assert "党支部不能是党总支的上级" in refused.content.decode()
