"""Where nobody asked for the demo, there is nothing of it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cases.demo import seed, texts
from cases.models import Case, Category
from liangcheng.accounts.models import User
from members.models import PartyMember

pytestmark = pytest.mark.django_db


def seed_demo() -> str:
    out = StringIO()
    call_command("seed_demo", stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def password(monkeypatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "Demo-of-the-tests-1")


class TestWithout:
    def test_no_password_no_demo(self, monkeypatch):
        monkeypatch.delenv("DEMO_PASSWORD")
        with pytest.raises(CommandError, match="DEMO_PASSWORD"):
            seed_demo()

    def test_nothing_is_mixed_into_an_installation_in_use(self):
        User.objects.create_user("zhangsan", "x", full_name="张三")
        assert "不再生成" in seed_demo()
        assert (User.objects.count(), Case.objects.count()) == (1, 0)

    def test_reference_data_first(self):
        with pytest.raises(CommandError, match="load_reference"):
            seed_demo()

    def test_without_a_demo_no_account_is_listed_or_made(self):
        call_command("load_reference", stdout=StringIO())
        out = StringIO()
        call_command("demo_accounts", stdout=out)
        assert out.getvalue() == ""
        assert not User.objects.exists()
        assert not PartyMember.objects.exists()
        assert not seed.is_seeded()


def test_at_least_sixty_texts_one_for_every_category(db):
    assert sum(len(told) for told in texts.texts().values()) >= 60
    call_command("load_reference", stdout=StringIO())
    assert set(texts.texts()) == set(Category.objects.values_list("code", flat=True))
