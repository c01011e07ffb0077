"""The page without signing in: what it takes, how much of it, and that it says nothing about anybody."""

import logging
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grids.choices import Role
from liangcheng.common import clock
from members.choices import RegistrationKind
from members.links import revoke_link
from members.models import Registration, RegistrationAttempt, RegistrationLink
from tests import factories
from tests.common.together import together
from tests.factories import Tree
from tests.members.reporting import NAME, PHONE, confirmed, handed_in, link
from tests.people import People


def typed(**fields: str) -> dict[str, str]:
    values = {"name": NAME, "phone": PHONE, "tie": "LIVES", "unit_name": "某设计院", "consent": "on"}
    return values | {"nonce": str(uuid4())} | fields


@pytest.fixture
def door(people: People, tree: Tree) -> str:
    return reverse("members:register", args=[link(people.liaison, tree.micro).token])


class TestForm:
    def test_handed_in_and_thanked(self, client: Client, tree: Tree, door: str):
        page = client.get(door)
        assert "文苑一微1" in page.content.decode()
        answer = client.post(f"{door}?qr", typed())
        row = Registration.objects.get()
        assert (row.name, row.state, row.source, row.grid) == (NAME, "WAITING", "QR", tree.micro)
        assert (row.link.kind, row.entered_by) == (RegistrationKind.MEMBER, None)
        assert answer["Location"] == f"{door}done/"
        thanks = client.get(answer["Location"]).content.decode()
        assert row.number in thanks
        assert NAME not in thanks
        # Another browser that opens the address sees no number.
        assert row.number not in Client().get(answer["Location"]).content.decode()

    def test_what_is_wrong_is_said_all_at_once_and_kept(self, client: Client, door: str):
        bad = typed(name="王", phone="021-65551234", unit_name="", consent="", remark="长" * 201)
        page = client.post(door, bad)
        assert page.context["form"].errors.keys() == {"name", "phone", "unit_name", "consent", "remark"}
        shown = page.content.decode()
        assert "长" * 201 in shown
        assert 'value="021-65551234"' in shown
        assert "请填 11 位手机号" in shown
        assert not re.search(r"This field|required\.", shown)
        assert not Registration.objects.exists()
        assert "页面不完整" in client.post(door, typed(nonce="")).content.decode()

    def test_a_unit_has_its_own_form(self, client: Client, people: People, tree: Tree):
        door = reverse("members:register", args=[link(people.liaison, tree.wenyuan1, RegistrationKind.UNIT).token])
        form = typed(uscc="91310000MA1FL0AB19", organization_name="某公司党支部", phone="021-65551234")
        assert client.post(door, form).context["form"].errors.keys() == {"uscc"}
        client.post(door, form | {"uscc": "91310000ma1fl0ab1x"})
        row = Registration.objects.get()
        assert (row.kind, row.uscc, row.tie, row.phone) == ("UNIT", "91310000MA1FL0AB1X", "", "021-65551234")

    def test_the_same_form_twice_is_one_registration(self, client: Client, door: str):
        form = typed()
        for _ in range(2):
            assert client.post(door, form).status_code == 302
        assert (Registration.objects.count(), RegistrationAttempt.objects.count()) == (1, 1)

    def test_a_form_number_does_not_open_another_link(self, client: Client, people: People, tree: Tree, door: str):
        other = reverse("members:register", args=[link(people.stranger, tree.liangsan).token])
        form = typed()
        client.post(door, form)
        client.post(other, form)
        assert sorted(Registration.objects.values_list("grid__short_name", flat=True)) == ["凉三", "文苑一微1"]

    def test_machines_fall_into_the_honey(self, client: Client, door: str):
        answer = client.post(door, typed(homepage="http://spam"))
        assert "BD" in client.get(answer["Location"]).content.decode()
        assert (Registration.objects.count(), RegistrationAttempt.objects.count()) == (0, 1)


class TestSaysNothing:
    def test_the_same_answer_whether_known_or_not(self, client: Client, people: People, tree: Tree, door: str):
        row = confirmed(people.liaison, RegistrationLink.objects.get())
        organization = row.member.organization

        def answer(form: dict[str, str]) -> tuple[int, str]:
            sent = Client().post(door, form)
            number = Registration.objects.order_by("-pk").first().number
            own = Client()
            own.cookies = sent.cookies
            return sent.status_code, own.get(sent["Location"]).content.decode().replace(number, "N")

        known, unknown = answer(typed()), answer(typed(name="赵无名", phone="13900000009"))
        assert known == unknown
        for page in (client.get(door).content.decode(), known[1]):
            for secret in (organization.name, NAME, PHONE, "欧*", people.liaison.full_name, "测试"):
                assert secret not in page

    def test_dead_links_look_alike_and_say_whom_to_ask(self, client: Client, people: People, tree: Tree):
        expired, revoked, retired = (link(people.liaison, grid) for grid in (tree.micro, tree.micro, tree.micro2))
        RegistrationLink.objects.filter(pk=expired.pk).update(expires_on=timezone.localdate() - timedelta(days=1))
        revoke_link(actor=people.liaison, link_id=revoked.pk)
        type(tree.micro2).objects.filter(pk=tree.micro2.pk).update(is_active=False)
        tokens = (expired.token, revoked.token, retired.token, "nosuch", "x" * 64)
        for method in (client.get, lambda address: client.post(address, typed())):
            pages = [method(reverse("members:register", args=[token])) for token in tokens]
            assert {page.status_code for page in pages} == {404}
            assert len({page.content for page in pages}) == 1
        assert "居委会" in pages[0].content.decode()
        assert client.get(reverse("members:register_done", args=["nosuch"])).content == pages[0].content
        assert not Registration.objects.exists()

    def test_no_trace_in_addresses_headers_and_logs(self, client: Client, door: str, caplog):
        with caplog.at_level(logging.DEBUG):
            answers = [client.get(door), client.post(door, typed()), client.post(door, typed(phone="1"))]
        for answer in answers:
            assert "no-store" in answer["Cache-Control"]
            assert answer["Referrer-Policy"] == "same-origin"
            assert "noindex" in answer["X-Robots-Tag"]
        headers = str(answers[1].headers) + str(answers[1].cookies)
        said = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
        for secret in (NAME, PHONE):
            assert secret not in headers
            assert secret not in "\n".join(said)

    def test_forged_forms_are_refused_in_words_that_fit(self, door: str):
        answer = Client(enforce_csrf_checks=True).post(door, typed())
        assert answer.status_code == 403
        assert "Cookie" in answer.content.decode()
        assert NAME not in answer.content.decode()


class TestFloods:
    def test_per_address_and_per_link(self, client: Client, people: People, tree: Tree, door: str, settings):
        settings.REGISTRATIONS_PER_ADDRESS, settings.REGISTRATIONS_PER_LINK = 2, 3

        def send(address: str, to: str = door, **headers: str) -> int:
            answer = client.post(to, typed(phone=f"139{address[-1] * 8}"), REMOTE_ADDR=address, headers=headers)
            if answer.status_code == 429:
                assert 'value="某设计院"' in answer.content.decode()
            return answer.status_code

        other = reverse("members:register", args=[link(people.stranger, tree.liangsan).token])
        assert [send("10.0.0.1") for _ in range(3)] == [302, 302, 429]
        # A header that anybody can send does not make another address; one of our own proxies does.
        assert send("10.0.0.1", other, x_forwarded_for="10.9.9.9") == 429
        settings.PROXY_COUNT = 1
        assert send("10.0.0.1", other, x_forwarded_for="10.0.0.1, 10.9.9.9") == 302
        settings.PROXY_COUNT = 0
        assert [send("10.0.0.3"), send("10.0.0.4")] == [302, 429]
        assert RegistrationAttempt.objects.count() == Registration.objects.count() == 4
        assert not RegistrationAttempt.objects.filter(address_key__contains="10.0").exists()
        with clock.at(clock.now() + timedelta(hours=1, seconds=1)):
            assert send("10.0.0.1") == 302
        # One household has a whole network of these.
        settings.REGISTRATIONS_PER_ADDRESS = 1
        assert [send(f"2001:db8::{n}", other) for n in (1, 2)] == [302, 429]

    def test_large_bodies_are_refused_unread(self, client: Client, door: str):
        assert client.post(door, typed(remark="x" * 40_000)).status_code == 413

    @pytest.mark.parametrize("size", [2, 40])
    def test_price(self, client: Client, people: People, door: str, statements, size: int):
        token = door.split("/")[2]
        for number in range(size):
            factories.skill(f"特长{number}")
            handed_in(RegistrationLink.objects.get(token=token))
        with statements(2):
            client.get(door)
        with statements(12):
            assert client.post(door, typed()).status_code == 302


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_taken_once(settings):
    settings.REGISTRATIONS_PER_ADDRESS = 3
    tree = Tree()
    door = reverse(
        "members:register", args=[link(factories.posted("l", tree.wenyuan1, Role.LIAISON), tree.micro).token]
    )
    answers: list[int] = []
    together(lambda: answers.append(Client().post(door, typed()).status_code), times=6)
    assert sorted(answers) == [302] * 3 + [429] * 3
    assert Registration.objects.count() == 3
