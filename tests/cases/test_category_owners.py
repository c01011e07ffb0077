"""每项事务有人抓: who answers for a category in a street, and how the coverage of the street tells."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from cases.assignment import owning_department
from cases.models import Category, CategoryOwner
from cases.querysets import departments_without_staff
from grids.choices import Role
from grids.models import Department, Posting
from liangcheng.accounts.models import User
from tests import factories
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def categories(tree: Tree, people: People) -> dict[str, Category]:
    return {
        "owned": factories.category("0501", responsible_department=people.chengguan),
        "bare": factories.category("0502"),
        "old": factories.category("0503", is_active=False),
    }


def lacking(street) -> set[str]:
    return {row.code for row in Category.objects.without_owner(street)}


def test_the_common_list_and_the_streets_own_word(tree: Tree, people: People, categories):
    other = Tree("310110001")
    assert lacking(tree.street) == {"0502"}
    # The department of one street does nothing in another.
    assert lacking(other.street) == {"0501", "0502"}
    CategoryOwner.objects.create(category=categories["bare"], community=tree.street)
    assert lacking(tree.street) == set()
    assert lacking(other.street) == {"0501", "0502"}
    desk = factories.department(other.street, "CG2", "另一中队")
    said = CategoryOwner.objects.create(category=categories["owned"], community=other.street, department=desk)
    assert lacking(other.street) == {"0502"}
    Department.objects.filter(pk=desk.pk).update(is_active=False)
    assert lacking(other.street) == {"0501", "0502"}
    # What the street says goes before the common list, also when it leads nowhere.
    old = factories.department(tree.street, "OLD", "旧科室")
    said = CategoryOwner.objects.create(category=categories["owned"], community=tree.street, department=old)
    assert lacking(tree.street) == set()
    Department.objects.filter(pk=old.pk).update(is_active=False)
    assert lacking(tree.street) == {"0501"}
    said.delete()
    Department.objects.filter(pk=people.chengguan.pk).update(is_active=False)
    assert lacking(tree.street) == {"0501"}


def test_a_department_that_answers_has_staff(tree: Tree, people: People, categories):
    guanli = factories.department(tree.street, "GUANLI", "管理办")
    # Without a category nobody misses them.
    assert set(departments_without_staff(tree.street)) == set()
    CategoryOwner.objects.create(category=categories["bare"], community=tree.street, department=guanli)
    assert set(departments_without_staff(tree.street)) == {guanli}
    factories.posted("clerk", tree.street, Role.OFFICER, guanli)
    assert set(departments_without_staff(tree.street)) == set()
    Posting.objects.filter(department=people.chengguan).delete()
    assert set(departments_without_staff(tree.street)) == {people.chengguan}
    CategoryOwner.objects.create(category=categories["owned"], community=tree.street, department=guanli)
    assert set(departments_without_staff(tree.street)) == set()


def test_the_dispatch_form_proposes_whoever_the_street_named(client, tree: Tree, people: People, categories):
    case = factories.case(people.liaison, tree.micro, categories["owned"])
    assert owning_department(case) == people.chengguan.pk
    guanli = factories.department(tree.street, "GUANLI", "管理办")
    said = CategoryOwner.objects.create(category=categories["owned"], community=tree.street, department=guanli)
    client.force_login(people.liaison)
    seen = client.get(reverse("cases:act", args=[case.number, "dispatch"])).content.decode()
    assert f'<option value="d{guanli.pk}" selected>' in seen
    CategoryOwner.objects.filter(pk=said.pk).update(department=None)
    assert owning_department(case) is None


class TestAdmin:
    def test_the_office_keeps_its_own_street(self, client, tree: Tree, people: People, categories):
        other = Tree("310110001")
        far = factories.department(other.street, "CG2", "另一中队")
        User.objects.update(is_staff=True)
        client.force_login(people.street_head)
        client.get(reverse("members:coverage"))
        gap = {"grid": tree.street.code, "gap": "categories_without_owner"}
        [row] = client.get(reverse("members:coverage"), gap).context["page"]
        assert "0502" in row.title
        assert client.get(row.link).status_code == 200
        body = {"category": categories["bare"].pk, "community": tree.street.pk, "department": far.pk}
        for wrong in ({}, {"community": other.street.pk, "department": ""}, {"community": tree.area.pk}):
            assert client.post(row.link, body | wrong).status_code == 200
        assert not CategoryOwner.objects.exists()
        assert client.post(row.link, body | {"department": people.chengguan.pk}).status_code == 302
        said = CategoryOwner.objects.get()
        assert said.history.count() == 1
        assert list(client.get(reverse("members:coverage"), gap).context["page"]) == []
        # A department out of use: the same line leads to the row that is there.
        Department.objects.filter(pk=people.chengguan.pk).update(is_active=False)
        links = {row.link for row in client.get(reverse("members:coverage"), gap).context["page"]}
        assert reverse("admin:cases_categoryowner_change", args=[said.pk]) in links
        twice = client.post(row.link, body | {"department": ""})
        assert "已有归口" in twice.content.decode()

    def test_others_read_or_see_nothing(self, client, tree: Tree, people: People, categories):
        said = CategoryOwner.objects.create(category=categories["bare"], community=tree.street)
        far = factories.posted("far", Tree("310110001").street, Role.HEAD)
        User.objects.update(is_staff=True)
        change = reverse("admin:cases_categoryowner_change", args=[said.pk])
        for user, status in ((people.viewer, 200), (far, 404)):
            client.force_login(user)
            assert client.get(change).status_code == status
            assert client.post(change, {"department": people.chengguan.pk}).status_code in (403, 404)
        said.refresh_from_db()
        assert said.department is None


def test_the_department_serves_in_the_street(tree: Tree, people: People, categories):
    far = factories.department(Tree("310110001").street, "CG2", "另一中队")
    with pytest.raises(ValidationError, match="本街道"):
        CategoryOwner(category=categories["bare"], community=tree.street, department=far).full_clean()
