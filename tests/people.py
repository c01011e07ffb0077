"""The people of the tests: who stands where in the small street of tests.factories.Tree."""

from dataclasses import dataclass

from grids.choices import Role
from grids.models import Department
from liangcheng.accounts.models import User
from tests import factories
from tests.factories import Tree


@dataclass
class People:
    """One of each role around 文苑一, and strangers of another 居民区 and another area."""

    officer: User  # 网格员 of 文苑一微1
    officer2: User  # 网格员 of 文苑一微2
    liaison: User  # 联络员 of 文苑一
    head: User  # 网格长 of 文苑一
    area_liaison: User
    area_head: User
    dispatcher: User  # 派遣员 of the street
    street_head: User
    inspector: User
    viewer: User
    staff: User  # 城管中队
    stranger: User  # 联络员 of 凉三
    far_stranger: User  # 联络员 of 秀苑, another area
    chengguan: Department


def settle(tree: Tree) -> People:
    """Post everybody."""
    chengguan = factories.department(tree.street)
    found = factories.posted_at_once([
        ("officer", tree.micro, Role.OFFICER, None),
        ("officer2", tree.micro2, Role.OFFICER, None),
        ("liaison", tree.wenyuan1, Role.LIAISON, None),
        ("head", tree.wenyuan1, Role.HEAD, None),
        ("area_liaison", tree.area, Role.LIAISON, None),
        ("area_head", tree.area, Role.HEAD, None),
        ("dispatcher", tree.street, Role.DISPATCHER, None),
        ("street_head", tree.street, Role.HEAD, None),
        ("inspector", tree.street, Role.INSPECTOR, None),
        ("viewer", tree.street, Role.VIEWER, None),
        ("staff", tree.street, Role.OFFICER, chengguan),
        ("stranger", tree.liangsan, Role.LIAISON, None),
        ("far_stranger", tree.xiuyuan, Role.LIAISON, None),
    ])  # fmt: skip
    return People(**found, chengguan=chengguan)
