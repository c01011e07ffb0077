"""Signing in and out, the first password, the lock, who am I."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.factories import Tree
from tests.people import People

PASSWORD = "Passw0rd-of-tests"


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: str):
    return client.post(reverse("accounts:login"), {"username": username, "password": password, **more})


class TestSignIn:
    def test_leads_to_the_workbench(self, client: Client, people: People):
        assert sign_in(client, "liaison").headers["Location"] == "/"

    def test_keeps_where_one_wanted_to_go(self, client: Client, people: People):
        asked = client.get("/cases/?status=PENDING")
        assert asked.headers["Location"] == "/accounts/login/?next=/cases/%3Fstatus%3DPENDING"
        assert sign_in(client, "liaison", next="/cases/?status=PENDING").headers["Location"] == "/cases/?status=PENDING"

    def test_never_leads_to_another_site(self, client: Client, people: People):
        assert sign_in(client, "liaison", next="https://evil.example/").headers["Location"] == "/"

    def test_a_wrong_password_is_told_in_chinese_and_keeps_the_name(self, client: Client, people: People):
        page = sign_in(client, "liaison", "wrong", next="/cases/").content.decode()
        assert "登录名或密码不正确" in page
        assert 'value="liaison"' in page
        assert 'name="next" value="/cases/"' in page
        assert "wrong" not in page

    def test_full_width_letters_of_an_input_method_count(self, client: Client, people: People):
        assert sign_in(client, "ｌｉａｉｓｏｎ").status_code == 302

    def test_nul_is_no_name(self, client: Client, people: People):
        assert sign_in(client, "lia\x00ison").status_code == 200

    def test_service_accounts_do_not_sign_in(self, client: Client, tree: Tree):
        factories.service("hotline12345", tree.street)
        assert "登录名或密码不正确" in sign_in(client, "hotline12345").content.decode()

    def test_an_ended_account_is_told_so(self, client: Client, people: People):
        people.liaison.valid_until = factories.long_ago()
        people.liaison.save()
        sign_in(client, "liaison")
        page = client.get("/", follow=True).content.decode()
        assert "账号已到期" in page
        assert "我的待办" not in page

    def test_after_five_misses_the_name_is_locked_at_this_address(self, client: Client, people: People, settings):
        settings.AXES_ENABLED = True
        for _ in range(5):
            answer = sign_in(client, "liaison", "wrong")
        assert answer.status_code == 429
        assert "15 分钟" in answer.content.decode()
        assert sign_in(client, "liaison").status_code == 429
        # An office behind one address: the others still get in.
        assert sign_in(client, "officer").status_code == 302


class TestSignOut:
    def test_needs_a_post(self, client: Client, people: People):
        client.force_login(people.liaison)
        assert client.get(reverse("accounts:logout")).status_code == 405
        assert client.post(reverse("accounts:logout")).status_code == 302
        assert client.get("/").status_code == 302


class TestPassword:
    def change(self, client: Client, old: str, new: str, again: str | None = None):
        data = {"old_password": old, "new_password1": new, "new_password2": again or new}
        return client.post(reverse("accounts:password_change"), data)

    def test_a_first_password_must_be_changed_before_anything(self, client: Client, people: People):
        people.officer.must_change_password = True
        people.officer.save()
        client.force_login(people.officer)
        assert client.get("/cases/").headers["Location"] == reverse("accounts:password_change")
        assert "初始密码" in client.get(reverse("accounts:password_change")).content.decode()
        assert self.change(client, PASSWORD, "Wen-yuan-2026x").status_code == 302
        assert client.get("/cases/").status_code == 200
        assert factories.fresh(people.officer).check_password("Wen-yuan-2026x")

    @pytest.mark.parametrize(
        ("old", "new", "again", "told"),
        [
            ("wrong", "Wen-yuan-2026x", None, "原密码不正确"),
            (PASSWORD, "Wen-yuan-2026x", "Wen-yuan-2026y", "两次输入的新密码不一致"),
            (PASSWORD, "short1A", None, "密码至少 10 位"),
            (PASSWORD, "alllowercase", None, "至少用 3 类"),
            (PASSWORD, "Liangcheng-2026", None, "不要用单位名"),
            (PASSWORD, PASSWORD, None, "不能与原密码相同"),
        ],
    )
    def test_refusals_in_chinese(self, client: Client, people: People, old: str, new: str, again: str, told: str):
        client.force_login(people.officer)
        page = self.change(client, old, new, again).content.decode()
        assert told in page
        assert "This password" not in page
        assert factories.fresh(people.officer).check_password(PASSWORD)


class TestMe:
    def test_shows_the_current_postings(self, client: Client, people: People, tree: Tree):
        client.force_login(people.liaison)
        page = client.get(reverse("accounts:me")).content.decode()
        assert "文苑一" in page
        assert "联络员" in page

    def test_without_a_posting_says_what_to_do(self, client: Client, db: None):
        client.force_login(factories.user("nobody"))
        assert "请联系街道管理员" in client.get(reverse("accounts:me")).content.decode()


def test_health_needs_no_session(client: Client, db: None, statements):
    with statements(1):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_an_unknown_address_is_told_in_chinese_without_the_database(client: Client, db: None):
    answer = client.get("/nirgendwo/")
    assert answer.status_code == 404
    assert "没有找到" in answer.content.decode()
