"""What each register's sheet takes in, gives out and refuses; whom it belongs to."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from grids.choices import PartyAccess, Role
from grids.models import Posting
from liangcheng.accounts.models import User
from members.models import (
    AccessLog,
    Building,
    PartyMember,
    PartyOrganization,
    ResidentContact,
    ResidentUnit,
    Team,
    Transfer,
    Venue,
)
from members.sheets import SHEETS
from members.sheets.base import Reader
from tests import factories
from tests.factories import Tree
from tests.people import People
from tests.sheets import Row, checked, imported, problems, rows_of

MICRO, MICRO2, OTHER = "310109016011001", "310109016011002", "310109016014"
UNIT: Row = {"单位编号": "U7", "名称": "凉城商务楼", "类别": "楼宇园区", "网格编码": MICRO2}
BUILDING: Row = {"单位编号": "U1", "路名": "凉城路", "弄": "123", "号": "4", "网格编码": MICRO}
MEMBER: Row = {"姓名": "李明", "类别": "在册党员", "所在党组织": "文苑一居民区党总支", "网格编码": MICRO}
CONTACT: Row = {"姓名": "陈芳", "手机": "13900139000", "类别": "楼组长", "网格编码": MICRO}
TEAM: Row = {"网格编码": "310109016011", "名称": "平安志愿队", "类别": "服务队伍"}
VENUE: Row = {"网格编码": "310109016011", "名称": "文苑一服务站", "类别": "党建服务站"}


def as_exported(user: User, slug: str, row: Any) -> Row:
    """A line as an export to `user` would hold it."""
    sheet = SHEETS[slug]
    found = sheet.loaded(sheet.model.objects.filter(pk=row.pk)).get()
    return {column.header: column.text(found, Reader(user)) for column in sheet.columns}


@pytest.fixture
def unit(tree: Tree) -> ResidentUnit:
    return factories.unit(
        tree.micro, "U1", "文苑小区", contact_name="王经理", contact_phone="13812345678", note="=1+1", households=5
    )


@pytest.fixture
def branch(tree: Tree) -> PartyOrganization:
    return factories.organization(tree.wenyuan1)


class TestUnits:
    def test_what_excel_makes_of_digits_stays_digits(self, client: Client, people: People, tree: Tree):
        row = UNIT | {"网格编码": 310109016011002.0, "联系电话": 13800138000.0, "户数": 12.0, "入驻企业数": "３"}
        job = imported(client, people.area_liaison, "units", row)
        assert (job.state, job.new, problems(job)) == ("DONE", 1, "")
        made = ResidentUnit.objects.get()
        assert (made.contact_phone, made.households, made.tenants, made.is_active) == ("13800138000", 12, 3, True)
        assert (made.area, made.neighborhood, made.micro_unit) == (tree.area, tree.wenyuan1, tree.micro2)
        assert made.name_pinyin == "lcswl"
        entry = made.history.get()
        assert (entry.history_user, entry.history_change_reason) == (people.area_liaison, "Excel 导入")

    def test_an_exported_line_comes_back_unchanged_and_masked_cells_keep_what_is_stored(
        self, client: Client, people: People, unit: ResidentUnit
    ):
        row = as_exported(people.area_liaison, "units", unit)
        assert (row["联系人"], row["联系电话"], row["备注"]) == ("王**", "138****5678", "'=1+1")
        assert imported(client, people.area_liaison, "units", row).unchanged == 1
        changed = imported(client, people.area_liaison, "units", row | {"名称": "文苑小区（南）", "户数": ""})
        unit.refresh_from_db()
        assert (changed.changed, unit.name, unit.households, unit.note) == (1, "文苑小区（南）", None, "=1+1")
        assert (unit.contact_name, unit.contact_phone) == ("王经理", "13812345678")
        assert unit.history.count() == 2

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"网格编码": OTHER}, "第 2 行“网格编码”：没有找到网格“310109016014”，或不在您可以登记的范围内"),
            ({"网格编码": ""}, "第 2 行“网格编码”：必填"),
            ({"类别": "ESTATE"}, "第 2 行“类别”：“ESTATE”不在可选范围内：小区、"),
            ({"联系电话": "138"}, "第 2 行“联系电话”：请填 11 位手机号"),
            ({"联系电话": "138****5678"}, "第 2 行“联系电话”：带“*”的不是完整内容"),
            ({"户数": "许多"}, "第 2 行“户数”：“许多”不是整数"),
            ({"名称": ""}, "第 2 行“名称”：必填"),
            ({"名称": "长" * 81}, "第 2 行“名称”"),
            ({"经营内容": "早餐"}, "第 2 行“经营内容”：楼宇园区不登记这一项"),
            ({"统一社会信用代码": "123"}, "校验位不符"),
            ({"相邻网格编码": MICRO2}, "第 2 行“相邻网格编码”：相邻网格应是另一个网格"),
        ],
    )
    def test_wrong_rows_are_named_and_nothing_is_taken(
        self, client: Client, people: People, tree: Tree, wrong: Row, words: str
    ):
        job = checked(client, people.area_liaison, "units", UNIT | wrong, UNIT | {"单位编号": "U8"})
        assert words in problems(job)
        assert (job.state, ResidentUnit.objects.count()) == ("REFUSED", 0)

    def test_somebody_elses_rows_look_like_unknown_ones(self, client: Client, people: People, tree: Tree, unit):
        user = factories.posted("other_area", tree.other_area, Role.LIAISON)
        job = checked(client, user, "units", UNIT | {"单位编号": "U1", "网格编码": OTHER})
        assert "不在您的网格范围内，也不能新建" in problems(job)
        assert "文苑" not in problems(job)
        unit.refresh_from_db()
        assert unit.name == "文苑小区"

    def test_the_same_code_twice(self, client: Client, people: People, tree: Tree):
        job = checked(client, people.area_liaison, "units", UNIT, UNIT)
        assert "第 3 行“单位编号”：与第 2 行重复" in problems(job)

    def test_a_row_that_is_only_seen_may_stand_unchanged(self, client: Client, people: People, tree: Tree):
        """A unit of the other area with a second grid here."""
        foreign = factories.unit(tree.xiuyuan, "U2", second_grid=tree.micro)
        row = as_exported(people.area_liaison, "units", foreign)
        assert checked(client, people.area_liaison, "units", row).unchanged == 1
        job = checked(client, people.area_liaison, "units", row | {"名称": "改名"})
        assert "您的岗位不能修改它" in problems(job)


class TestBuildings:
    def test_by_address_with_leader_and_other_addresses(self, client: Client, people: People, tree: Tree, unit, branch):
        member = factories.member(tree.micro, branch, "李明", phone="13900000001")
        factories.contact(tree.micro2, "李明", phone="13900000002")
        factories.contact(tree.micro, "陈芳")
        row = BUILDING | {"弄": 123.0, "号": "4号", "其他地址": "水电路29弄4号、水电路31号", "楼组长": "陈芳"}
        assert imported(client, people.area_liaison, "buildings", row).new == 1
        made = Building.objects.get()
        assert (made.name, made.lane, made.number, made.micro_unit) == ("凉城路123弄4号", "123", "4", tree.micro)
        assert made.leader_contact.name == "陈芳"
        assert sorted(map(str, made.aliases.all())) == ["水电路29弄4号", "水电路31号"]
        line = as_exported(people.area_liaison, "buildings", made)
        assert imported(client, people.area_liaison, "buildings", line).unchanged == 1
        two = checked(client, people.area_liaison, "buildings", BUILDING | {"楼组长": "李明"})
        assert "叫“李明”的有 2 位，请写明手机" in problems(two)
        job = imported(
            client, people.area_liaison, "buildings", BUILDING | {"楼组长": "李明", "楼组长电话": 13900000001.0}
        )
        assert job.changed == 1
        made.refresh_from_db()
        assert (made.leader_member, made.leader_contact) == (member, None)
        assert made.aliases.count() == 2  # a column that is not there leaves alone what is stored

    def test_addresses_lead_to_one_building(self, client: Client, people: People, tree: Tree, unit):
        factories.building(tree.micro, unit, road="凉城路", lane="123", number="9")
        for wrong, words in (
            ({"其他地址": "凉城路123弄9号"}, "已经是另一幢楼的地址"),
            ({"其他地址": "没有号码"}, "不是完整的地址"),
            ({"单位编号": "没有"}, "没有找到单位“没有”"),
            ({"楼组长": "张三"}, "没有找到“张三”"),
        ):
            assert words in problems(checked(client, people.area_liaison, "buildings", BUILDING | wrong))
        assert Building.objects.count() == 1


class TestPeople:
    def test_members_with_skills_by_organization(self, client: Client, people: People, tree: Tree, branch):
        factories.skill("电工")
        factories.skill("法律")
        row = MEMBER | {"手机": "139-0013-9000", "入党日期": "1998年7月1日", "特长": "电工，法律"}
        assert imported(client, people.liaison, "members", row).new == 1
        made = PartyMember.objects.get()
        assert (made.phone, made.joined_on, made.organization) == ("13900139000", date(1998, 7, 1), branch)
        assert {skill.name for skill in made.skills.all()} == {"电工", "法律"}
        job = checked(client, people.liaison, "members", row)
        assert f"已登记过（编号 {made.pk}" in problems(job)
        same_name = checked(client, people.liaison, "members", row | {"手机": ""})
        assert (same_name.state, "已有同名的人" in same_name.notes[0]) == ("READY", True)
        unknown = checked(client, people.liaison, "members", MEMBER | {"特长": "厨艺"})
        assert "没有“厨艺”这项特长，可填：" in problems(unknown)

    def test_updates_by_number_and_a_change_of_grid_is_a_transfer(self, client, people: People, tree: Tree, branch):
        made = factories.member(tree.micro, branch, "欧阳明日", phone="13900000001", skills=["电工"])
        line = as_exported(people.liaison, "members", made)
        assert (line["编号"], line["姓名"], line["手机"]) == (str(made.pk), "欧***", "139****0001")
        job = imported(client, people.liaison, "members", line | {"网格编码": MICRO2, "特长": ""})
        made.refresh_from_db()
        assert (job.changed, made.name, made.micro_unit) == (1, "欧阳明日", tree.micro2)
        assert not made.skills.exists()
        moved = Transfer.objects.get()
        assert (moved.from_grid, moved.grid, moved.by, moved.micro_unit) == (
            tree.micro,
            tree.micro2,
            people.liaison,
            tree.micro2,
        )

    def test_numbers_of_others_are_unknown(self, client: Client, people: People, tree: Tree, branch):
        foreign = factories.member(tree.liangsan, factories.organization(tree.liangsan, "凉三党总支"), "赵四")
        merged = factories.member(tree.micro, branch, "钱五", merged_into=factories.member(tree.micro, branch, "钱伍"))
        for number in (foreign.pk, merged.pk, 999_999, "abc"):
            job = checked(client, people.liaison, "members", MEMBER | {"编号": number})
            assert f"没有找到编号“{number}”，或不在您的网格范围内" in problems(job)

    def test_organizations_of_one_name(self, client: Client, people: People, tree: Tree, branch):
        near = factories.organization(tree.wenyuan1, "第一党支部", kind="BRANCH")
        factories.organization(tree.liangsan, "第一党支部", kind="BRANCH")
        row = MEMBER | {"所在党组织": "第一党支部"}
        assert imported(client, people.area_liaison, "members", row).new == 1
        assert PartyMember.objects.get().organization == near
        job = checked(client, people.area_liaison, "members", row | {"网格编码": tree.area.code, "姓名": "王二"})
        assert "叫“第一党支部”的党组织有 2 个" in problems(job)

    def test_contacts_by_name_and_phone(self, client: Client, people: People, tree: Tree):
        assert imported(client, people.liaison, "contacts", CONTACT).new == 1
        assert imported(client, people.liaison, "contacts", CONTACT | {"身份说明": "退休教师"}).changed == 1
        assert ResidentContact.objects.get().title == "退休教师"
        job = checked(client, people.liaison, "contacts", CONTACT | {"手机": ""}, CONTACT | {"姓名": "陈*"})
        assert "带“*”" in problems(job)

    def test_organizations_with_their_chain(self, client: Client, people: People, tree: Tree, branch):
        row = {"网格编码": MICRO, "名称": "第一党小组", "类别": "党小组", "上级党组织": branch.name}
        assert imported(client, people.area_liaison, "organizations", row).new == 1
        group = PartyOrganization.objects.get(name="第一党小组")
        assert group.parent == branch
        top = as_exported(people.area_liaison, "organizations", branch) | {"上级党组织": "第一党小组"}
        assert "不能是自己或自己的下级" in problems(checked(client, people.area_liaison, "organizations", top))


class TestTeamsAndVenues:
    def test_teams_with_their_people(self, client: Client, people: People, tree: Tree, branch):
        member = factories.member(tree.micro, branch, "李明", phone="13900000001")
        contact = factories.contact(tree.micro, "陈芳", phone="13900000002")
        row = TEAM | {"牵头党组织": branch.name, "队长": "李明", "队员": "陈芳 13900000002"}
        assert imported(client, people.liaison, "teams", row).new == 1
        made = Team.objects.get()
        assert [(each.person, each.is_leader) for each in made.people.all()] == [(member, True), (contact, False)]
        made.people.filter(contact=contact).update(duty="巡逻")
        line = as_exported(people.liaison, "teams", made)
        assert (line["队长"], line["队员"]) == ("李* 139****0001", "陈* 139****0002")
        assert imported(client, people.liaison, "teams", line).unchanged == 1
        # The leader steps down, by the masked words of the export, and the other one leads.
        swapped = line | {"队长": "陈* 139****0002", "队员": "李* 139****0001"}
        assert imported(client, people.liaison, "teams", swapped).changed == 1
        assert [(each.person, each.is_leader, each.duty) for each in made.people.all()] == [
            (contact, True, "巡逻"),
            (member, False, ""),
        ]
        for wrong in ({"队长": "李明、陈芳"}, {"队员": "无名氏"}, {"队员": "赵*"}):
            assert checked(client, people.liaison, "teams", TEAM | wrong).state == "REFUSED"

    def test_one_main_venue(self, client: Client, people: People, tree: Tree):
        old = factories.venue(tree.wenyuan1, "老站", is_main=True)
        job = checked(client, people.liaison, "venues", VENUE | {"主阵地": "是"})
        assert "已经有主阵地了" in problems(job)
        given_up = as_exported(people.liaison, "venues", old) | {"主阵地": "否"}
        job = imported(client, people.liaison, "venues", VENUE | {"主阵地": "是"}, given_up)
        assert (job.state, job.new, job.changed) == ("DONE", 1, 1)
        assert Venue.objects.get(is_main=True).name == "文苑一服务站"


class TestRights:
    @pytest.mark.parametrize("register", list(SHEETS))
    def test_who_gets_in(self, client: Client, people: People, tree: Tree, register: str):
        of_people = SHEETS[register].of_people
        for who, may_import, may_export in (
            ("officer", False, False),
            ("viewer", False, False),
            ("staff", False, False),
            ("liaison", of_people, True),
            ("area_liaison", True, True),
            ("dispatcher", True, True),
        ):
            client.force_login(getattr(people, who))
            for door in ("import", "template"):
                assert client.get(f"/registers/{register}/{door}/").status_code == (200 if may_import else 403), who
            if register not in ("contacts", "teams", "venues"):
                answer = client.get(f"/registers/{register}/export/")
                assert answer.status_code == (200 if may_export else 403), who

    def test_members_need_the_right_to_read_them(self, client: Client, people: People):
        Posting.objects.filter(user=people.liaison).update(party_access=PartyAccess.DENIED)
        client.force_login(people.liaison)
        for door in ("import", "template", "export"):
            assert client.get(f"/registers/members/{door}/").status_code == 403

    def test_a_grid_of_others_in_a_row(self, client: Client, people: People, tree: Tree, branch):
        for register, row in (("contacts", CONTACT), ("teams", TEAM), ("venues", VENUE), ("members", MEMBER)):
            job = checked(client, people.liaison, register, row | {"网格编码": tree.liangsan.code})
            assert "没有找到网格" in problems(job), register

    def test_nobody_else_sees_a_job(self, client: Client, people: People, tree: Tree):
        job = checked(client, people.liaison, "contacts", CONTACT | {"类别": "没有"})
        good = checked(client, people.liaison, "contacts", CONTACT)
        for who in (people.head, people.stranger, people.street_head):
            client.force_login(who)
            for door in (f"/imports/{job.pk}/", f"/imports/{job.pk}/errors/", "/imports/99999999999999999999/"):
                assert client.get(door).status_code == 404
            assert client.post(f"/imports/{good.pk}/start/").status_code == 404
        good.refresh_from_db()
        assert good.state == "READY"


class TestExport:
    def test_the_lists_filter_masked_and_logged(self, client: Client, people: People, tree: Tree, unit):
        factories.unit(tree.micro, "U2", "沿街店", kind="SHOP")
        factories.unit(tree.liangsan, "U3", "凉三小区")
        client.force_login(people.liaison)
        page = client.get("/units/?kind=ESTATE").content.decode()
        assert "/registers/units/export/?kind=ESTATE" in page
        [row] = rows_of(client.get("/registers/units/export/?kind=ESTATE&page=3"))
        assert (row["单位编号"], row["类别"], row["户数"], row["备注"]) == ("U1", "小区", "5", "'=1+1")
        assert (row["联系人"], row["联系电话"]) == ("王**", "138****5678")
        log = AccessLog.objects.get()
        assert (log.user, log.kind, log.register, log.number_of_rows) == (people.liaison, "EXPORTED", "residentunit", 1)
        client.force_login(people.head)
        assert rows_of(client.get("/registers/units/export/?kind=ESTATE"))[0]["联系电话"] == "13812345678"
        assert client.get("/registers/units/export/?kind=NOSUCH").status_code == 400
        client.force_login(people.stranger)
        assert [row["单位编号"] for row in rows_of(client.get("/registers/units/export/"))] == ["U3"]
        client.force_login(people.officer)
        assert "/registers/units/export/" not in client.get("/units/").content.decode()

    @pytest.mark.parametrize("size", [5, 60])
    def test_costs_the_same_at_every_size(self, people: People, tree: Tree, statements, branch, size: int):
        from members.sheets.exporting import export

        home = factories.unit(tree.micro)
        for number in range(size):
            factories.building(tree.micro, home, number=str(number))
            factories.member(tree.micro, branch, f"党员{'甲乙丙丁'[number % 4]}", skills=["电工"])
        for slug in ("buildings", "members"):
            sheet = SHEETS[slug]
            user = factories.fresh(people.liaison)
            with statements(9):
                export(user, sheet, sheet.model.objects.visible_to(user).order_by("pk"))
