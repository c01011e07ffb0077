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
    return People(
        officer=factories.posted("officer", tree.micro, Role.OFFICER),
        officer2=factories.posted("officer2", tree.micro2, Role.OFFICER),
        liaison=factories.posted("liaison", tree.wenyuan1, Role.LIAISON),
        head=factories.posted("head", tree.wenyuan1, Role.HEAD),
        area_liaison=factories.posted("area_liaison", tree.area, Role.LIAISON),
        area_head=factories.posted("area_head", tree.area, Role.HEAD),
        dispatcher=factories.posted("dispatcher", tree.street, Role.DISPATCHER),
        street_head=factories.posted("street_head", tree.street, Role.HEAD),
        inspector=factories.posted("inspector", tree.street, Role.INSPECTOR),
        viewer=factories.posted("viewer", tree.street, Role.VIEWER),
        staff=factories.posted("staff", tree.street, Role.OFFICER, chengguan),
        stranger=factories.posted("stranger", tree.liangsan, Role.LIAISON),
        far_stranger=factories.posted("far_stranger", tree.xiuyuan, Role.LIAISON),
        chengguan=chengguan,
    )
