"""Every error of the API is a problem JSON in Chinese, whoever raises it; and who is let in at all."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.exceptions import Throttled
from rest_framework.test import APIClient

from cases.models import Case
from liangcheng.accounts.models import User
from tests import factories
from tests.api import ROOT, client_of, is_problem, token_client
from tests.factories import Tree
from tests.people import People

GETTERS = ["cases/", "cases/LC1/", "cases/LC1/events/", "cases/LC1/attachments/", "cases/LC1/attachments/1/"]
GETTERS += ["cases/LC1/assignees/", "categories/", "grids/", "grids/310109016000/", "departments/", "units/"]
GETTERS += ["units/U1/", "buildings/", "members/", "coverage/", "schema/", "docs/"]


@pytest.fixture
def hotline(tree: Tree) -> User:
    return factories.service("hotline12345", tree.street)


class TestWho:
    @pytest.mark.parametrize("path", GETTERS)
    def test_anonymous_is_asked_to_sign_in(self, db: None, path: str):
        answer = APIClient().get(f"{ROOT}/{path}")
        assert is_problem(answer, 401, "not_authenticated")
        assert answer["WWW-Authenticate"] == "Token"

    @pytest.mark.parametrize("path", ["cases/", "cases/LC1/accept/", "cases/LC1/attachments/"])
    def test_anonymous_may_not_write(self, db: None, path: str):
        assert is_problem(APIClient().post(f"{ROOT}/{path}", {}), 401, "not_authenticated")

    @pytest.mark.parametrize("token", ["", "abc", "Ä" * 64, "0" * 64, "two words", "0" * 5000])
    def test_wrong_token(self, hotline: User, token: str):
        client = APIClient()
        answer = client.get(f"{ROOT}/cases/", HTTP_AUTHORIZATION=f"Token {token}")
        assert is_problem(answer, 401, "invalid_token")

    def test_expired_token(self, hotline: User):
        client = token_client(hotline)
        assert client.get(f"{ROOT}/cases/").status_code == 200
        AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
        assert is_problem(client.get(f"{ROOT}/cases/"), 401, "invalid_token")

    def test_token_of_an_ended_or_ordinary_account(self, tree: Tree, people: People, hotline: User):
        client = token_client(hotline)
        User.objects.filter(pk=hotline.pk).update(is_active=False)
        assert is_problem(client.get(f"{ROOT}/cases/"), 401, "invalid_token")
        User.objects.filter(pk=hotline.pk).update(is_active=True, valid_until=timezone.localdate() - timedelta(days=1))
        assert is_problem(client.get(f"{ROOT}/cases/"), 401, "invalid_token")
        assert is_problem(token_client(people.liaison).get(f"{ROOT}/cases/"), 401, "invalid_token")

    def test_revoked_token(self, hotline: User):
        client = token_client(hotline)
        AuthToken.objects.all().delete()
        assert is_problem(client.get(f"{ROOT}/cases/"), 401, "invalid_token")

    def test_session_user_reads_and_needs_the_csrf_token_to_write(self, tree: Tree, people: People):
        client = Client(enforce_csrf_checks=True)
        client.force_login(people.liaison)
        assert client.get(f"{ROOT}/cases/").status_code == 200
        answer = client.post(f"{ROOT}/cases/", {}, content_type="application/json")
        assert is_problem(answer, 403, "csrf_failed")

    def test_ended_or_unfinished_session_is_told_as_a_problem(self, tree: Tree, people: People):
        client = Client()
        client.force_login(people.liaison)
        User.objects.filter(pk=people.liaison.pk).update(must_change_password=True)
        assert is_problem(client.get(f"{ROOT}/cases/"), 403, "password_change_required")
        User.objects.filter(pk=people.liaison.pk).update(valid_until=timezone.localdate() - timedelta(days=1))
        assert is_problem(client.get(f"{ROOT}/cases/"), 401, "not_authenticated")


class TestBody:
    def send(self, user: User, body: bytes, content_type: str = "application/json", **headers: str):
        return client_of(user).generic("POST", f"{ROOT}/cases/", body, content_type, **headers)

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"{", "parse_error"),
            (b"", "missing_category_code,description"),
            (b'{"description": NaN}', "parse_error"),
            (b"\xff\xfe", "parse_error"),
            (b"[" * 100_000, "parse_error"),
            (b'{"unit_id": ' + b"9" * 5000 + b"}", "parse_error"),
            (b"[]", "not_an_object"),
            (b'"text"', "not_an_object"),
            (b"null", "not_an_object"),
        ],
    )
    def test_unreadable_body(self, people: People, body: bytes, code: str):
        answer = self.send(people.officer, body)
        assert is_problem(answer, 400, "invalid" if "," in code else code)

    def test_unknown_charset(self, people: People):
        answer = self.send(people.officer, b"{}", "application/json; charset=klingon")
        assert answer.status_code == 400

    def test_too_large(self, people: People):
        answer = self.send(people.officer, b'{"description": "' + b"a" * 1024 * 1024 + b'"}')
        assert is_problem(answer, 413, "content_too_large")

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "x"]
    )
    def test_other_formats(self, people: People, content_type: str):
        assert is_problem(self.send(people.officer, b"a=b", content_type), 415, "unsupported_media_type")

    def test_broken_multipart(self, tree: Tree, people: People):
        factories.category("0201")
        case = factories.case(people.officer, tree.micro)
        path = f"{ROOT}/cases/{case.number}/attachments/"
        for content_type in ("multipart/form-data", "multipart/form-data; boundary=x"):
            answer = client_of(people.officer).generic("POST", path, b"nothing of the kind", content_type)
            assert answer.status_code == 400
            assert answer["Content-Type"] == "application/problem+json"


class TestElse:
    def test_other_answer_is_not_acceptable(self, people: People):
        answer = client_of(people.officer).get(f"{ROOT}/cases/", HTTP_ACCEPT="application/xml")
        assert is_problem(answer, 406, "not_acceptable")

    def test_other_method(self, people: People):
        answer = client_of(people.officer).delete(f"{ROOT}/cases/")
        assert is_problem(answer, 405, "method_not_allowed")
        assert set(answer["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}

    @pytest.mark.parametrize(
        "path", ["", "case/", "cases", "cases/LC%00/", "cases/a b/", "grids/x/y/", "cases/" + "9" * 40 + "/"]
    )
    def test_unknown_address(self, people: People, path: str):
        for method in ("get", "post"):
            assert is_problem(getattr(client_of(people.officer), method)(f"{ROOT}/{path}"), 404, "not_found")

    @pytest.mark.parametrize("pk", ["0", "9" * 18, "9" * 30])
    def test_unknown_picture(self, tree: Tree, people: People, pk: str):
        factories.category("0201")
        case = factories.case(people.officer, tree.micro)
        assert is_problem(
            client_of(people.officer).get(f"{ROOT}/cases/{case.number}/attachments/{pk}/"), 404, "not_found"
        )

    def test_too_many_requests(self, people: People, monkeypatch):
        def throttled(*args: object) -> None:
            raise Throttled(wait=7)

        monkeypatch.setattr("cases.api.views.CaseListView.check_throttles", throttled)
        answer = client_of(people.officer).get(f"{ROOT}/cases/")
        assert is_problem(answer, 429, "throttled")
        assert answer["Retry-After"] == "7"

    @pytest.mark.parametrize(
        ("error", "status", "code"), [("RuntimeError", 500, "server_error"), ("busy", 503, "busy")]
    )
    def test_what_nobody_foresaw(self, people: People, monkeypatch, caplog, error: str, status: int, code: str):
        from django.db import OperationalError

        def fail(*args: object) -> None:
            raise OperationalError("database is locked") if error == "busy" else RuntimeError("secret detail")

        monkeypatch.setattr(Case.objects, "visible_to", fail)
        client = client_of(people.officer)
        client.raise_request_exception = False
        answer = client.get(f"{ROOT}/cases/")
        assert is_problem(answer, status, code)
        assert "secret" not in answer.content.decode()
        assert "api request failed" in caplog.text

    def test_unforeseen_errors_reach_the_test_client_and_error_reporters(self, people: People, monkeypatch):
        def fail(*args: object) -> None:
            raise RuntimeError("boom")

        monkeypatch.setattr(Case.objects, "visible_to", fail)
        with pytest.raises(RuntimeError):
            client_of(people.officer).get(f"{ROOT}/cases/")

    def test_request_id_of_the_caller_comes_back(self, people: People):
        answer = client_of(people.officer).get(f"{ROOT}/nothing/", HTTP_X_REQUEST_ID="partner-0001")
        assert answer.json()["request_id"] == answer["X-Request-ID"] == "partner-0001"
