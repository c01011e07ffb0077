"""Membership is for those with the right to read it: every address is walked, looking for one name and one number.

Also for those with the right, pages mask; and no other system learns more than counts.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from knox.models import AuthToken

from grids.choices import Role
from liangcheng.accounts.models import User
from members.models import PartyMember, TeamMember
from tests import factories
from tests.factories import Tree
from tests.people import People

MEMBER, MEMBER_PHONE, BRANCH = "欧阳明日", "13000005678", "独此一家党支部"
CONTACT, CONTACT_PHONE = "诸葛晚晴", "13000008765"
SECRETS = (MEMBER, MEMBER_PHONE, CONTACT, CONTACT_PHONE)
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Signing out ends the walk; photos are no text.
_SKIPPED = ("accounts/logout/", "password/", "photo")


@pytest.fixture
def planted(people: People, tree: Tree) -> dict[str, list[Any]]:
    """One of each kind around a member and a contact; parameter of an address → what to fill in."""
    unit = factories.unit(tree.micro, "U001", "水电路小区", contact_name=CONTACT, contact_phone=CONTACT_PHONE)
    branch = factories.organization(tree.micro, BRANCH, contact_name=CONTACT, contact_phone=CONTACT_PHONE)
    member = factories.member(tree.micro, branch, MEMBER, phone=MEMBER_PHONE, unit=unit, skills=["电工"])
    member.note = "改过一次"
    member.save()
    contact = factories.contact(tree.micro, CONTACT, phone=CONTACT_PHONE)
    building = factories.building(tree.micro, unit, leader_member=member)
    other = factories.building(tree.micro, unit, leader_contact=contact)
    team = factories.team(tree.micro)
    TeamMember.objects.create(team=team, member=member, is_leader=True)
    TeamMember.objects.create(team=team, contact=contact)
    venue = factories.venue(tree.micro, contact_name=CONTACT, contact_phone=CONTACT_PHONE)
    case = factories.case(people.officer, tree.micro, unit_id=unit.pk, building_id=building.pk)
    rows = (unit, branch, member, contact, building, other, team, venue)
    return {
        "pk": sorted({row.pk for row in rows}),
        "object_id": sorted({row.pk for row in rows}),
        "code": [unit.code, tree.micro.code, tree.wenyuan1.code],
        "number": [case.number],
        "act": ["note"],
        "app_label": ["members"],
    }


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and not re.search(r"[\\^$(?]", route):
            yield route


def addresses(planted: dict[str, list[Any]]) -> Iterator[str]:
    """Every address of the site: those without parameters, and those whose parameters the planted rows fill."""
    for route in routes():
        if any(word in route for word in _SKIPPED):
            continue
        names = _PARAMETER.findall(route)
        if not set(names) <= set(planted):
            continue
        filled = [route]
        for name in names:
            filled = [_PARAMETER.sub(str(value), each, count=1) for each in filled for value in planted[name]]
        yield from (f"/{each}" for each in filled)


def walk(client: Client, user: User, wanted: list[str]) -> tuple[int, list[str]]:
    """How many addresses answered with a page, and which of them told a secret."""
    client.force_login(user)
    answered, told = 0, []
    for address in wanted:
        answer = client.get(address)
        assert answer.status_code < 500, address
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        answered += answer.status_code == 200
        if any(secret in body.decode(errors="replace") for secret in SECRETS):
            told.append(address)
    return answered, told


def staff(person: User) -> User:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return factories.fresh(person)


@pytest.mark.parametrize("who", ["viewer", "staff"])
def test_without_the_right_no_address_tells(client: Client, people: People, planted, who: str):
    wanted = list(addresses(planted))
    answered, told = walk(client, staff(getattr(people, who)), wanted)
    assert told == []
    assert answered > 50
    assert not any(
        "partymember" in each and client.get(each).status_code == 200 for each in wanted if "/change/" in each
    )


@pytest.mark.parametrize("who", ["officer", "stranger", "far_stranger"])
def test_neighbours_and_officers_find_nothing(client: Client, people: People, planted, who: str):
    pages = [each for each in addresses(planted) if not each.startswith(("/admin", "/api"))]
    answered, told = walk(client, getattr(people, who), pages)
    assert told == []
    assert answered >= 15
    # Nor by looking for them.
    for address in ("/members/?q=oymr", "/units/?q=oymr", "/grids/?q=oymr", "/cases/?q=oymr"):
        assert MEMBER not in client.get(address).content.decode()


def test_with_the_right_pages_mask(client: Client, people: People, planted):
    pages = [each for each in addresses(planted) if not each.startswith(("/admin", "/api"))]
    # A form to mend what is written there shows it.
    answered, told = walk(client, people.liaison, [each for each in pages if not each.endswith("/edit/")])
    assert told == []
    assert answered >= 20
    assert "欧***" in client.get(reverse("members:member_list")).content.decode()


def test_choices_and_searches_of_the_admin(client: Client, people: People, planted, tree: Tree):
    client.force_login(staff(people.viewer))
    for address in ("/admin/members/partymember/", "/admin/grids/grid/", "/admin/members/partyorganization/"):
        assert MEMBER not in client.get(address, {"q": "oymr"}).content.decode()
    assert client.get("/admin/members/partymember/", {"q": MEMBER}).context["cl"].result_count == 0
    for model, field in (("building", "leader_member"), ("teammember", "member"), ("transfer", "member")):
        query = {"app_label": "members", "model_name": model, "field_name": field, "term": "oymr"}
        answer = client.get("/admin/autocomplete/", query)
        assert MEMBER not in answer.content.decode()


def test_django_writes_down_masked_names_only(client: Client, people: People, planted, tree: Tree):
    member = PartyMember.objects.get()
    client.force_login(staff(people.area_head))
    page = client.get(reverse("admin:members_partymember_change", args=[member.pk]))
    form = page.context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    given = {name: "" if value is None else value for name, value in values.items()}
    given["phone"] = "138 0000 0000"
    answer = client.post(reverse("admin:members_partymember_change", args=[member.pk]), given)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert PartyMember.objects.get().phone == "13800000000"
    log = LogEntry.objects.get(user=people.area_head)
    assert MEMBER not in log.object_repr + log.change_message
    assert MEMBER not in repr(member)


class TestPartners:
    """Another system reads counts and nothing else about members (DOMAIN C2)."""

    @pytest.fixture
    def partner(self, client: Client, tree: Tree) -> Client:
        account = factories.service("hotline12345", tree.street, may_act=True)
        _, token = AuthToken.objects.create(user=account)
        client.defaults["HTTP_AUTHORIZATION"] = f"Token {token}"
        # Even where somebody has ticked the right to read members for it.
        account.postings.update(party_access="ALLOWED", role=Role.SERVICE)
        return client

    def test_every_address_that_is_read(self, partner: Client, planted):
        schema = json.loads(partner.get("/api/v1/schema/?format=json").content)
        values = {name: str(found[-1]) for name, found in planted.items()}
        read = 0
        for path, methods in schema["paths"].items():
            if "get" not in methods:
                continue
            answer = partner.get(re.sub(r"{(\w+)}", lambda found: values.get(found[1], "1"), path))
            assert answer.status_code in (200, 404, 403), path
            read += answer.status_code == 200
            seen = b"".join(answer.streaming_content) if answer.streaming else answer.content
            for secret in SECRETS:
                assert secret not in json.dumps(json.loads(seen or b"null"), ensure_ascii=False), path
        assert read >= 10
        # All of the lists, not their first page.
        assert partner.get("/api/v1/members/").json()["results"]

    def test_the_schema_promises_counts_only(self, partner: Client):
        schema = json.loads(partner.get("/api/v1/schema/?format=json").content)
        told = {path for path in schema["paths"] if re.search(r"v1/(member|contact|person|privacy)", path)}
        assert told == {"/api/v1/members/"}
        shape = schema["paths"]["/api/v1/members/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        page = schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
        row = page["properties"]["results"]["items"]["$ref"].rpartition("/")[2]
        fields = set(schema["components"]["schemas"][row]["properties"])
        assert fields == {"grid_code", "grid_name", "kind", "registered", "in_service"}
