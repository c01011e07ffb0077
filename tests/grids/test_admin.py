"""The tree through the admin: dragged, edited, retired, merged, always by grids/tree.py."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from grids.choices import Role
from grids.models import Grid
from liangcheng.accounts.models import User
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
