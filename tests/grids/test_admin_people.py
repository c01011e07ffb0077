"""Postings, accounts, departments and tokens through the admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from grids.choices import Role
from grids.models import Department, Posting
from liangcheng.accounts.models import ServiceAccount, User
from tests import factories
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员")


def staff(person: User) -> User:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return factories.fresh(person)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


# -- postings and accounts


def test_postings_are_given_by_the_street_only(client: Client, people: People, tree: Tree) -> None:
    given = {"user": people.officer.pk, "grid": tree.area.pk, "role": "HEAD"}
    for who, status in ((people.area_head, 403), (people.liaison, 403), (people.viewer, 403), (people.dispatcher, 302)):
        client.force_login(staff(who))
        assert client.post("/admin/grids/posting/add/", given).status_code == status
    assert Posting.objects.filter(user=people.officer, role="HEAD").count() == 1
    again = client.post("/admin/grids/posting/add/", given)
    assert "已有相同的岗位" in again.content.decode()
    service = client.post("/admin/grids/posting/add/", given | {"role": "SERVICE"})
    assert service.status_code == 200


def test_postings_of_another_street_are_out_of_reach(client: Client, people: People, tree: Tree) -> None:
    elsewhere = factories.grid("COMMUNITY", "310109017000", "别的街道")
    given = {"user": people.officer.pk, "grid": elsewhere.pk, "role": "HEAD"}
    foreign = factories.posting(factories.user("foreigner"), elsewhere, Role.HEAD)
    client.force_login(staff(people.dispatcher))
    assert client.post("/admin/grids/posting/add/", given).status_code == 200
    assert not Posting.objects.filter(user=people.officer, grid=elsewhere).exists()
    assert client.get(f"/admin/grids/posting/{foreign.pk}/change/").status_code == 404
    assert client.get(f"/admin/accounts/user/{foreign.user_id}/change/").status_code == 404


def test_choices_offered_are_choices_accepted(client: Client, people: People, tree: Tree) -> None:
    elsewhere = factories.grid("COMMUNITY", "310109017000", "别的街道")
    factories.posting(factories.user("foreigner", full_name="外人"), elsewhere, Role.HEAD)
    client.force_login(staff(people.dispatcher))

    def offered(field: str, term: str = "") -> set[str]:
        query = {"app_label": "grids", "model_name": "posting", "field_name": field, "term": term}
        return {row["text"] for row in client.get("/admin/autocomplete/", query).json()["results"]}

    assert "别的街道" not in offered("grid")
    assert "文苑一" in offered("grid", "wyy")
    assert offered("user", "外人") == set()


def test_accounts_are_kept_by_the_office(client: Client, people: People, boss: User) -> None:
    client.force_login(staff(people.area_head))
    assert client.get("/admin/accounts/user/").status_code == 403
    assert client.get(f"/admin/accounts/user/{people.officer.pk}/change/").status_code == 403
    client.force_login(staff(people.dispatcher))
    assert people.officer.full_name in client.get("/admin/accounts/user/").content.decode()
    for address in (f"/admin/accounts/user/{boss.pk}/change/", f"/admin/accounts/user/{boss.pk}/password/"):
        assert client.get(address).status_code == 404
        assert client.post(address, {"password1": "Liang-2026-abc", "password2": "Liang-2026-abc"}).status_code == 404


def test_the_office_makes_no_superuser(client: Client, people: People) -> None:
    client.force_login(staff(people.dispatcher))
    address = f"/admin/accounts/user/{people.officer.pk}/change/"
    page = client.get(address)
    sent = {name: page.context["adminform"].form[name].value() for name in page.context["adminform"].form.fields}
    formset = page.context["inline_admin_formsets"][0].formset
    sent |= {f"{formset.prefix}-TOTAL_FORMS": "0", f"{formset.prefix}-INITIAL_FORMS": "0", "is_superuser": "on"}
    sent = {name: value for name, value in sent.items() if value not in (None, False)} | {"title": "组长"}
    assert client.post(address, sent).status_code == 302
    saved = User.objects.get(pk=people.officer.pk)
    assert (saved.title, saved.is_superuser) == ("组长", False)


def test_passwords_of_others_must_be_changed(client: Client, people: People) -> None:
    client.force_login(staff(people.dispatcher))
    new = {"password1": "Xiang-qian-26", "password2": "Xiang-qian-26"}
    assert client.post(f"/admin/accounts/user/{people.officer.pk}/password/", new).status_code == 302
    saved = User.objects.get(pk=people.officer.pk)
    assert saved.must_change_password
    assert saved.check_password("Xiang-qian-26")
    added = client.post("/admin/accounts/user/add/", {"username": "xinren", "full_name": "新人", **new})
    assert added.status_code == 302
    assert User.objects.get(username="xinren").must_change_password
    weak = client.post(f"/admin/accounts/user/{people.officer.pk}/password/", {"password1": "", "password2": ""})
    assert weak.status_code == 200


def test_departments_of_the_path_are_seen_but_not_written(client: Client, people: People, tree: Tree) -> None:
    client.force_login(staff(people.area_head))
    address = f"/admin/grids/department/{people.chengguan.pk}/change/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"name": "改名"}).status_code == 403
    assert Department.objects.get().name == "城管中队"


# -- other systems


@pytest.fixture
def account(tree: Tree) -> ServiceAccount:
    return factories.service("hotline12345", tree.street).service_account


def test_a_service_account_gets_grid_and_no_password(client: Client, people: People, tree: Tree) -> None:
    client.force_login(staff(people.dispatcher))
    given = {"system": "yunwei", "full_name": "社区运维中心", "grid": tree.area.pk, "is_active": "on", "may_note": "on"}
    answer = client.post("/admin/accounts/serviceaccount/add/", given)
    assert answer.status_code == 302, answer.content.decode()
    user = User.objects.get(username="yunwei")
    assert user.is_service
    assert not user.has_usable_password()
    assert not user.is_staff
    assert (user.postings.get().grid, user.postings.get().role) == (tree.area, Role.SERVICE)
    moved = given | {"grid": tree.street.pk, "is_active": ""}
    client.post(f"/admin/accounts/serviceaccount/{user.service_account.pk}/change/", moved)
    user.refresh_from_db()
    assert (user.postings.get().grid, user.is_active) == (tree.street, False)


def test_a_token_is_shown_once_and_kept_hashed(client: Client, people: People, account: ServiceAccount) -> None:
    client.force_login(staff(people.dispatcher))
    address = reverse("admin:accounts_service_tokens", args=[account.pk])
    answer = client.post(address, {"days": "90"})
    token = answer.context["token"]
    row = AuthToken.objects.get()
    assert token in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert token not in (row.digest, row.token_key)
    assert timedelta(days=89) < row.expiry - timezone.now() < timedelta(days=91)
    later = client.get(address).content.decode()
    assert token not in later
    assert row.token_key[:8] in later
    assert token not in str(list(LogEntry.objects.values()))
    assert not said(answer)


def test_a_revoked_token_is_gone(client: Client, people: People, account: ServiceAccount) -> None:
    row, _ = AuthToken.objects.create(account.user)
    other, _ = AuthToken.objects.create(factories.service("other", people.chengguan.grid))
    client.force_login(staff(people.dispatcher))
    address = reverse("admin:accounts_service_tokens", args=[account.pk])
    client.post(address, {"revoke": other.token_key})
    client.post(address, {"revoke": row.token_key})
    assert list(AuthToken.objects.all()) == [other]


@pytest.mark.parametrize("who", ["area_head", "liaison", "viewer"])
def test_tokens_are_the_offices(client: Client, people: People, account: ServiceAccount, who: str) -> None:
    client.force_login(staff(getattr(people, who)))
    address = reverse("admin:accounts_service_tokens", args=[account.pk])
    assert client.post(address, {"days": "90"}).status_code in (403, 404)
    assert not AuthToken.objects.exists()


def test_tokens_of_another_street_are_out_of_reach(client: Client, people: People, tree: Tree) -> None:
    elsewhere = factories.grid("COMMUNITY", "310109017000", "别的街道")
    foreign = factories.service("foreign", elsewhere).service_account
    client.force_login(staff(people.dispatcher))
    assert client.post(reverse("admin:accounts_service_tokens", args=[foreign.pk]), {"days": "90"}).status_code == 404
    assert not AuthToken.objects.exists()
