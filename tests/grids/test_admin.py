"""The tree, postings, accounts and tokens through the admin."""

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
from grids.models import Department, Grid, Posting
from liangcheng.accounts.models import ServiceAccount, User
from tests import factories
from tests.factories import Tree
from tests.people import People

TREE = "/admin/grids/grid/"


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员")


def staff(person: User) -> User:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return factories.fresh(person)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def drag(client: Client, moved: Grid, beside: Grid, position: str = "last-child") -> Any:
    sent = {"cmd": "move_node", "position": position, "cut_item": moved.pk, "pasted_on": beside.pk}
    return client.post(TREE, sent)


# -- drag


@pytest.mark.parametrize("position", ["last-child", "left", "right"])
def test_drag_moves_and_says_from_where_to_where(client: Client, boss: User, tree: Tree, position: str) -> None:
    client.force_login(boss)
    beside = tree.other_area if position == "last-child" else tree.xiuyuan
    answer = drag(client, tree.wenyuan1, beside, position)
    assert answer.content == b"OK"
    tree.reload()
    assert tree.wenyuan1.parent == tree.other_area
    assert tree.micro.area == tree.other_area
    assert "从“第三片区”移到“第一片区”" in said(answer)
    assert "从“第三片区”移到“第一片区”" in LogEntry.objects.get().get_change_message()


@pytest.mark.parametrize(
    ("moved", "beside", "position", "reason"),
    [
        ("area", "academy", "last-child", "片区网格只能放在街道下面"),
        ("area", "micro", "last-child", "移到它自己下面"),
        ("wenyuan1", "liangsan", "last-child", "居民区网格只能放在片区下面"),
        ("wenyuan1", "liangsan", "right", "按编码排列"),
        ("wenyuan1", "wenyuan1", "last-child", "自己"),
        ("area", "street", "left", "请把网格拖到它的上级之下"),
        ("wenyuan1", "other_area", "inside-out", "请把网格拖到它的上级之下"),
    ],
)
def test_refused_drags_say_why_and_move_nothing(
    client: Client, boss: User, tree: Tree, moved: str, beside: str, position: str, reason: str
) -> None:
    client.force_login(boss)
    before = list(Grid.objects.values_list("pk", "parent_id", "lft", "rght", "level"))
    answer = drag(client, getattr(tree, moved), getattr(tree, beside), position)
    assert answer.content == b"FAIL"
    assert reason in said(answer)
    assert list(Grid.objects.values_list("pk", "parent_id", "lft", "rght", "level")) == before
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("who", ["area_head", "liaison", "viewer", "stranger"])
def test_only_the_street_drags(client: Client, people: People, tree: Tree, who: str) -> None:
    client.force_login(staff(getattr(people, who)))
    assert drag(client, tree.micro, tree.liangsan).content == b"FAIL"
    tree.reload()
    assert tree.micro.parent == tree.wenyuan1
    assert "drag-handle" not in client.get(TREE).content.decode()


def test_another_streets_office_drags_nothing_here(client: Client, people: People, tree: Tree) -> None:
    elsewhere = factories.grid("COMMUNITY", "310109017000", "别的街道")
    client.force_login(staff(factories.posted("elsewhere", elsewhere, Role.DISPATCHER)))
    assert drag(client, tree.wenyuan1, tree.other_area).content == b"FAIL"
    tree.reload()
    assert tree.wenyuan1.parent == tree.area


def test_drag_of_what_is_gone(client: Client, boss: User, tree: Tree) -> None:
    client.force_login(boss)
    answer = client.post(TREE, {"cmd": "move_node", "position": "left", "cut_item": "x", "pasted_on": "0"})
    assert answer.content == b"FAIL"
    assert "没有找到" in said(answer)


# -- form


def form_of(client: Client, grid: Grid, **changes: Any) -> dict[str, Any]:
    page = client.get(f"{TREE}{grid.pk}/change/")
    form = page.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    sent |= {"external_codes-TOTAL_FORMS": "0", "external_codes-INITIAL_FORMS": "0"}
    return {name: "" if value is None or value is False else value for name, value in (sent | changes).items()}


def test_parent_is_changed_without_a_mouse(client: Client, boss: User, tree: Tree) -> None:
    client.force_login(boss)
    sent = form_of(client, tree.wenyuan1, parent=tree.other_area.pk, name="文苑一居民区", brand="文苑红邻坊")
    assert client.post(f"{TREE}{tree.wenyuan1.pk}/change/", sent).status_code == 302
    tree.reload()
    assert (tree.wenyuan1.parent, tree.wenyuan1.name, tree.wenyuan1.brand) == (
        tree.other_area,
        "文苑一居民区",
        "文苑红邻坊",
    )
    assert tree.micro.area == tree.other_area


def test_refused_parent_comes_back_with_what_was_typed(client: Client, boss: User, tree: Tree) -> None:
    client.force_login(boss)
    sent = form_of(client, tree.wenyuan1, parent=tree.liangsan.pk, brand="写了很久的品牌")
    answer = client.post(f"{TREE}{tree.wenyuan1.pk}/change/", sent)
    assert answer.status_code == 200
    assert "居民区网格只能放在片区下面" in answer.content.decode()
    assert "写了很久的品牌" in answer.content.decode()
    assert Grid.objects.get(pk=tree.wenyuan1.pk).brand == ""


def test_stale_form_overwrites_nothing(client: Client, boss: User, tree: Tree) -> None:
    from grids.tree import update_grid

    client.force_login(boss)
    sent = form_of(client, tree.wenyuan1, brand="晚到的")
    update_grid(grid_id=tree.wenyuan1.pk, brand="先到的")
    answer = client.post(f"{TREE}{tree.wenyuan1.pk}/change/", sent)
    assert "刚刚被别人改过" in answer.content.decode()
    assert Grid.objects.get(pk=tree.wenyuan1.pk).brand == "先到的"


def test_a_new_grid_goes_through_the_tree(client: Client, boss: User, tree: Tree) -> None:
    client.force_login(boss)
    sent = {"kind": "MICRO_UNIT", "code": "310109016011003", "name": "新单元", "short_name": "新单元"}
    answer = client.post(TREE + "add/", sent | {"parent": tree.wenyuan1.pk})
    assert answer.status_code == 302, answer.content.decode()
    made = Grid.objects.get(code="310109016011003")
    assert made.neighborhood == tree.wenyuan1
    again = client.post(TREE + "add/", sent | {"parent": tree.wenyuan1.pk, "name": "又一个"})
    assert again.status_code == 200
    wrong = client.post(TREE + "add/", sent | {"code": "310109016000001", "parent": tree.street.pk})
    assert "微单元网格只能放在" in wrong.content.decode()


def test_nothing_is_deleted(client: Client, boss: User, tree: Tree) -> None:
    client.force_login(boss)
    assert client.post(f"{TREE}{tree.micro.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(TREE, {"action": "delete_selected", "_selected_action": [tree.micro.pk], "post": "yes", "index": "0"})
    assert Grid.objects.filter(pk=tree.micro.pk).exists()


def test_area_describes_but_does_not_restructure(client: Client, people: People, tree: Tree) -> None:
    client.force_login(staff(people.area_liaison))
    sent = form_of(client, tree.wenyuan1, brand="片区写的") | {"parent": tree.other_area.pk, "name": "改名"}
    assert client.post(f"{TREE}{tree.wenyuan1.pk}/change/", sent).status_code == 302
    saved = Grid.objects.get(pk=tree.wenyuan1.pk)
    assert (saved.brand, saved.name, saved.parent_id) == ("片区写的", "文苑一", tree.area.pk)
    assert client.post(TREE + "add/", sent).status_code == 403
    # above and beside their area: read or nothing
    assert client.post(f"{TREE}{tree.street.pk}/change/", sent).status_code == 403
    assert client.post(f"{TREE}{tree.xiuyuan.pk}/change/", sent).status_code == 404


def test_search_by_initials(client: Client, boss: User, tree: Tree) -> None:
    client.force_login(boss)
    found = client.get(TREE + "?q=wyy").context["cl"].result_list
    assert {grid.name for grid in found} == {"文苑一", "文苑一微1", "文苑一微2"}


# -- retire, merge


def act(client: Client, action: str, *grids: Grid, **given: Any) -> Any:
    sent = {"action": action, "_selected_action": [grid.pk for grid in grids], **given}
    return client.post(TREE, sent)


def test_retire_asks_then_ends(client: Client, boss: User, tree: Tree) -> None:
    client.force_login(boss)
    assert "最后使用日期" in act(client, "retire", tree.micro2).content.decode()
    assert Grid.objects.get(pk=tree.micro2.pk).is_active
    act(client, "retire", tree.micro2, confirmed="1", on=timezone.localdate())
    assert not Grid.objects.get(pk=tree.micro2.pk).is_active
    answer = act(client, "retire", tree.wenyuan1, confirmed="1", on=timezone.localdate())
    assert "还不能停用" in said(answer)
    act(client, "restore", tree.micro2)
    assert Grid.objects.get(pk=tree.micro2.pk).is_active


def test_merge_moves_what_hangs_there(client: Client, boss: User, tree: Tree) -> None:
    client.force_login(boss)
    unit = factories.unit(tree.micro2)
    given = {"confirmed": "1", "on": timezone.localdate()}
    refused = act(client, "merge", tree.micro2, target=tree.street.pk, **given)
    assert refused.status_code == 200
    assert Grid.objects.get(pk=tree.micro2.pk).is_active
    act(client, "merge", tree.micro2, target=tree.micro.pk, **given)
    unit.refresh_from_db()
    assert unit.grid == tree.micro
    assert Grid.objects.get(pk=tree.micro2.pk).successor == tree.micro


def test_area_neither_retires_nor_merges(client: Client, people: People, tree: Tree) -> None:
    client.force_login(staff(people.area_head))
    act(client, "retire", tree.micro2, confirmed="1", on=timezone.localdate())
    assert Grid.objects.get(pk=tree.micro2.pk).is_active


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
